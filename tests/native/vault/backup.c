/* The backup under a passphrase, and what it opens on another board. */
#include "pair.h"

static const uint8_t gHeader[kBackupHeaderBytes] = "RBRB\1saltsaltsaltsalt\xa0\x86\x01\0\1\0";
static uint8_t gPair[kPartMax], gBoard[kPartMax], gName[1 + kNameMax];
static int gPairLength, gBoardLength;

static void prepare(xsVault vault, const char *passphrase)
{
	int32_t left;
	CHECK_IS(backupBegin(vault, passphrase, gHeader, sizeof(gHeader)), 0);
	CHECK_IS(backupKeys(vault, gOther), kNoKey);
	do
		left = backupTurn(vault, 30000);
	while (left > 0);
	CHECK_IS(left, 0);
}

static void backUp(void)
{
	joinBoards();
	prepare(gHub, "correct horse");
	gPairLength = backupKeys(gHub, gPair);
	gBoardLength = backupBoard(gHub, 0, "k\xc3\xbc""che", gBoard);
	CHECK_IS(gPairLength, 94);
	CHECK_IS(gBoardLength, 90);
	backupEnd(gHub);
}

RULE(restored, "what was backed up is there on another board: key pair, key, name")
{
	KeyPair pair;
	uint8_t key[kKeyBytes];
	backUp();
	pair = gHub->pair;
	memcpy(key, gHub->slots[0].key, sizeof(key));
	CHECK_IS(vaultRemoveAll(gHub, 1), 1);
	vaultDelete(gHub);
	gHub = vaultMake(gStrangerMAC, 3);
	CHECK(!gHub->hasPair);
	prepare(gHub, "correct horse");
	CHECK_IS(restorePart(gHub, gPair, gPairLength, 0, gName), kMalformed);
	CHECK_IS(restorePart(gHub, gBoard, gBoardLength, 1, gName), kMalformed);
	CHECK_IS(restorePart(gHub, gPair, gPairLength, 1, gName), kRestoredKeys);
	CHECK_IS(restorePart(gHub, gBoard, gBoardLength, 0, gName), 0);
	CHECK_IS(gName[0], 6);
	CHECK(!memcmp(gName + 1, "k\xc3\xbc""che", 6));
	CHECK(!memcmp(&pair, &gHub->pair, sizeof(pair)));
	CHECK(!memcmp(key, gHub->slots[0].key, sizeof(key)));
	vaultDelete(gHub);
	gHub = vaultMake(gStrangerMAC, 3);
	CHECK(gHub->hasPair);
	CHECK_IS(vaultFind(gHub, gDeviceMAC), 0);
	/* The device follows. */
	shakeHands(gHub, gDevice);
	CHECK_IS(openFrom(gDevice, gStrangerMAC, gFrame, seal(gHub, REQUEST, "on")), 0);
	CHECK_IS(vaultFind(gDevice, gStrangerMAC), 0);
}

RULE(wrongPassphrase, "another passphrase, another header or a flipped bit opens no part, and changes nothing")
{
	uint8_t header[kBackupHeaderBytes];
	backUp();
	KeyPair pair = gHub->pair;
	prepare(gHub, "correct horsf");
	CHECK_IS(restorePart(gHub, gPair, gPairLength, 1, gName), kBadTag);
	memcpy(header, gHeader, sizeof(header));
	header[25]++;
	CHECK_IS(backupBegin(gHub, "correct horse", header, sizeof(header)), 0);
	while (backupTurn(gHub, 100000))
		;
	CHECK_IS(restorePart(gHub, gPair, gPairLength, 1, gName), kBadTag);
	prepare(gHub, "correct horse");
	for (int at = 0; at < gPairLength; at++) {
		gPair[at] ^= 16;
		CHECK_IS(restorePart(gHub, gPair, gPairLength, 1, gName), kBadTag);
		gPair[at] ^= 16;
		CHECK(restorePart(gHub, gPair, at, 1, gName) < 0);
	}
	CHECK(!memcmp(&pair, &gHub->pair, sizeof(pair)));
	CHECK_IS(restorePart(gHub, gPair, 2000, 1, gName), kMalformed);
	backupEnd(gHub);
	CHECK_IS(restorePart(gHub, gPair, gPairLength, 1, gName), kNoKey);
	vaultDelete(gHub);
}

RULE(badHeader, "a header that is none, or asks for too few or too many rounds, is refused; so is an empty passphrase")
{
	uint8_t header[kBackupHeaderBytes];
	makeBoards();
	memcpy(header, gHeader, sizeof(header));
	CHECK_IS(backupBegin(gHub, "", header, sizeof(header)), -1);
	CHECK_IS(backupBegin(gHub, "x", header, 26), -1);
	header[4] = 2;
	CHECK_IS(backupBegin(gHub, "x", header, sizeof(header)), -1);
	header[4] = 1;
	header[21]--;
	CHECK_IS(backupBegin(gHub, "x", header, sizeof(header)), -1);
	header[24] = 1;
	CHECK_IS(backupBegin(gHub, "x", header, sizeof(header)), -1);
	CHECK_IS(backupTurn(gHub, 1), -1);
	CHECK_IS(backupKeys(gHub, gOther), kNoKey);
	CHECK_IS(backupBegin(gHub, "x", gHeader, sizeof(gHeader)), 0);
	CHECK_IS(backupBegin(gHub, "x", gHeader, sizeof(gHeader)), 0);
	vaultDelete(gHub);
}
