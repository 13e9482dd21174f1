/* A hub and a device, each with a vault, in one process. They share a flash: its boards' records have different names, and each keeps the pair that it made in memory. */
#ifndef PAIR_H
#define PAIR_H

#include "harness.h"
#include "vault-backup-esp32.h"
#include "vault-sessions-esp32.h"

#define REQUEST 6
#define REPLY 4

extern const uint8_t gHubMAC[6], gDeviceMAC[6], gStrangerMAC[6];
extern xsVault gHub, gDevice;
extern uint8_t gFrame[kFrameBytes], gOther[kFrameBytes];
extern int32_t gOpened[6];

/* Vaults with keys, Wi-Fi started. */
void makeBoards(void);
/* Both hold the other's key for good. */
void joinBoards(void);
/* And have a session that the hub began, not used yet. */
void startSessions(void);
/* The hub says hello, the device's welcome comes back. */
void shakeHands(xsVault initiator, xsVault responder);
/* Into gFrame. @returns its length */
int seal(xsVault vault, int kind, const char *text);
/* Opens gFrame, or a copy of other bytes. */
int openFrom(xsVault vault, const uint8_t *from, const uint8_t *bytes, int length);
/* Opens gFrame of the other one of both. */
int openAt(xsVault vault, int length);

#endif
