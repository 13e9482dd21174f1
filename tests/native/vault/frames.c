/* Frames: what is opened, once, and when. */
#include <stdio.h>

#include "pair.h"

/* The first `count` frames of the hub, told apart by their text. */
static uint8_t gMany[80][kFrameBytes];
static int gManyLength;

static void sealMany(int count)
{
	for (int i = 1; i <= count; i++) {
		char text[8];
		snprintf(text, sizeof(text), "%03d", i);
		gManyLength = seal(gHub, REQUEST, text);
		memcpy(gMany[i], gFrame, (size_t)gManyLength);
	}
}

static int openMany(int i)
{
	return openFrom(gDevice, gHubMAC, gMany[i], gManyLength);
}

RULE(bothWays, "a request and its reply come through with kind, counter and text; the reply names its request")
{
	startSessions();
	CHECK_IS(openAt(gDevice, seal(gHub, REQUEST, "on")), 0);
	CHECK_IS(gOpened[0], REQUEST);
	CHECK_IS(gOpened[1], 1);
	CHECK_IS(gOpened[3], kFresh);
	CHECK_IS(gOpened[4], 2);
	CHECK(!memcmp(gOther, "on", 2));
	CHECK_IS(openAt(gHub, vaultSeal(gDevice, 0, REPLY, 0, 1, (const uint8_t *)"OK ON", 5, gFrame, sizeof(gFrame))), 0);
	CHECK_IS(gOpened[0], REPLY);
	CHECK_IS(gOpened[2], 1);
	CHECK(!memcmp(gOther, "OK ON", 5));
}

RULE(longest, "a text of 228 bytes makes a frame of 250, one of 229 is too long, and so is one for which there is no room")
{
	static const uint8_t text[229] = "x";
	startSessions();
	CHECK_IS(openAt(gDevice, vaultSeal(gHub, 0, REQUEST, 0, 0, text, 228, gFrame, sizeof(gFrame))), 0);
	CHECK_IS(gOpened[4], 228);
	CHECK_IS(vaultSeal(gHub, 0, REQUEST, 0, 0, text, 229, gFrame, sizeof(gFrame)), kTooLong);
	CHECK_IS(vaultSeal(gHub, 0, REQUEST, 0, 0, text, 10, gFrame, 31), kTooLong);
	CHECK_IS(openAt(gDevice, seal(gHub, REQUEST, "")), 0);
	CHECK_IS(gOpened[1], 2);
}

RULE(flipped, "a frame with any one bit flipped is dropped and changes nothing, wherever the bit is; so is one cut short")
{
	startSessions();
	int length = seal(gHub, REQUEST, "on");
	memcpy(gMany[0], gFrame, (size_t)length);
	Session before = gDevice->slots[0].session;
	for (int bit = 0; bit < 8 * length; bit++) {
		gMany[0][bit / 8] ^= (uint8_t)(1 << (bit % 8));
		CHECK(openFrom(gDevice, gHubMAC, gMany[0], length) < 0);
		CHECK(!memcmp(&before, &gDevice->slots[0].session, sizeof(before)));
		gMany[0][bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
	for (int i = 0; i < length; i++)
		CHECK(openFrom(gDevice, gHubMAC, gMany[0], i) < 0);
	CHECK_IS(openFrom(gDevice, gHubMAC, gMany[0], length), 0);
	CHECK_IS(gOpened[3], kFresh);
}

RULE(causes, "each drop has its cause: version, malformed, unknown session, bad tag, replay")
{
	uint8_t frame[30] = {0xFE, 0x16, 1, 2, 3, 4, 1};
	startSessions();
	CHECK_IS(openFrom(gDevice, gHubMAC, frame, 30), kUnknownSession);
	frame[1] = 0x26;
	CHECK_IS(openFrom(gDevice, gHubMAC, frame, 30), kVersion_);
	frame[1] = 0x16;
	CHECK_IS(openFrom(gDevice, gHubMAC, frame, 21), kMalformed);
	frame[6] = 0;
	CHECK_IS(openFrom(gDevice, gHubMAC, frame, 30), kMalformed);
	frame[6] = 1;
	frame[0] = 0xFF;
	CHECK_IS(openFrom(gDevice, gHubMAC, frame, 30), kMalformed);
	for (int kind = 0; kind < 16; kind++)
		if (!kind || kind == 8 || kind == 9 || kind > 12) {
			frame[0] = 0xFE;
			frame[1] = (uint8_t)(0x10 | kind);
			CHECK_IS(openFrom(gDevice, gHubMAC, frame, 30), kMalformed);
		}
	sealMany(40);
	CHECK_IS(openMany(40), 0);
	CHECK_IS(openMany(8), kReplay);
	gMany[39][20] ^= 1;
	CHECK_IS(openMany(39), kBadTag);
	CHECK_IS(vaultSeal(gHub, 1, REQUEST, 0, 0, frame, 1, gFrame, sizeof(gFrame)), kNoKey);
	CHECK_IS(vaultSeal(gHub, -1, REQUEST, 0, 0, frame, 1, gFrame, sizeof(gFrame)), kNoKey);
	vaultForgetSession(gHub, 0);
	CHECK_IS(vaultSeal(gHub, 0, REQUEST, 0, 0, frame, 1, gFrame, sizeof(gFrame)), kNoSession);
}

RULE(window, "of 32 counters each is opened as new once, in any order; an older one is a replay, whether it was opened or not")
{
	startSessions();
	sealMany(70);
	CHECK_IS(openMany(40), 0);
	CHECK(!(gOpened[3] & kSeen));
	CHECK_IS(openMany(8), kReplay);
	CHECK_IS(openMany(9), 0);
	CHECK(!(gOpened[3] & kSeen));
	for (int i = 39; i >= 9; i--) {
		CHECK_IS(openMany(i), 0);
		CHECK_IS(gOpened[3] & kSeen, i == 9 ? kSeen : 0);
		CHECK_IS(openMany(i), 0);
		CHECK(gOpened[3] & kSeen);
	}
	CHECK_IS(openMany(40), 0);
	CHECK(gOpened[3] & kSeen);
	CHECK_IS(openMany(71 - 1), 0);
	CHECK_IS(openMany(39), 0);
	CHECK(gOpened[3] & kSeen);
	CHECK_IS(openMany(41), 0);
	CHECK(!(gOpened[3] & kSeen));
	CHECK_IS(openMany(38), kReplay);
}

RULE(retry, "sealed again under its counter a frame is the same, byte for byte; whatever else is asked under that counter is void")
{
	startSessions();
	CHECK_IS(openAt(gDevice, seal(gHub, REQUEST, "on")), 0);
	CHECK_IS(openAt(gHub, seal(gDevice, REQUEST, "report")), 0);
	int length = seal(gHub, REQUEST, "off");
	uint32_t counter = (uint32_t)gHub->lastCounter, reply = (uint32_t)gHub->lastReply;
	memcpy(gMany[0], gFrame, (size_t)length);
	CHECK_IS(counter, 2);
	CHECK_IS(reply, 1);
	CHECK_IS(openAt(gHub, seal(gDevice, REQUEST, "more")), 0);
	CHECK_IS(vaultSeal(gHub, 0, REQUEST, counter, reply, (const uint8_t *)"off", 3, gFrame, sizeof(gFrame)), length);
	CHECK(!memcmp(gMany[0], gFrame, (size_t)length));
	CHECK_IS(vaultSeal(gHub, 0, REQUEST, counter, reply, (const uint8_t *)"on!", 3, gFrame, sizeof(gFrame)), kVoid);
	for (int i = 0; i < length; i++)
		CHECK_IS(gFrame[i], 0);
	CHECK_IS(vaultSeal(gHub, 0, REQUEST, counter, 2, (const uint8_t *)"off", 3, gFrame, sizeof(gFrame)), kVoid);
	CHECK_IS(vaultSeal(gHub, 0, 7, counter, reply, (const uint8_t *)"off", 3, gFrame, sizeof(gFrame)), kVoid);
	CHECK_IS(vaultSeal(gHub, 0, REQUEST, 3, reply, (const uint8_t *)"off", 3, gFrame, sizeof(gFrame)), kVoid);
	CHECK_IS(vaultSeal(gHub, 0, REQUEST, counter, reply, (const uint8_t *)"off", 3, gFrame, sizeof(gFrame)), length);
	shakeHands(gHub, gDevice);
	CHECK_IS(vaultSeal(gHub, 0, REQUEST, counter, reply, (const uint8_t *)"off", 3, gFrame, sizeof(gFrame)), kVoid);
}

RULE(acknowledged, "every frame that is no reply tells the highest counter that its sender has opened")
{
	startSessions();
	seal(gHub, REQUEST, "a");
	CHECK_IS(gHub->lastReply, 0);
	sealMany(6);
	for (int i = 1; i <= 6; i++)
		CHECK_IS(openMany(i == 3 ? 6 : i == 6 ? 3 : i), 0);
	CHECK_IS(openAt(gHub, seal(gDevice, 1, "")), 0);
	CHECK_IS(gOpened[2], 7);
	CHECK_IS(openAt(gHub, seal(gDevice, 7, "report")), 0);
	CHECK_IS(gOpened[2], 7);
}

RULE(reflected, "a frame does not come through at its own sender, nor with another address at either end")
{
	static const uint8_t text[2] = "on";
	uint8_t nonce[kNonceBytes] = {0}, header[kHeadBytes + 12];
	const Piece piece = {header, sizeof(header)};
	startSessions();
	int length = seal(gHub, REQUEST, "on");
	CHECK_IS(openFrom(gHub, gDeviceMAC, gFrame, length), kBadTag);
	/* As if under the same key a board sent it that has another address, or to one. */
	memcpy(nonce + 1, gFrame + 2, 8);
	for (int end = 0; end < 3; end++) {
		memcpy(header, gFrame, kHeadBytes);
		memcpy(header + kHeadBytes, end == 1 ? gStrangerMAC : gHubMAC, 6);
		memcpy(header + kHeadBytes + 6, end == 2 ? gStrangerMAC : gDeviceMAC, 6);
		CHECK_IS(cryptoSeal(gHub->slots[0].session.key, nonce, &piece, text, 2, gFrame + kHeadBytes, kTagBytes), 0);
		CHECK_IS(openAt(gDevice, length), end ? kBadTag : 0);
	}
}

RULE(relayed, "a frame that comes from another address than its sender's is found by its session")
{
	startSessions();
	int length = seal(gHub, REQUEST, "on");
	CHECK_IS(openFrom(gDevice, gStrangerMAC, gFrame, length), 0);
	CHECK_IS(openFrom(gDevice, NULL, gFrame, length), 0);
	CHECK_IS(vaultSlotOf(gHub, (uint32_t)gHub->lastSession), 0);
	CHECK_IS(vaultSlotOf(gHub, 1), -1);
	CHECK_IS(vaultSlotOf(gHub, 0), -1);
}

RULE(fresh, "a frame is fresh that was made after one of ours of the last 5 s, and is not once that one is 10 s old")
{
	startSessions();
	for (int ms = 0; ms <= 10000; ms += 500) {
		CHECK_IS(openAt(gDevice, seal(gHub, 1, "")), 0);
		CHECK_IS(openAt(gHub, seal(gDevice, 2, "")), 0);
		int length = seal(gHub, REQUEST, "on");
		pass(ms);
		CHECK_IS(openAt(gDevice, length), 0);
		if (ms <= 5000)
			CHECK(gOpened[3] & kFresh);
		if (ms >= 10000)
			CHECK(!(gOpened[3] & kFresh));
	}
}

RULE(chain, "of frames that were held back all at once none is fresh later than 10 s, whatever is let go in between")
{
	startSessions();
	CHECK_IS(openAt(gDevice, seal(gHub, 1, "")), 0);
	CHECK_IS(openAt(gHub, seal(gDevice, 2, "")), 0);
	sealMany(30);
	for (int i = 1; i <= 30; i++) {
		pass(1000);
		CHECK_IS(openMany(i), 0);
		if (i > 10)
			CHECK(!(gOpened[3] & kFresh));
	}
}

RULE(heldFirst, "the first frame of a session, held back, is opened but not fresh: the welcome that it answers is old")
{
	startSessions();
	int length = seal(gHub, REQUEST, "on");
	pass(3600000);
	CHECK_IS(openAt(gDevice, length), 0);
	CHECK(!(gOpened[3] & kFresh));
}

RULE(longRest, "however long nobody spoke, an old frame does not become fresh again")
{
	startSessions();
	CHECK_IS(openAt(gDevice, seal(gHub, 1, "")), 0);
	int length = seal(gHub, REQUEST, "on");
	/* Times at which counters of 8, 16 and 32 bits come round, in ticks of 250 ms and epochs of 5 s. */
	static const int64_t rests[] = {64000, 1280000, 16384000, 327680000};
	for (int i = 0; i < 4; i++) {
		for (int64_t left = rests[i]; left > 0; left -= 1000000000)
			pass((int)(left < 1000000000 ? left : 1000000000));
		CHECK_IS(openAt(gDevice, length), 0);
		CHECK(!(gOpened[3] & kFresh));
	}
}

RULE(awaiting, "awaiting is an upper bound for the age of our newest frame that the other has, exact to 250 ms after a ping and its pong")
{
	startSessions();
	CHECK(vaultAwaiting(gHub, 0) <= 500);
	pass(6000);
	CHECK(vaultAwaiting(gHub, 0) >= 6000 && vaultAwaiting(gHub, 0) <= 6500);
	CHECK_IS(openAt(gDevice, seal(gHub, 1, "")), 0);
	pass(1000);
	CHECK_IS(openAt(gHub, vaultSeal(gDevice, 0, 2, 0, 1, gFrame, 0, gFrame, sizeof(gFrame))), 0);
	CHECK(vaultAwaiting(gHub, 0) >= 1000 && vaultAwaiting(gHub, 0) <= 1500);
	/* What the other names of older ones makes it no younger. */
	pass(2000);
	seal(gHub, 1, "");
	CHECK_IS(openAt(gHub, vaultSeal(gDevice, 0, 2, 0, 1, gFrame, 0, gFrame, sizeof(gFrame))), 0);
	CHECK(vaultAwaiting(gHub, 0) >= 3000);
	pass(100000);
	CHECK(vaultAwaiting(gHub, 0) >= 60000);
	vaultForgetSession(gHub, 0);
	CHECK_IS(vaultAwaiting(gHub, 0), -1);
}

RULE(freshForOther, "what a sender takes for proven within 4 s its receiver takes for fresh a second later")
{
	startSessions();
	uint32_t random = 1;
	for (int i = 0; i < 400; i++) {
		random = random * 1664525 + 1013904223;
		pass((int)(random >> 20) % 1500);
		if (vaultAwaiting(gHub, 0) > 4000) {
			CHECK_IS(openAt(gDevice, seal(gHub, 1, "")), 0);
			CHECK_IS(openAt(gHub, vaultSeal(gDevice, 0, 2, 0, (uint32_t)gOpened[1], gFrame, 0, gFrame, sizeof(gFrame))), 0);
		}
		int length = seal(gHub, REQUEST, "on");
		pass(1000);
		CHECK_IS(openAt(gDevice, length), 0);
		CHECK(gOpened[3] & kFresh);
	}
}
