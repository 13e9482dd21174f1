#include <stdlib.h>

#include "pair.h"

const uint8_t gHubMAC[6] = {0x34, 0xb4, 0x72, 0x0a, 0x10, 0x00};
const uint8_t gDeviceMAC[6] = {0x34, 0xb4, 0x72, 0x0a, 0x10, 0x04};
const uint8_t gStrangerMAC[6] = {0x34, 0xb4, 0x72, 0x0a, 0x10, 0x08};
xsVault gHub, gDevice;
uint8_t gFrame[kFrameBytes], gOther[kFrameBytes];
int32_t gOpened[6];

void makeBoards(void)
{
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(cryptoStart(), 0);
	gHub = vaultMake(gHubMAC, 3);
	gDevice = vaultMake(gDeviceMAC, 1);
	CHECK_IS(vaultMakeKeys(gHub), 1);
	CHECK_IS(vaultMakeKeys(gDevice), 1);
}

void joinBoards(void)
{
	makeBoards();
	CHECK_IS(vaultKeep(gHub, vaultAgree(gHub, gDeviceMAC, gDevice->pair.publicKey)), 1);
	CHECK_IS(vaultKeep(gDevice, vaultAgree(gDevice, gHubMAC, gHub->pair.publicKey)), 1);
}

void shakeHands(xsVault initiator, xsVault responder)
{
	uint8_t hello[kHelloBytes], welcome[kWelcomeBytes];
	CHECK_IS(vaultHello(initiator, 0, hello), kHelloBytes);
	CHECK_IS(vaultOnHello(responder, hello, kHelloBytes, welcome), kWelcomeBytes);
	CHECK_IS(vaultOnWelcome(initiator, welcome, kWelcomeBytes), 0);
}

void startSessions(void)
{
	joinBoards();
	shakeHands(gHub, gDevice);
}

int seal(xsVault vault, int kind, const char *text)
{
	int length = vaultSeal(vault, 0, kind, 0, 0, (const uint8_t *)text, strlen(text), gFrame, sizeof(gFrame));
	CHECK(length > 0);
	return length;
}

int openFrom(xsVault vault, const uint8_t *from, const uint8_t *bytes, int length)
{
	/* To its very length, so that AddressSanitizer sees what is read beyond. */
	uint8_t *copy = malloc(length > 0 ? (size_t)length : 1);
	int slot;
	if (length > 0)
		memcpy(copy, bytes, (size_t)length);
	slot = vaultOpen(vault, copy, length, from, gOpened);
	if (slot < 0 && length > 0)
		CHECK(!memcmp(copy, bytes, (size_t)length));
	if (slot >= 0)
		memcpy(gOther, copy + kHeadBytes, (size_t)gOpened[4]);
	free(copy);
	return slot;
}

int openAt(xsVault vault, int length)
{
	return openFrom(vault, vault == gHub ? gDeviceMAC : gHubMAC, gFrame, length);
}
