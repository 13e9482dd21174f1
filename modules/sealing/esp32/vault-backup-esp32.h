/*
	The backup of a hub: its key pair and its boards, each a part of its own, sealed under a passphrase. The keys never reach the script.

	header                                part
	0   4   "RBRB"                        0       13   nonce, random
	4   1   version, 1                    13      n    ciphertext
	5   16  salt                          13 + n  16   tag
	21  4   rounds, little endian
	25  2   boards, little endian

	AES-128-CCM; associated data: the header. Key: PBKDF2-HMAC-SHA-256(passphrase, salt, rounds), 16 bytes. Text of the key pair: 0, private key,
	public key; of a board: 1, MAC 6, its public key 32, K 16, its name.
*/
#ifndef VAULT_BACKUP_ESP32_H
#define VAULT_BACKUP_ESP32_H

#include "vault-sessions-esp32.h"

#define kBackupHeaderBytes 27
#define kNameMax 32
#define kRestoredKeys 1000
#define kPartMax (kNonceBytes + 1 + kMACBytes + kPublicBytes + kKeyBytes + kNameMax + kLongTagBytes)

/* 0, or -1 for a header that is none */
int backupBegin(xsVault vault, const char *passphrase, const uint8_t *header, int length);
/* Rounds left; -1: not begun */
int32_t backupTurn(xsVault vault, int32_t rounds);
int backupKeys(xsVault vault, uint8_t *part);
int backupBoard(xsVault vault, int slot, const char *name, uint8_t *part);
/* `isKeys`: the part must be the key pair; else a board's. Of the other kind it is malformed, and nothing changes. */
int restorePart(xsVault vault, const uint8_t *part, int length, int isKeys, uint8_t *name);
void backupEnd(xsVault vault);

#endif
