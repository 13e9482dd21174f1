/*
	The keys in flash.
*/

#include "xsmc.h"
#include "xsHost.h"

#include "nvs_flash/include/nvs_flash.h"

#include "vault-store-esp32.h"

#define kSpace "rbrseal"
#define kPairName "own"
#define kVersion 1
#define kCheckBytes 4
#define kPairBytes (1 + kPrivateBytes + kPublicBytes + kCheckBytes)
#define kBoardBytes (1 + kKeyBytes + kPublicBytes + kCheckBytes)
#define kMACText (2 * kMACBytes)
#define kNameBytes NVS_KEY_NAME_MAX_SIZE

static int hexDigit(char c)
{
	if (('0' <= c) && (c <= '9'))
		return c - '0';
	if (('a' <= c) && (c <= 'f'))
		return c - 'a' + 10;
	return -1;
}

int macOfText(const char *text, uint8_t *mac)
{
	int i;

	for (i = 0; i < kMACBytes; i++) {
		int high = hexDigit(text[i * 2]);
		int low = (high < 0) ? -1 : hexDigit(text[(i * 2) + 1]);
		if (low < 0)
			return -1;
		mac[i] = (uint8_t)((high << 4) | low);
	}
	return text[kMACText] ? -1 : 0;
}

void textOfMAC(const uint8_t *mac, char *text)
{
	static const char gDigits[] = "0123456789abcdef";
	int i;

	for (i = 0; i < kMACBytes; i++) {
		text[i * 2] = gDigits[mac[i] >> 4];
		text[(i * 2) + 1] = gDigits[mac[i] & 15];
	}
	text[kMACText] = 0;
}

static void nameOfBoard(const uint8_t *mac, char *name)
{
	name[0] = 'k';
	textOfMAC(mac, name + 1);
}

static int checkOf(const char *name, const uint8_t *record, size_t length, uint8_t *check)
{
	const Piece pieces[2] = {{record, length}, {name, c_strlen(name)}};
	uint8_t hash[kHashBytes];

	if (cryptoHash(pieces, 2, hash))
		return -1;
	c_memcpy(check, hash, kCheckBytes);
	return 0;
}

/* Puts version and check around what stands between them, and writes it. */
static int writeRecord(const char *name, uint8_t *record, size_t length)
{
	nvs_handle_t handle;
	esp_err_t err;

	record[0] = kVersion;
	if (checkOf(name, record, length - kCheckBytes, record + length - kCheckBytes))
		return kStoreRefused;
	err = nvs_open(kSpace, NVS_READWRITE, &handle);
	if (ESP_OK != err)
		return kStoreRefused;
	err = nvs_set_blob(handle, name, record, length);
	if (ESP_OK == err)
		err = nvs_commit(handle);
	nvs_close(handle);
	return (ESP_OK == err) ? kStoreOK : kStoreRefused;
}

static int readRecord(nvs_handle_t handle, const char *name, uint8_t *record, size_t length)
{
	uint8_t check[kCheckBytes];
	size_t found = length;
	esp_err_t err = nvs_get_blob(handle, name, record, &found);

	if (ESP_ERR_NVS_NOT_FOUND == err)
		return kStoreAbsent;
	if ((ESP_OK != err) || (found != length) || (kVersion != record[0]))
		return kStoreDamaged;
	if (checkOf(name, record, length - kCheckBytes, check) || !isSame(check, record + length - kCheckBytes, kCheckBytes))
		return kStoreDamaged;
	return kStoreOK;
}

int storeReadPair(KeyPair *pair)
{
	uint8_t record[kPairBytes];
	nvs_handle_t handle;
	int result;

	if (ESP_OK != nvs_open(kSpace, NVS_READONLY, &handle))
		return kStoreAbsent;
	result = readRecord(handle, kPairName, record, sizeof(record));
	nvs_close(handle);
	if (kStoreOK == result) {
		c_memcpy(pair->privateKey, record + 1, kPrivateBytes);
		c_memcpy(pair->publicKey, record + 1 + kPrivateBytes, kPublicBytes);
	}
	wipe(record, sizeof(record));
	return result;
}

int storeWritePair(const KeyPair *pair)
{
	uint8_t record[kPairBytes];
	int result;

	c_memcpy(record + 1, pair->privateKey, kPrivateBytes);
	c_memcpy(record + 1 + kPrivateBytes, pair->publicKey, kPublicBytes);
	result = writeRecord(kPairName, record, sizeof(record));
	wipe(record, sizeof(record));
	return result;
}

static int readBoard(nvs_handle_t handle, KeptBoard *board)
{
	uint8_t record[kBoardBytes];
	char name[kNameBytes];
	int result;

	nameOfBoard(board->mac, name);
	result = readRecord(handle, name, record, sizeof(record));
	if (kStoreOK == result) {
		c_memcpy(board->key, record + 1, kKeyBytes);
		c_memcpy(board->publicKey, record + 1 + kKeyBytes, kPublicBytes);
	}
	wipe(record, sizeof(record));
	return result;
}

int storeReadBoard(KeptBoard *board)
{
	nvs_handle_t handle;
	int result;

	if (ESP_OK != nvs_open(kSpace, NVS_READONLY, &handle))
		return kStoreAbsent;
	result = readBoard(handle, board);
	nvs_close(handle);
	return result;
}

int storeWriteBoard(const KeptBoard *board)
{
	uint8_t record[kBoardBytes];
	char name[kNameBytes];
	int result;

	nameOfBoard(board->mac, name);
	c_memcpy(record + 1, board->key, kKeyBytes);
	c_memcpy(record + 1 + kKeyBytes, board->publicKey, kPublicBytes);
	result = writeRecord(name, record, sizeof(record));
	wipe(record, sizeof(record));
	return result;
}

static int eraseRecord(const char *name)
{
	nvs_handle_t handle;
	esp_err_t err = nvs_open(kSpace, NVS_READWRITE, &handle);

	if (ESP_OK != err)
		return kStoreRefused;
	err = nvs_erase_key(handle, name);
	if (ESP_ERR_NVS_NOT_FOUND == err)
		err = ESP_OK;
	if (ESP_OK == err)
		err = nvs_commit(handle);
	nvs_close(handle);
	return (ESP_OK == err) ? kStoreOK : kStoreRefused;
}

int storeEraseBoard(const uint8_t *mac)
{
	char name[kNameBytes];

	nameOfBoard(mac, name);
	return eraseRecord(name);
}

int storeErasePair(void)
{
	return eraseRecord(kPairName);
}

int storeEraseBoards(void)
{
	char name[kNameBytes];
	nvs_iterator_t iterator;
	nvs_entry_info_t entry;
	esp_err_t err;

	/* From the beginning each time: an iterator does not outlive a change. */
	for (;;) {
		name[0] = 0;
		iterator = C_NULL;
		err = nvs_entry_find(NVS_DEFAULT_PART_NAME, kSpace, NVS_TYPE_BLOB, &iterator);
		while ((ESP_OK == err) && !name[0]) {
			nvs_entry_info(iterator, &entry);
			if ('k' == entry.key[0])
				c_memcpy(name, entry.key, sizeof(name));
			err = nvs_entry_next(&iterator);
		}
		nvs_release_iterator(iterator);
		if (!name[0])
			return kStoreOK;
		if (kStoreOK != eraseRecord(name))
			return kStoreRefused;
	}
}

void storeEachBoard(void *context, void (*found)(void *context, const KeptBoard *board, int result))
{
	nvs_iterator_t iterator = C_NULL;
	nvs_handle_t handle;
	nvs_entry_info_t entry;
	esp_err_t err;

	if (ESP_OK != nvs_open(kSpace, NVS_READONLY, &handle))
		return;
	err = nvs_entry_find(NVS_DEFAULT_PART_NAME, kSpace, NVS_TYPE_BLOB, &iterator);
	while (ESP_OK == err) {
		KeptBoard board;
		nvs_entry_info(iterator, &entry);
		if (('k' == entry.key[0]) && (0 == macOfText(entry.key + 1, board.mac))) {
			int result = readBoard(handle, &board);
			(*found)(context, &board, result);
			wipe(&board, sizeof(board));
		}
		err = nvs_entry_next(&iterator);
	}
	nvs_release_iterator(iterator);
	nvs_close(handle);
}
