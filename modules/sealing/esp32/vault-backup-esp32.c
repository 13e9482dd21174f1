/*
	The backup of a hub.
*/

#include "xsmc.h"
#include "xsHost.h"

#include "esp_random.h"

#include "vault-backup-esp32.h"

#define kSaltAt 5
#define kSaltBytes 16
#define kRoundsAt 21
#define kRoundsLeast 100000
#define kRoundsMost 10000000
#define kPairText (1 + kPrivateBytes + kPublicBytes)
#define kBoardText (1 + kMACBytes + kPublicBytes + kKeyBytes)
#define kPairMark 0
#define kBoardMark 1

typedef struct xsBackupRecord {
	uint8_t header[kBackupHeaderBytes];
	int32_t left;					/* rounds */
	MACKey passphrase;
	uint8_t latest[kHashBytes];		/* of the chain of HMACs */
	uint8_t sum[kHashBytes];		/* their exclusive or: its first bytes are the key */
} xsBackupRecord;

void backupEnd(xsVault vault)
{
	xsBackup backup = vault->backup;

	if (!backup)
		return;
	cryptoForgetMAC(backup->passphrase);
	wipe(backup, sizeof(xsBackupRecord));
	c_free(backup);
	vault->backup = C_NULL;
}

int backupBegin(xsVault vault, const char *passphrase, const uint8_t *header, int length)
{
	static const uint8_t gFirstBlock[4] = {0, 0, 0, 1};
	const Piece pieces[2] = {{header + kSaltAt, kSaltBytes}, {gFirstBlock, sizeof(gFirstBlock)}};
	uint32_t rounds;
	xsBackup backup;

	backupEnd(vault);
	if ((kBackupHeaderBytes != length) || c_memcmp(header, "RBRB\1", kSaltAt) || !passphrase[0])
		return -1;
	rounds = getLE(header + kRoundsAt);
	if ((rounds < kRoundsLeast) || (rounds > kRoundsMost))
		return -1;
	backup = c_calloc(1, sizeof(xsBackupRecord));
	if (!backup)
		return -1;
	if (cryptoKeepMAC((const uint8_t *)passphrase, c_strlen(passphrase), &backup->passphrase)) {
		c_free(backup);
		return -1;
	}
	vault->backup = backup;
	if (cryptoMAC(backup->passphrase, pieces, 2, backup->latest)) {
		backupEnd(vault);
		return -1;
	}
	c_memcpy(backup->header, header, kBackupHeaderBytes);
	c_memcpy(backup->sum, backup->latest, kHashBytes);
	backup->left = (int32_t)rounds - 1;
	return 0;
}

int32_t backupTurn(xsVault vault, int32_t rounds)
{
	xsBackup backup = vault->backup;
	int i;

	if (!backup)
		return -1;
	while (backup->left && (rounds-- > 0)) {
		uint8_t next[kHashBytes];
		const Piece piece = {backup->latest, kHashBytes};

		if (cryptoMAC(backup->passphrase, &piece, 1, next)) {
			backupEnd(vault);
			return -1;
		}
		c_memcpy(backup->latest, next, kHashBytes);
		for (i = 0; i < kHashBytes; i++)
			backup->sum[i] ^= next[i];
		backup->left -= 1;
	}
	return backup->left;
}

/* The context, if its key is ready. */
static xsBackup readyBackup(xsVault vault)
{
	return (vault->backup && (0 == vault->backup->left)) ? vault->backup : C_NULL;
}

static int sealPart(xsBackup backup, const uint8_t *text, size_t length, uint8_t *part)
{
	const Piece header = {backup->header, kBackupHeaderBytes};

	/* Fresh salt for each backup, and some hundred parts: random nonces do not meet. */
	esp_fill_random(part, kNonceBytes);
	if (cryptoSeal(backup->sum, part, &header, text, length, part + kNonceBytes, kLongTagBytes))
		return kCrypto;
	return (int)(kNonceBytes + length + kLongTagBytes);
}

int backupKeys(xsVault vault, uint8_t *part)
{
	xsBackup backup = readyBackup(vault);
	uint8_t text[kPairText];
	int length;

	if (!backup || !vault->hasPair)
		return kNoKey;
	text[0] = kPairMark;
	c_memcpy(text + 1, vault->pair.privateKey, kPrivateBytes);
	c_memcpy(text + 1 + kPrivateBytes, vault->pair.publicKey, kPublicBytes);
	length = sealPart(backup, text, sizeof(text), part);
	wipe(text, sizeof(text));
	return length;
}

int backupBoard(xsVault vault, int slot, const char *name, uint8_t *part)
{
	xsBackup backup = readyBackup(vault);
	uint8_t text[kBoardText + kNameMax];
	KeptBoard board;
	size_t nameLength = c_strlen(name);
	int length;

	if (!backup || !vaultHas(vault, slot))
		return kNoKey;
	if (nameLength > kNameMax)
		return kTooLong;
	c_memcpy(board.mac, vault->slots[slot].mac, kMACBytes);
	if (kStoreOK != storeReadBoard(&board))
		return kNoKey;
	text[0] = kBoardMark;
	c_memcpy(text + 1, board.mac, kMACBytes);
	c_memcpy(text + 1 + kMACBytes, board.publicKey, kPublicBytes);
	c_memcpy(text + 1 + kMACBytes + kPublicBytes, board.key, kKeyBytes);
	c_memcpy(text + kBoardText, name, nameLength);
	length = sealPart(backup, text, kBoardText + nameLength, part);
	wipe(&board, sizeof(board));
	wipe(text, sizeof(text));
	return length;
}

static int restorePair(xsVault vault, const uint8_t *text, size_t length)
{
	KeyPair pair;
	uint8_t publicKey[kPublicBytes];
	int result = kMalformed;

	if (kPairText != length)
		return kMalformed;
	c_memcpy(pair.privateKey, text + 1, kPrivateBytes);
	c_memcpy(pair.publicKey, text + 1 + kPrivateBytes, kPublicBytes);
	if (!cryptoPublicKey(pair.privateKey, publicKey) && isSame(publicKey, pair.publicKey, kPublicBytes))
		result = vaultRestorePair(vault, &pair) ? kRestoredKeys : kCrypto;
	wipe(&pair, sizeof(pair));
	return result;
}

static int restoreBoard(xsVault vault, const uint8_t *text, size_t length, uint8_t *name)
{
	KeptBoard board;
	int slot;

	if ((length < kBoardText) || (length > kBoardText + kNameMax))
		return kMalformed;
	c_memcpy(board.mac, text + 1, kMACBytes);
	c_memcpy(board.publicKey, text + 1 + kMACBytes, kPublicBytes);
	c_memcpy(board.key, text + 1 + kMACBytes + kPublicBytes, kKeyBytes);
	slot = vaultRestoreBoard(vault, &board);
	wipe(&board, sizeof(board));
	if (slot >= 0) {
		name[0] = (uint8_t)(length - kBoardText);
		c_memcpy(name + 1, text + kBoardText, name[0]);
	}
	return slot;
}

int restorePart(xsVault vault, const uint8_t *part, int length, int isKeys, uint8_t *name)
{
	xsBackup backup = readyBackup(vault);
	uint8_t text[kBoardText + kNameMax];
	size_t textLength;
	int result;

	if (!backup)
		return kNoKey;
	if ((length < kNonceBytes + 1 + kLongTagBytes) || (length > kPartMax))
		return kMalformed;
	textLength = (size_t)length - kNonceBytes - kLongTagBytes;
	{
		const Piece header = {backup->header, kBackupHeaderBytes};
		result = cryptoOpen(backup->sum, part, &header, part + kNonceBytes, (size_t)length - kNonceBytes, text, kLongTagBytes);
	}
	if (result)
		return (result < 0) ? kCrypto : kBadTag;
	if ((isKeys ? kPairMark : kBoardMark) != text[0])
		result = kMalformed;
	else
		result = isKeys ? restorePair(vault, text, textLength) : restoreBoard(vault, text, textLength, name);
	wipe(text, sizeof(text));
	return result;
}
