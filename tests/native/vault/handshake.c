/* Hello and welcome: who gets a session, and who cannot end one. */
#include "pair.h"

static uint8_t gHello[kHelloBytes], gWelcome[kWelcomeBytes];

static int onHello(void)
{
	return vaultOnHello(gDevice, gHello, kHelloBytes, gWelcome);
}

RULE(forgedHello, "a hello with any one bit flipped gets no welcome, and ends nothing")
{
	startSessions();
	CHECK_IS(openAt(gDevice, seal(gHub, REQUEST, "on")), 0);
	vaultHello(gHub, 0, gHello);
	for (int bit = 0; bit < 8 * kHelloBytes; bit++) {
		gHello[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		CHECK(onHello() < 0);
		CHECK_IS(gDevice->lastSlot, -1);
		gHello[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
	for (int length = 0; length < kHelloBytes; length++)
		CHECK(vaultOnHello(gDevice, gHello, length, gWelcome) < 0);
	CHECK_IS(openAt(gDevice, seal(gHub, REQUEST, "on")), 0);
	CHECK(gOpened[3] == kFresh);
}

RULE(forgedWelcome, "a welcome with any one bit flipped begins no session")
{
	joinBoards();
	CHECK_IS(vaultHello(gHub, 0, gHello), kHelloBytes);
	CHECK_IS(onHello(), kWelcomeBytes);
	for (int bit = 0; bit < 8 * kWelcomeBytes; bit++) {
		gWelcome[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		CHECK(vaultOnWelcome(gHub, gWelcome, kWelcomeBytes) < 0);
		gWelcome[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
	CHECK(!vaultHasSession(gHub, 0));
	CHECK_IS(vaultOnWelcome(gHub, gWelcome, kWelcomeBytes), 0);
	CHECK(vaultHasSession(gHub, 0));
}

RULE(usedOnce, "a welcome is good once, for the newest hello, for 10 s")
{
	uint8_t first[kWelcomeBytes];
	joinBoards();
	vaultHello(gHub, 0, gHello);
	CHECK_IS(vaultOnHello(gDevice, gHello, kHelloBytes, first), kWelcomeBytes);
	vaultHello(gHub, 0, gHello);
	CHECK_IS(onHello(), kWelcomeBytes);
	CHECK_IS(vaultOnWelcome(gHub, first, kWelcomeBytes), kLate);
	CHECK_IS(vaultOnWelcome(gHub, gWelcome, kWelcomeBytes), 0);
	CHECK_IS(vaultOnWelcome(gHub, gWelcome, kWelcomeBytes), kLate);
	vaultHello(gHub, 0, gHello);
	CHECK_IS(onHello(), kWelcomeBytes);
	pass(10500);
	CHECK_IS(vaultOnWelcome(gHub, gWelcome, kWelcomeBytes), kLate);
}

RULE(ownRandom, "the same hello again gets a welcome of its own, with other random bytes, another session and another key")
{
	uint8_t first[kWelcomeBytes];
	joinBoards();
	vaultHello(gHub, 0, gHello);
	CHECK_IS(vaultOnHello(gDevice, gHello, kHelloBytes, first), kWelcomeBytes);
	CHECK_IS(onHello(), kWelcomeBytes);
	CHECK(memcmp(first + 14, gWelcome + 14, 16));
	CHECK(memcmp(first + 30, gWelcome + 30, 4));
	CHECK(memcmp(gDevice->pendings[0].key, gDevice->pendings[1].key, kKeyBytes));
}

RULE(keysDiffer, "no two sessions have a key in common, nor K")
{
	uint8_t keys[20][kKeyBytes];
	joinBoards();
	for (int i = 0; i < 20; i++) {
		shakeHands(gHub, gDevice);
		CHECK_IS(openAt(gDevice, seal(gHub, 1, "")), 0);
		CHECK(!memcmp(gHub->slots[0].session.key, gDevice->slots[0].session.key, kKeyBytes));
		memcpy(keys[i], gHub->slots[0].session.key, kKeyBytes);
		CHECK(memcmp(keys[i], gHub->slots[0].key, kKeyBytes));
		for (int j = 0; j < i; j++)
			CHECK(memcmp(keys[i], keys[j], kKeyBytes));
		pass(1000);
	}
}

RULE(twoPending, "two welcomes may wait, the third takes the place of the oldest; with the first frame under one the other is void")
{
	uint8_t hellos[3][kHelloBytes], welcomes[3][kWelcomeBytes], frames[3][kFrameBytes];
	int length = 0;
	joinBoards();
	for (int i = 0; i < 3; i++) {
		vaultHello(gHub, 0, hellos[i]);
		CHECK_IS(vaultOnHello(gDevice, hellos[i], kHelloBytes, welcomes[i]), kWelcomeBytes);
		CHECK_IS(vaultOnWelcome(gHub, welcomes[i], kWelcomeBytes), 0);
		length = seal(gHub, REQUEST, "on");
		memcpy(frames[i], gFrame, (size_t)length);
	}
	CHECK_IS(openFrom(gDevice, gHubMAC, frames[0], length), kUnknownSession);
	CHECK_IS(openFrom(gDevice, gHubMAC, frames[2], length), 0);
	CHECK_IS(openFrom(gDevice, gHubMAC, frames[1], length), kUnknownSession);
	CHECK_IS(openFrom(gDevice, gHubMAC, frames[2], length), 0);
	CHECK(gOpened[3] & kSeen);
}

RULE(eight, "at most eight right hellos of a board in a second get a welcome; forged ones do not count")
{
	joinBoards();
	pass(1000 - (int)(gDevice->tick % 4) * 250);
	vaultHello(gHub, 0, gHello);
	for (int i = 0; i < 50; i++) {
		gHello[30] ^= 1;
		CHECK_IS(onHello(), kBadTag);
		gHello[30] ^= 1;
	}
	for (int i = 0; i < 8; i++)
		CHECK_IS(onHello(), kWelcomeBytes);
	CHECK_IS(onHello(), kHellos);
	CHECK_IS(gDevice->lastSlot, 0);
	pass(1000);
	CHECK_IS(onHello(), kWelcomeBytes);
}

RULE(oldLives, "the session before goes on until a frame of the new one is opened; what comes of it is marked as the former's")
{
	startSessions();
	CHECK_IS(openAt(gDevice, seal(gHub, 1, "")), 0);
	vaultHello(gHub, 0, gHello);
	CHECK_IS(onHello(), kWelcomeBytes);
	/* The responder: nothing has changed. */
	CHECK_IS(openAt(gDevice, seal(gHub, REQUEST, "a")), 0);
	CHECK(!(gOpened[3] & kFormer));
	int length = seal(gDevice, 7, "report");
	memcpy(gOther, gFrame, (size_t)length);
	uint8_t former[kFrameBytes];
	memcpy(former, gFrame, (size_t)length);
	int after = seal(gDevice, 7, "report");
	CHECK_IS(vaultOnWelcome(gHub, gWelcome, kWelcomeBytes), 0);
	/* The initiator sends under the new one, and still opens the old one's. */
	CHECK_IS(openFrom(gHub, gDeviceMAC, former, length), 0);
	CHECK(gOpened[3] & kFormer);
	memcpy(former, gFrame, (size_t)after);
	CHECK_IS(openAt(gDevice, seal(gHub, REQUEST, "b")), 0);
	CHECK_IS(openAt(gHub, seal(gDevice, 7, "report")), 0);
	CHECK(!(gOpened[3] & kFormer));
	CHECK_IS(openFrom(gHub, gDeviceMAC, former, after), kUnknownSession);
}

RULE(heldWelcome, "a frame under a welcome that was passed over does not end the session that came after it, an hour later")
{
	uint8_t held[kFrameBytes];
	int length;
	joinBoards();
	shakeHands(gHub, gDevice);
	length = seal(gHub, REQUEST, "on");
	memcpy(held, gFrame, (size_t)length);
	/* The device, which has heard nothing, says hello itself. */
	shakeHands(gDevice, gHub);
	CHECK_IS(openAt(gHub, seal(gDevice, 7, "report")), 0);
	CHECK_IS(openAt(gDevice, seal(gHub, 1, "")), 0);
	pass(3600000);
	CHECK_IS(openFrom(gDevice, gHubMAC, held, length), kUnknownSession);
	CHECK_IS(openAt(gDevice, seal(gHub, 1, "")), 0);
	CHECK_IS(openAt(gHub, seal(gDevice, 1, "")), 0);
}

RULE(crossing, "who answers a hello while its own is under way has forgotten its own")
{
	uint8_t mine[kHelloBytes], theirs[kWelcomeBytes];
	joinBoards();
	CHECK_IS(vaultGreeting(gDevice, 0), -1);
	vaultHello(gHub, 0, gHello);
	vaultHello(gDevice, 0, mine);
	pass(1000);
	CHECK_IS(vaultGreeting(gDevice, 0), 1000);
	CHECK_IS(vaultOnHello(gHub, mine, kHelloBytes, theirs), kWelcomeBytes);
	CHECK_IS(onHello(), kWelcomeBytes);
	CHECK_IS(vaultGreeting(gDevice, 0), -1);
	CHECK_IS(vaultOnWelcome(gDevice, theirs, kWelcomeBytes), kLate);
}

RULE(reflectedHello, "a board's own hello and welcome, and another board's, get nothing from it")
{
	joinBoards();
	vaultHello(gHub, 0, gHello);
	CHECK_IS(vaultOnHello(gHub, gHello, kHelloBytes, gWelcome), kMalformed);
	CHECK_IS(onHello(), kWelcomeBytes);
	CHECK_IS(vaultOnWelcome(gDevice, gWelcome, kWelcomeBytes), kMalformed);
	memcpy(gHello + 2, gStrangerMAC, 6);
	CHECK_IS(vaultOnHello(gHub, gHello, kHelloBytes, gWelcome), kMalformed);
	memcpy(gHello + 8, gHubMAC, 6);
	CHECK_IS(vaultOnHello(gHub, gHello, kHelloBytes, gWelcome), kNoKey);
}

RULE(manyBoards, "a hub greets more boards at once than it has room for: the oldest hello goes, nothing else is lost")
{
	xsVault hub;
	uint8_t key[kPublicBytes], hellos[20][kHelloBytes];
	makeBoards();
	hub = vaultMake(gHubMAC, 20);
	CHECK_IS(vaultMakeKeys(hub), 1);
	for (int i = 0; i < 20; i++) {
		uint8_t mac[6] = {0x34, 0xb4, 0x72, 0x0a, 0x20, (uint8_t)(4 * i)};
		memset(key, i + 9, sizeof(key));
		CHECK_IS(vaultKeep(hub, vaultAgree(hub, mac, key)), 1);
		CHECK_IS(vaultFind(hub, mac), i);
	}
	for (int i = 0; i < 20; i++)
		CHECK_IS(vaultHello(hub, i, hellos[i]), kHelloBytes);
	for (int i = 0; i < 20; i++)
		CHECK_IS(vaultGreeting(hub, i), i < 4 ? -1 : 0);
	vaultDelete(hub);
}
