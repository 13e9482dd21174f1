/*
	The cryptography of the sealed network, over PSA.
*/

#include "xsmc.h"
#include "xsHost.h"

#ifdef ESP_PLATFORM
	/* As ESP-IDF compiles its library (components/mbedtls/CMakeLists.txt): the sizes of PSA's records depend on it. */
	#define TF_PSA_CRYPTO_USER_CONFIG_FILE "mbedtls/esp_config.h"
	#define MBEDTLS_MAJOR_VERSION 4
#endif
#include "psa/crypto.h"

#include "vault-crypto-esp32.h"

#define kCCM(tag) PSA_ALG_AEAD_WITH_SHORTENED_TAG(PSA_ALG_CCM, tag)
#define kHMAC PSA_ALG_HMAC(PSA_ALG_SHA_256)

int isSame(const uint8_t *a, const uint8_t *b, size_t length)
{
	volatile uint8_t difference = 0;
	size_t i;

	for (i = 0; i < length; i++)
		difference |= a[i] ^ b[i];
	return 0 == difference;
}

void wipe(void *bytes, size_t length)
{
	volatile uint8_t *at = bytes;

	while (length--)
		*at++ = 0;
}

int cryptoStart(void)
{
	return (PSA_SUCCESS == psa_crypto_init()) ? 0 : -1;
}

static int importKey(psa_key_type_t type, size_t bits, psa_key_usage_t usage, psa_algorithm_t algorithm, const uint8_t *key, size_t length, psa_key_id_t *id)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

	psa_set_key_type(&attributes, type);
	psa_set_key_bits(&attributes, bits);
	psa_set_key_usage_flags(&attributes, usage);
	psa_set_key_algorithm(&attributes, algorithm);
	return (PSA_SUCCESS == psa_import_key(&attributes, key, length, id)) ? 0 : -1;
}

static int importPrivate(const uint8_t *privateKey, psa_key_id_t *id)
{
	return importKey(PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_MONTGOMERY), 255, PSA_KEY_USAGE_DERIVE, PSA_ALG_ECDH, privateKey, kPrivateBytes, id);
}

int cryptoPublicKey(const uint8_t *privateKey, uint8_t *publicKey)
{
	psa_key_id_t id;
	psa_status_t status;
	size_t length = 0;

	if (importPrivate(privateKey, &id))
		return -1;
	status = psa_export_public_key(id, publicKey, kPublicBytes, &length);
	psa_destroy_key(id);
	return ((PSA_SUCCESS == status) && (kPublicBytes == length)) ? 0 : -1;
}

int cryptoAgree(const uint8_t *privateKey, const uint8_t *theirs, uint8_t *secret)
{
	static const uint8_t gZeros[kPublicBytes];
	psa_key_id_t id;
	psa_status_t status;
	size_t length = 0;

	if (importPrivate(privateKey, &id))
		return -1;
	status = psa_raw_key_agreement(PSA_ALG_ECDH, id, theirs, kPublicBytes, secret, kPublicBytes, &length);
	psa_destroy_key(id);
	return ((PSA_SUCCESS == status) && (kPublicBytes == length) && !isSame(secret, gZeros, kPublicBytes)) ? 0 : -1;
}

int cryptoDerive(const uint8_t *secret, size_t secretLength, const Piece *salt, const Piece *info, uint8_t *out, size_t length)
{
	psa_key_derivation_operation_t operation = PSA_KEY_DERIVATION_OPERATION_INIT;
	psa_status_t status = psa_key_derivation_setup(&operation, PSA_ALG_HKDF(PSA_ALG_SHA_256));

	/* In this order: salt, secret, info (psa/crypto_values.h). */
	if ((PSA_SUCCESS == status) && salt->length)
		status = psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_SALT, salt->bytes, salt->length);
	if (PSA_SUCCESS == status)
		status = psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_SECRET, secret, secretLength);
	if (PSA_SUCCESS == status)
		status = psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_INFO, info->bytes, info->length);
	if (PSA_SUCCESS == status)
		status = psa_key_derivation_output_bytes(&operation, out, length);
	psa_key_derivation_abort(&operation);
	return (PSA_SUCCESS == status) ? 0 : -1;
}

int cryptoHash(const Piece *pieces, int count, uint8_t *hash)
{
	psa_hash_operation_t operation = PSA_HASH_OPERATION_INIT;
	psa_status_t status = psa_hash_setup(&operation, PSA_ALG_SHA_256);
	size_t length = 0;
	int i;

	for (i = 0; (PSA_SUCCESS == status) && (i < count); i++)
		status = psa_hash_update(&operation, pieces[i].bytes, pieces[i].length);
	if (PSA_SUCCESS == status)
		status = psa_hash_finish(&operation, hash, kHashBytes, &length);
	psa_hash_abort(&operation);
	return ((PSA_SUCCESS == status) && (kHashBytes == length)) ? 0 : -1;
}

int cryptoKeepMAC(const uint8_t *key, size_t length, MACKey *kept)
{
	psa_key_id_t id;

	if (importKey(PSA_KEY_TYPE_HMAC, 8 * length, PSA_KEY_USAGE_SIGN_MESSAGE, kHMAC, key, length, &id))
		return -1;
	*kept = id;
	return 0;
}

int cryptoMAC(MACKey kept, const Piece *pieces, int count, uint8_t *mac)
{
	psa_mac_operation_t operation = PSA_MAC_OPERATION_INIT;
	psa_status_t status = psa_mac_sign_setup(&operation, kept, kHMAC);
	size_t written = 0;
	int i;

	for (i = 0; (PSA_SUCCESS == status) && (i < count); i++)
		status = psa_mac_update(&operation, pieces[i].bytes, pieces[i].length);
	if (PSA_SUCCESS == status)
		status = psa_mac_sign_finish(&operation, mac, kHashBytes, &written);
	psa_mac_abort(&operation);
	return ((PSA_SUCCESS == status) && (kHashBytes == written)) ? 0 : -1;
}

void cryptoForgetMAC(MACKey kept)
{
	psa_destroy_key(kept);
}

int cryptoTag(const uint8_t *key, const Piece *pieces, int count, uint8_t *tag, size_t length)
{
	uint8_t whole[kHashBytes];
	MACKey kept;
	int result;

	if ((length > kHashBytes) || cryptoKeepMAC(key, kKeyBytes, &kept))
		return -1;
	result = cryptoMAC(kept, pieces, count, whole);
	cryptoForgetMAC(kept);
	if (0 == result)
		c_memcpy(tag, whole, length);
	wipe(whole, sizeof(whole));
	return result;
}

int cryptoSeal(const uint8_t *key, const uint8_t *nonce, const Piece *header, const uint8_t *in, size_t length, uint8_t *out, size_t tag)
{
	psa_key_id_t id;
	psa_status_t status;
	size_t written = 0;

	if (importKey(PSA_KEY_TYPE_AES, 8 * kKeyBytes, PSA_KEY_USAGE_ENCRYPT, kCCM(tag), key, kKeyBytes, &id))
		return -1;
	status = psa_aead_encrypt(id, kCCM(tag), nonce, kNonceBytes, header->bytes, header->length, in, length, out, length + tag, &written);
	psa_destroy_key(id);
	return ((PSA_SUCCESS == status) && (written == length + tag)) ? 0 : -1;
}

int cryptoOpen(const uint8_t *key, const uint8_t *nonce, const Piece *header, const uint8_t *in, size_t length, uint8_t *out, size_t tag)
{
	psa_key_id_t id;
	psa_status_t status;
	size_t written = 0;

	if (importKey(PSA_KEY_TYPE_AES, 8 * kKeyBytes, PSA_KEY_USAGE_DECRYPT, kCCM(tag), key, kKeyBytes, &id))
		return -1;
	/* PSA compares the tag in constant time. */
	status = psa_aead_decrypt(id, kCCM(tag), nonce, kNonceBytes, header->bytes, header->length, in, length, out, length - tag, &written);
	psa_destroy_key(id);
	if (PSA_ERROR_INVALID_SIGNATURE == status)
		return 1;
	return ((PSA_SUCCESS == status) && (written == length - tag)) ? 0 : -1;
}
