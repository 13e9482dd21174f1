/*
	The keys in flash: NVS name space "rbrseal". A blob is written as a whole or not at all, also when the power fails (nvs_set_blob).

	"own"                the board's own key pair
	offset  bytes
	0       1      version, 1
	1       32     private key
	33      32     public key
	65      4      check: the first bytes of SHA-256 over what is before, and the name of the entry

	"k" and a MAC        a board whose key is held
	0       1      version, 1
	1       16     K
	17      32     the board's public key
	49      4      check
*/
#ifndef VAULT_STORE_ESP32_H
#define VAULT_STORE_ESP32_H

#include "vault-crypto-esp32.h"

#define kMACBytes 6

typedef struct {
	uint8_t privateKey[kPrivateBytes];
	uint8_t publicKey[kPublicBytes];
} KeyPair;

typedef struct {
	uint8_t mac[kMACBytes];
	uint8_t key[kKeyBytes];
	uint8_t publicKey[kPublicBytes];
} KeptBoard;

enum {
	kStoreOK = 0,
	kStoreAbsent = -1,
	kStoreDamaged = -2,
	kStoreRefused = -3
};

int storeReadPair(KeyPair *pair);
int storeWritePair(const KeyPair *pair);
/* `board->mac` says which. */
int storeReadBoard(KeptBoard *board);
int storeWriteBoard(const KeptBoard *board);
/* These two: 0 also when there is none. */
int storeEraseBoard(const uint8_t *mac);
int storeErasePair(void);
/* Damaged ones, too. */
int storeEraseBoards(void);
/* Calls `found` for each board in flash, with kStoreOK or kStoreDamaged. */
void storeEachBoard(void *context, void (*found)(void *context, const KeptBoard *board, int result));

/* Of 12 hex digits. 0, or -1 for other texts. */
int macOfText(const char *text, uint8_t *mac);
/* 12 lower-case hex digits and the NUL. */
void textOfMAC(const uint8_t *mac, char *text);

#endif
