/*
	The cryptography of the sealed network, over PSA (ESP-IDF v6.0 has nothing else). Raw keys in, raw bytes out: PSA has few key
	slots, so a key is imported for one call and destroyed after it. Input and output must not overlap: ESP-IDF's PSA works in place.
*/
#ifndef VAULT_CRYPTO_ESP32_H
#define VAULT_CRYPTO_ESP32_H

#include <stddef.h>
#include <stdint.h>

#define kPrivateBytes 32
#define kPublicBytes 32
#define kKeyBytes 16
#define kTagBytes 8
#define kLongTagBytes 16
#define kNonceBytes 13
#define kHashBytes 32

/* A piece of bytes that are hashed one behind the other. */
typedef struct {
	const void *bytes;
	size_t length;
} Piece;

/* All return 0, or -1 when PSA refuses. */
int cryptoStart(void);
/* The public key of a private one. */
int cryptoPublicKey(const uint8_t *privateKey, uint8_t *publicKey);
/* X25519; refuses the all-zero secret that a bad public key makes (RFC 7748, section 6.1). */
int cryptoAgree(const uint8_t *privateKey, const uint8_t *theirs, uint8_t *secret);
/* HKDF-SHA-256 (RFC 5869) */
int cryptoDerive(const uint8_t *secret, size_t secretLength, const Piece *salt, const Piece *info, uint8_t *out, size_t length);
int cryptoHash(const Piece *pieces, int count, uint8_t *hash);
/* HMAC-SHA-256, its first bytes: kHashBytes at the most */
int cryptoTag(const uint8_t *key, const Piece *pieces, int count, uint8_t *tag, size_t length);
/* HMAC-SHA-256 under a key of any length that PSA holds until it is forgotten: for many in a row. */
typedef uint32_t MACKey;
int cryptoKeepMAC(const uint8_t *key, size_t length, MACKey *kept);
int cryptoMAC(MACKey kept, const Piece *pieces, int count, uint8_t *mac);
void cryptoForgetMAC(MACKey kept);
/* AES-128-CCM: `out` gets the ciphertext and behind it the tag. */
int cryptoSeal(const uint8_t *key, const uint8_t *nonce, const Piece *header, const uint8_t *in, size_t length, uint8_t *out, size_t tag);
/* `length` counts the tag, too. 0; 1: the tag is wrong; -1: PSA refuses. */
int cryptoOpen(const uint8_t *key, const uint8_t *nonce, const Piece *header, const uint8_t *in, size_t length, uint8_t *out, size_t tag);

/* In the same time wherever they differ. */
int isSame(const uint8_t *a, const uint8_t *b, size_t length);
/* Not left out by the compiler. */
void wipe(void *bytes, size_t length);

#endif
