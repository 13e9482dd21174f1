/* What others have published. */
#include <stdlib.h>

#include "pair.h"

static size_t bytesOf(const char *hex, uint8_t *bytes)
{
	size_t length = strlen(hex) / 2;
	for (size_t i = 0; i < length; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};
		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return length;
}

static void is(const uint8_t *bytes, size_t length, const char *hex)
{
	uint8_t wanted[128];
	CHECK_IS(bytesOf(hex, wanted), length);
	CHECK(!memcmp(bytes, wanted, length));
}

RULE(ccmVectors, "AES-128-CCM with a tag of 8 bytes and a nonce of 13: packet vectors 1 to 3 of RFC 3610, and none of them with a bit flipped")
{
	static const struct {
		const char *nonce, *text, *sealed;
	} vectors[] = {
		{"00000003020100a0a1a2a3a4a5", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e", "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0"},
		{"00000004030201a0a1a2a3a4a5", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916"},
		{"00000005040302a0a1a2a3a4a5", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
			"51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596574adaa76fbd9fb0c5"},
	};
	uint8_t key[16], nonce[13], header[8], text[40], sealed[48], opened[40];
	const Piece piece = {header, sizeof(header)};
	CHECK_IS(cryptoStart(), 0);
	bytesOf("c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", key);
	bytesOf("0001020304050607", header);
	for (int i = 0; i < 3; i++) {
		size_t length = bytesOf(vectors[i].text, text);
		bytesOf(vectors[i].nonce, nonce);
		CHECK_IS(cryptoSeal(key, nonce, &piece, text, length, sealed, kTagBytes), 0);
		is(sealed, length + kTagBytes, vectors[i].sealed);
		CHECK_IS(cryptoOpen(key, nonce, &piece, sealed, length + kTagBytes, opened, kTagBytes), 0);
		CHECK(!memcmp(opened, text, length));
		for (size_t bit = 0; bit < 8 * (length + kTagBytes); bit++) {
			sealed[bit / 8] ^= (uint8_t)(1 << (bit % 8));
			CHECK_IS(cryptoOpen(key, nonce, &piece, sealed, length + kTagBytes, opened, kTagBytes), 1);
			sealed[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		}
	}
}

RULE(x25519Vectors, "X25519: the key pairs and the secret of RFC 7748, section 6.1")
{
	uint8_t alice[32], bob[32], publicAlice[32], publicBob[32], secret[32];
	CHECK_IS(cryptoStart(), 0);
	bytesOf("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", alice);
	bytesOf("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob);
	CHECK_IS(cryptoPublicKey(alice, publicAlice), 0);
	CHECK_IS(cryptoPublicKey(bob, publicBob), 0);
	is(publicAlice, 32, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
	is(publicBob, 32, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
	CHECK_IS(cryptoAgree(alice, publicBob, secret), 0);
	is(secret, 32, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
	CHECK_IS(cryptoAgree(bob, publicAlice, secret), 0);
	is(secret, 32, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

RULE(smallOrder, "X25519: a public key that makes the all-zero secret is refused (RFC 7748, section 6.1)")
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t key[32], secret[32];
	makeBoards();
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		bytesOf(points[i], key);
		CHECK_IS(cryptoAgree(gHub->pair.privateKey, key, secret), -1);
		CHECK_IS(vaultAgree(gHub, gDeviceMAC, key), -1);
	}
}

RULE(hkdfVectors, "HKDF-SHA-256: test cases 1 and 3 of RFC 5869")
{
	uint8_t secret[22], salt[13], info[10], out[42];
	Piece saltPiece = {salt, sizeof(salt)}, infoPiece = {info, sizeof(info)};
	CHECK_IS(cryptoStart(), 0);
	memset(secret, 0x0b, sizeof(secret));
	bytesOf("000102030405060708090a0b0c", salt);
	bytesOf("f0f1f2f3f4f5f6f7f8f9", info);
	CHECK_IS(cryptoDerive(secret, sizeof(secret), &saltPiece, &infoPiece, out, sizeof(out)), 0);
	is(out, 42, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
	saltPiece.length = infoPiece.length = 0;
	CHECK_IS(cryptoDerive(secret, sizeof(secret), &saltPiece, &infoPiece, out, sizeof(out)), 0);
	is(out, 42, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

RULE(hashVectors, "SHA-256 of \"abc\" (FIPS 180-4), in one piece and in two; HMAC-SHA-256: test case 2 of RFC 4231")
{
	uint8_t hash[32];
	const Piece whole = {"abc", 3}, halves[2] = {{"a", 1}, {"bc", 2}}, data = {"what do ya want for nothing?", 28};
	MACKey key;
	CHECK_IS(cryptoStart(), 0);
	CHECK_IS(cryptoHash(&whole, 1, hash), 0);
	is(hash, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_IS(cryptoHash(halves, 2, hash), 0);
	is(hash, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_IS(cryptoKeepMAC((const uint8_t *)"Jefe", 4, &key), 0);
	CHECK_IS(cryptoMAC(key, &data, 1, hash), 0);
	cryptoForgetMAC(key);
	is(hash, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
