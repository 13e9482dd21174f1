/*
	Boards whose key is held, their sessions and the frames sealed under them. No engine in here: bytes in, bytes out.

	Frame
	offset  bytes  content
	0       1      0xFE, never UTF-8
	1       1      version (high nibble, 1), kind
	2       4      session, little endian
	6       4      counter
	10      4      reply: of a reply, the counter of its request; of all else, the highest counter that was opened from the other (acknowledgement)
	14      n      ciphertext
	14 + n  8      tag

	AES-128-CCM. Nonce: direction (0: from the one that said hello, 1: from the other), session, counter, four zeros. Associated data: bytes
	0 to 13, the sender's station MAC, the receiver's. Both directions have one key, as in Bluetooth LE: the direction in the nonce keeps
	them apart.

	hello                                          welcome
	0       2   0xFE 0x18                          0       2   0xFE 0x19
	2       6   sender's station MAC               2       6   sender's station MAC
	8       6   receiver's station MAC             8       6   receiver's station MAC
	14      16  random                             14      16  random
	30      8   tag                                30      4   session, not 0
	                                               34      4   the first four random bytes of the hello
	                                               38      8   tag

	Tag of a hello: HMAC-SHA-256(K, "hello" | bytes 0 to 29), of a welcome: HMAC-SHA-256(K, "welcome" | bytes 0 to 37 | the hello's random bytes);
	the first 8 bytes. Session key: HKDF-SHA-256(K, salt: random of hello | random of welcome, info: "rbr-now session 1" | MAC of who said
	hello | MAC of the other), 16 bytes.
*/
#ifndef VAULT_SESSIONS_ESP32_H
#define VAULT_SESSIONS_ESP32_H

#include "vault-crypto-esp32.h"
#include "vault-store-esp32.h"

uint32_t getLE(const uint8_t *at);

#define kHeadBytes 14
#define kFrameBytes 250			/* ESP-NOW version 1 */
#define kRandomBytes 16
#define kHelloBytes 38
#define kWelcomeBytes 46
#define kSlotsMax 200

/* modules/sealing/types.ts has the same. */
enum {
	kUnknownSession = -1,
	kBadTag = -2,
	kReplay = -3,
	kMalformed = -4,
	kVersion_ = -5,
	kNoSession = -6,
	kTooLong = -7,
	kVoid = -8,
	kHellos = -9,
	kNoKey = -10,
	kCrypto = -11,
	kLate = -12
};

enum {
	kSeen = 1,
	kFresh = 2,
	kFormer = 4					/* of the session before the present one */
};

/* Of a slot; 40 bytes. Ages are in ticks of kTickMS and stop at 255. */
typedef struct {
	uint8_t key[kKeyBytes];
	uint32_t number;			/* 0: none */
	uint32_t sent;				/* our newest counter; 0: hello or welcome */
	uint32_t heard;				/* the highest counter opened */
	uint32_t window;			/* bit n: heard - n was opened */
	uint16_t sentEarlier;		/* how many counters were sent since the epoch before this one began */
	uint16_t sentNow;			/* and since this one began */
	uint16_t sentAfterProbe;	/* kNoProbe: none under way */
	uint8_t probeAge;
	uint8_t provenAge;			/* of our newest counter that the other is known to have */
} Session;

typedef struct {
	uint8_t mac[kMACBytes];
	uint8_t flags;
	uint8_t hellos;				/* high nibble: second, low: right ones in it */
	uint8_t key[kKeyBytes];
	Session session;
} Slot;

/* A welcome that waits for a frame of its session. */
typedef struct {
	uint8_t key[kKeyBytes];
	uint32_t number;			/* 0: free */
	uint32_t tick;
	uint32_t order;
	uint8_t mac[kMACBytes];		/* of who said hello: a device's hub may have a new one */
	uint8_t slot;
} Pending;

/* A hello that waits for its welcome. */
typedef struct {
	uint8_t random[kRandomBytes];
	uint32_t tick;
	uint32_t order;				/* 0: free */
	uint8_t slot;
} Hello;

/* A session whose successor is not proven yet: for receiving only. */
typedef struct {
	Session session;
	uint32_t order;				/* 0: free */
	uint8_t slot;
	uint8_t isInitiator;
} Former;

/*
	A board whose key is not kept in flash yet; its slot is the vault's capacity and more. It has no session. Once the key is kept, the slot
	goes on to mean that board, until the place is needed.
*/
typedef struct {
	uint8_t mac[kMACBytes];
	uint8_t state;				/* kFree, kWaiting, kMoved */
	uint8_t key[kKeyBytes];
	uint8_t publicKey[kPublicBytes];
} Candidate;

/* A frame that was sealed: sealed again, it must come out the same. */
typedef struct {
	uint32_t number;
	uint32_t counter;
	uint8_t slot;
	uint8_t tag[7];
} Sealed;

#define kSealedCount 64

/* vault-backup-esp32.c */
typedef struct xsBackupRecord *xsBackup;

typedef struct xsVaultRecord {
	uint8_t mac[kMACBytes];
	uint8_t isHub;
	uint8_t hasPair;
	KeyPair pair;
	int16_t pairResult;			/* of reading it */
	uint16_t capacity;
	uint16_t count;
	uint16_t damaged;			/* records of boards */
	uint16_t pendingCount, helloCount, formerCount, candidateCount;
	uint32_t tick;
	uint32_t order;
	int32_t lastSlot, lastCounter, lastSession, lastReply;
	/* Who agree() was asked about last, and what it said: the same again costs nothing. */
	uint8_t agreedMAC[kMACBytes];
	uint8_t agreedKey[kPublicBytes];
	int16_t agreedSlot;			/* -1: none */
	xsBackup backup;			/* C_NULL: none under way */
	uint8_t sealedNext;
	Sealed sealed[kSealedCount];
	uint8_t aside[kFrameBytes];	/* what is opened, until the tag is known to be right */
	/* In the same block: */
	Pending *pendings;
	Hello *hellos;
	Former *formers;
	Candidate *candidates;
	Slot slots[];
} xsVaultRecord, *xsVault;

/* C_NULL without memory. Loads what flash holds. */
xsVault vaultMake(const uint8_t *mac, int capacity);
void vaultDelete(xsVault vault);
size_t vaultBytes(int capacity);
int vaultMakeKeys(xsVault vault);
/* Of kept boards. */
int vaultFind(xsVault vault, const uint8_t *mac);
int vaultHas(xsVault vault, int slot);
int vaultHasSession(xsVault vault, int slot);
/* -1: none */
int vaultSlotOf(xsVault vault, uint32_t session);
int vaultAgree(xsVault vault, const uint8_t *mac, const uint8_t *publicKey);
int vaultKeep(xsVault vault, int slot);
/* Gives a candidate up. */
void vaultAbandon(xsVault vault, int slot);
int vaultIsKept(xsVault vault, int slot);
int vaultRemove(xsVault vault, int slot);
/* All boards, and with `pair` the own keys, too. */
int vaultRemoveAll(xsVault vault, int pair);
/* These two for candidates, too. C_NULL, -1: none, or a damaged record */
const uint8_t *vaultKey(xsVault vault, int slot);
int vaultTheirKey(xsVault vault, int slot, uint8_t *publicKey);

/* From a backup. 0 when flash refuses; slot, or a Drop */
int vaultRestorePair(xsVault vault, const KeyPair *pair);
int vaultRestoreBoard(xsVault vault, const KeptBoard *board);

int vaultHello(xsVault vault, int slot, uint8_t *into);
int vaultOnHello(xsVault vault, const uint8_t *bytes, int length, uint8_t *into);
int vaultOnWelcome(xsVault vault, const uint8_t *bytes, int length);
void vaultForgetSession(xsVault vault, int slot);
/* In ms; -1: no session, no hello under way */
int32_t vaultAwaiting(xsVault vault, int slot);
int32_t vaultGreeting(xsVault vault, int slot);

int vaultSeal(xsVault vault, int slot, int kind, uint32_t counter, uint32_t reply, const uint8_t *text, size_t length, uint8_t *into, size_t room);
int vaultOpen(xsVault vault, uint8_t *bytes, int length, const uint8_t *from, int32_t *opened);

#endif
