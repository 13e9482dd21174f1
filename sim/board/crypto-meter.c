/*
	What the chip's cryptography takes, charged to the engine's meter as if the script had worked: BOARD_CRYPTO="<counts>,<counts>" in the
	environment, for each use of a symmetric key (a frame sealed or opened, an HMAC, a derived key) and for each X25519. Unset: nothing.
	The desk's library is called through the linker's --wrap (board.mk).
*/
#include <stdio.h>
#include <stdlib.h>

#include "psa/crypto.h"

#include "board.h"

static unsigned long counts(int agreement)
{
	static unsigned long charged[2];
	static int read;
	if (!read) {
		const char *given = getenv("BOARD_CRYPTO");
		read = 1;
		if (!given || (sscanf(given, "%lu,%lu", &charged[0], &charged[1]) != 2))
			charged[0] = charged[1] = 0;
	}
	return charged[agreement];
}

psa_status_t __real_psa_aead_encrypt(psa_key_id_t key, psa_algorithm_t algorithm, const uint8_t *nonce, size_t nonceLength, const uint8_t *header,
	size_t headerLength, const uint8_t *text, size_t length, uint8_t *sealed, size_t room, size_t *sealedLength);
psa_status_t __wrap_psa_aead_encrypt(psa_key_id_t key, psa_algorithm_t algorithm, const uint8_t *nonce, size_t nonceLength, const uint8_t *header,
	size_t headerLength, const uint8_t *text, size_t length, uint8_t *sealed, size_t room, size_t *sealedLength);

psa_status_t __wrap_psa_aead_encrypt(psa_key_id_t key, psa_algorithm_t algorithm, const uint8_t *nonce, size_t nonceLength, const uint8_t *header,
	size_t headerLength, const uint8_t *text, size_t length, uint8_t *sealed, size_t room, size_t *sealedLength)
{
	boardWorked(counts(0));
	return __real_psa_aead_encrypt(key, algorithm, nonce, nonceLength, header, headerLength, text, length, sealed, room, sealedLength);
}

psa_status_t __real_psa_aead_decrypt(psa_key_id_t key, psa_algorithm_t algorithm, const uint8_t *nonce, size_t nonceLength, const uint8_t *header,
	size_t headerLength, const uint8_t *sealed, size_t length, uint8_t *text, size_t room, size_t *textLength);
psa_status_t __wrap_psa_aead_decrypt(psa_key_id_t key, psa_algorithm_t algorithm, const uint8_t *nonce, size_t nonceLength, const uint8_t *header,
	size_t headerLength, const uint8_t *sealed, size_t length, uint8_t *text, size_t room, size_t *textLength);

psa_status_t __wrap_psa_aead_decrypt(psa_key_id_t key, psa_algorithm_t algorithm, const uint8_t *nonce, size_t nonceLength, const uint8_t *header,
	size_t headerLength, const uint8_t *sealed, size_t length, uint8_t *text, size_t room, size_t *textLength)
{
	boardWorked(counts(0));
	return __real_psa_aead_decrypt(key, algorithm, nonce, nonceLength, header, headerLength, sealed, length, text, room, textLength);
}

psa_status_t __real_psa_mac_sign_setup(psa_mac_operation_t *operation, psa_key_id_t key, psa_algorithm_t algorithm);
psa_status_t __wrap_psa_mac_sign_setup(psa_mac_operation_t *operation, psa_key_id_t key, psa_algorithm_t algorithm);

psa_status_t __wrap_psa_mac_sign_setup(psa_mac_operation_t *operation, psa_key_id_t key, psa_algorithm_t algorithm)
{
	boardWorked(counts(0));
	return __real_psa_mac_sign_setup(operation, key, algorithm);
}

psa_status_t __real_psa_key_derivation_setup(psa_key_derivation_operation_t *operation, psa_algorithm_t algorithm);
psa_status_t __wrap_psa_key_derivation_setup(psa_key_derivation_operation_t *operation, psa_algorithm_t algorithm);

psa_status_t __wrap_psa_key_derivation_setup(psa_key_derivation_operation_t *operation, psa_algorithm_t algorithm)
{
	boardWorked(counts(0));
	return __real_psa_key_derivation_setup(operation, algorithm);
}

psa_status_t __real_psa_raw_key_agreement(psa_algorithm_t algorithm, psa_key_id_t key, const uint8_t *theirs, size_t length, uint8_t *secret, size_t room,
	size_t *secretLength);
psa_status_t __wrap_psa_raw_key_agreement(psa_algorithm_t algorithm, psa_key_id_t key, const uint8_t *theirs, size_t length, uint8_t *secret, size_t room,
	size_t *secretLength);

psa_status_t __wrap_psa_raw_key_agreement(psa_algorithm_t algorithm, psa_key_id_t key, const uint8_t *theirs, size_t length, uint8_t *secret, size_t room,
	size_t *secretLength)
{
	boardWorked(counts(1));
	return __real_psa_raw_key_agreement(algorithm, key, theirs, length, secret, room, secretLength);
}
