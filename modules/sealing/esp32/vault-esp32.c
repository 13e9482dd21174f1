/*
	The vault for XS: keys and sessions stay in C, scripts see numbers of slots. What is wrong is a negative number, nothing throws
	but what is no buffer at all.
*/

#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"

#include "esp_random.h"

#include "vault-backup-esp32.h"

#define kMACText (2 * kMACBytes)
#define kCodeLetters 12
#define kOpenedFields 6
#define kProofBytes 16

void xs_vault_destructor(void *data)
{
	if (data)
		vaultDelete(data);
}

static const xsHostHooks gVaultHooks = {
	xs_vault_destructor,
	C_NULL,
	C_NULL
};

static xsVault getVault(xsMachine *the)
{
	xsVault vault = xsmcGetHostDataValidate(xsThis, (void *)&gVaultHooks);

	if (!vault)
		xsUnknownError("vault closed");
	return vault;
}

/* 0, or -1 for what is no MAC. */
static int getMAC(xsMachine *the, xsSlot *slot, uint8_t *mac)
{
	return macOfText(xsmcToString(*slot), mac);
}

/* The bytes from `offset` on; C_NULL when fewer than `least` are there. The pointer holds until the engine makes anything. */
static uint8_t *getBytes(xsMachine *the, xsSlot *slot, int offset, size_t least, size_t *room)
{
	void *bytes;
	xsUnsignedValue size;

	xsmcGetBufferWritable(*slot, &bytes, &size);
	if ((offset < 0) || ((xsUnsignedValue)offset > size) || (size - (xsUnsignedValue)offset < least))
		return C_NULL;
	if (room)
		*room = size - (xsUnsignedValue)offset;
	return (uint8_t *)bytes + offset;
}

void xs_vault(xsMachine *the)
{
	uint8_t mac[kMACBytes];
	xsVault vault;
	int capacity;

	xsmcVars(1);
	xsmcGet(xsVar(0), xsArg(0), xsID_mac);
	if (getMAC(the, &xsVar(0), mac))
		xsRangeError("invalid mac");
	xsmcGet(xsVar(0), xsArg(0), xsID_capacity);
	capacity = xsmcToInteger(xsVar(0));
	if ((capacity < 1) || (capacity > kSlotsMax))
		xsRangeError("invalid capacity");
	if (cryptoStart())
		xsUnknownError("psa_crypto_init");
	vault = vaultMake(mac, capacity);
	if (!vault)
		xsUnknownError("no memory");
	xsmcSetHostData(xsThis, vault);
	xsSetHostHooks(xsThis, &gVaultHooks);
}

void xs_vault_close(xsMachine *the)
{
	xsVault vault = xsmcGetHostDataValidate(xsThis, (void *)&gVaultHooks);

	xsmcSetHostData(xsThis, C_NULL);
	xs_vault_destructor(vault);
}

/*
	keys
*/

/* What is wrong with the records in flash: 0 nothing, 1 the own key pair, 2 boards' keys, 3 both, 4 flash could not be read */
void xs_vault_damage(xsMachine *the)
{
	xsVault vault = getVault(the);
	int damage = vault->damaged ? 2 : 0;

	if (kStoreRefused == vault->pairResult)
		damage = 4;
	else if (kStoreDamaged == vault->pairResult)
		damage |= 1;
	xsmcSetInteger(xsResult, damage);
}

void xs_vault_hasKeys(xsMachine *the)
{
	xsmcSetBoolean(xsResult, getVault(the)->hasPair);
}

void xs_vault_makeKeys(xsMachine *the)
{
	xsmcSetBoolean(xsResult, vaultMakeKeys(getVault(the)));
}

void xs_vault_publicKey(xsMachine *the)
{
	xsVault vault = getVault(the);
	uint8_t *into = getBytes(the, &xsArg(0), 0, kPublicBytes, C_NULL);

	if (!into)
		xsRangeError("into too short");
	c_memcpy(into, vault->pair.publicKey, kPublicBytes);
}

/* The first 60 bits in Crockford's base 32. */
static void setCode(xsMachine *the, const Piece *pieces, int count)
{
	static const char gLetters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t hash[kHashBytes];
	char code[kCodeLetters + 1];
	uint32_t bits = 0;
	int i, have = 0, at = 0;

	if (cryptoHash(pieces, count, hash)) {
		xsmcSetString(xsResult, "");
		return;
	}
	for (i = 0; at < kCodeLetters; i++) {
		bits = (bits << 8) | hash[i];
		have += 8;
		while ((have >= 5) && (at < kCodeLetters)) {
			have -= 5;
			code[at++] = gLetters[(bits >> have) & 31];
		}
	}
	code[at] = 0;
	xsmcSetString(xsResult, code);
}

void xs_vault_code(xsMachine *the)
{
	xsVault vault = getVault(the);
	const Piece own = {vault->pair.publicKey, kPublicBytes};

	if (vault->hasPair)
		setCode(the, &own, 1);
	else
		xsmcSetString(xsResult, "");
}

void xs_vault_pairCode(xsMachine *the)
{
	xsVault vault = getVault(the);
	uint8_t theirs[kPublicBytes];
	const Piece hubFirst[2] = {{vault->pair.publicKey, kPublicBytes}, {theirs, kPublicBytes}};
	const Piece hubSecond[2] = {{theirs, kPublicBytes}, {vault->pair.publicKey, kPublicBytes}};

	if (vault->hasPair && !vaultTheirKey(vault, xsmcToInteger(xsArg(0)), theirs))
		setCode(the, vault->isHub ? hubFirst : hubSecond, 2);
	else
		xsmcSetString(xsResult, "");
}

void xs_vault_publicKeyOf(xsMachine *the)
{
	xsVault vault = getVault(the);
	uint8_t theirs[kPublicBytes];
	int result = vaultTheirKey(vault, xsmcToInteger(xsArg(0)), theirs);
	uint8_t *into = getBytes(the, &xsArg(1), 0, kPublicBytes, C_NULL);

	if (!into)
		xsRangeError("into too short");
	if (0 == result)
		c_memcpy(into, theirs, kPublicBytes);
	xsmcSetBoolean(xsResult, 0 == result);
}

void xs_vault_codeOf(xsMachine *the)
{
	Piece key = {getBytes(the, &xsArg(0), 0, kPublicBytes, C_NULL), kPublicBytes};
	uint8_t copy[kPublicBytes];

	if (!key.bytes)
		xsRangeError("key too short");
	c_memcpy(copy, key.bytes, kPublicBytes);
	key.bytes = copy;
	setCode(the, &key, 1);
}

/*
	boards
*/

void xs_vault_count(xsMachine *the)
{
	xsmcSetInteger(xsResult, getVault(the)->count);
}

void xs_vault_find(xsMachine *the)
{
	xsVault vault = getVault(the);
	uint8_t mac[kMACBytes];

	xsmcSetInteger(xsResult, getMAC(the, &xsArg(0), mac) ? -1 : vaultFind(vault, mac));
}

void xs_vault_macAt(xsMachine *the)
{
	xsVault vault = getVault(the);
	int slot = xsmcToInteger(xsArg(0));
	char text[kMACText + 1];

	text[0] = 0;
	if (vaultHas(vault, slot))
		textOfMAC(vault->slots[slot].mac, text);
	xsmcSetString(xsResult, text);
}

void xs_vault_agree(xsMachine *the)
{
	xsVault vault = getVault(the);
	uint8_t mac[kMACBytes], theirs[kPublicBytes];
	int bad = getMAC(the, &xsArg(0), mac);
	uint8_t *key = getBytes(the, &xsArg(1), 0, kPublicBytes, C_NULL);

	if (key)
		c_memcpy(theirs, key, kPublicBytes);
	xsmcSetInteger(xsResult, (bad || !key) ? -1 : vaultAgree(vault, mac, theirs));
}

void xs_vault_keep(xsMachine *the)
{
	xsVault vault = getVault(the);

	xsmcSetBoolean(xsResult, vaultKeep(vault, xsmcToInteger(xsArg(0))));
}

void xs_vault_abandon(xsMachine *the)
{
	xsVault vault = getVault(the);

	vaultAbandon(vault, xsmcToInteger(xsArg(0)));
}

void xs_vault_isKept(xsMachine *the)
{
	xsVault vault = getVault(the);

	xsmcSetBoolean(xsResult, vaultIsKept(vault, xsmcToInteger(xsArg(0))));
}

void xs_vault_remove(xsMachine *the)
{
	xsVault vault = getVault(the);

	xsmcSetBoolean(xsResult, vaultRemove(vault, xsmcToInteger(xsArg(0))));
}

void xs_vault_removeAll(xsMachine *the)
{
	xsmcSetBoolean(xsResult, vaultRemoveAll(getVault(the), 0));
}

void xs_vault_eraseAll(xsMachine *the)
{
	xsmcSetBoolean(xsResult, vaultRemoveAll(getVault(the), 1));
}

/* 0, or -1 for a free slot or a buffer that is too short. Nothing may be made in the engine after `bytes` was fetched. */
static int makeProof(xsMachine *the, uint8_t *proof)
{
	xsVault vault = getVault(the);
	const uint8_t *key = vaultKey(vault, xsmcToInteger(xsArg(0)));
	int length = xsmcToInteger(xsArg(3));
	const char *label = xsmcToString(xsArg(1));
	const uint8_t *bytes = (length < 0) ? C_NULL : getBytes(the, &xsArg(2), 0, (size_t)length, C_NULL);
	/* With the zero behind it no label is another's beginning. */
	const Piece pieces[2] = {{label, c_strlen(label) + 1}, {bytes, (size_t)length}};

	return (key && bytes) ? cryptoTag(key, pieces, 2, proof, kProofBytes) : -1;
}

void xs_vault_proof(xsMachine *the)
{
	uint8_t proof[kProofBytes], *into;
	int result = makeProof(the, proof);

	into = getBytes(the, &xsArg(4), xsmcToInteger(xsArg(5)), sizeof(proof), C_NULL);
	if (into && (0 == result))
		c_memcpy(into, proof, sizeof(proof));
	xsmcSetBoolean(xsResult, into && (0 == result));
}

void xs_vault_checkProof(xsMachine *the)
{
	uint8_t proof[kProofBytes];
	int result = makeProof(the, proof);
	const uint8_t *theirs = getBytes(the, &xsArg(4), xsmcToInteger(xsArg(5)), sizeof(proof), C_NULL);

	xsmcSetBoolean(xsResult, theirs && (0 == result) && isSame(proof, theirs, sizeof(proof)));
}

/*
	handshake
*/

void xs_vault_hello(xsMachine *the)
{
	xsVault vault = getVault(the);
	int slot = xsmcToInteger(xsArg(0));
	uint8_t *into = getBytes(the, &xsArg(1), 0, kHelloBytes, C_NULL);

	xsmcSetInteger(xsResult, into ? vaultHello(vault, slot, into) : kTooLong);
}

/* Frames come in the caller's buffer, which is longer than they are. */
static const uint8_t *getFrame(xsMachine *the, xsSlot *bytes, int length)
{
	return (length < 0) ? C_NULL : getBytes(the, bytes, 0, (size_t)length, C_NULL);
}

void xs_vault_onHello(xsMachine *the)
{
	xsVault vault = getVault(the);
	int length = xsmcToInteger(xsArg(1));
	const uint8_t *bytes = getFrame(the, &xsArg(0), length);
	uint8_t *into = getBytes(the, &xsArg(3), 0, kWelcomeBytes, C_NULL);
	uint8_t welcome[kWelcomeBytes];
	int result = kTooLong;

	if (!bytes)
		result = kMalformed;
	else if (into) {
		/* Aside: the caller may well use one buffer for both. */
		result = vaultOnHello(vault, bytes, length, welcome);
		if (result > 0)
			c_memcpy(into, welcome, (size_t)result);
	}
	xsmcSetInteger(xsResult, result);
}

void xs_vault_onWelcome(xsMachine *the)
{
	xsVault vault = getVault(the);
	int length = xsmcToInteger(xsArg(1));
	const uint8_t *bytes = getFrame(the, &xsArg(0), length);

	xsmcSetInteger(xsResult, bytes ? vaultOnWelcome(vault, bytes, length) : kMalformed);
}

void xs_vault_hasSession(xsMachine *the)
{
	xsVault vault = getVault(the);

	xsmcSetBoolean(xsResult, vaultHasSession(vault, xsmcToInteger(xsArg(0))));
}

void xs_vault_session(xsMachine *the)
{
	xsVault vault = getVault(the);
	int slot = xsmcToInteger(xsArg(0));

	xsmcSetInteger(xsResult, vaultHasSession(vault, slot) ? (int32_t)vault->slots[slot].session.number : 0);
}

void xs_vault_slotOf(xsMachine *the)
{
	xsVault vault = getVault(the);
	int session = xsmcToInteger(xsArg(0));

	xsmcSetInteger(xsResult, vaultSlotOf(vault, (uint32_t)session));
}

void xs_vault_forgetSession(xsMachine *the)
{
	xsVault vault = getVault(the);

	vaultForgetSession(vault, xsmcToInteger(xsArg(0)));
}

static void setMS(xsMachine *the, int32_t ms)
{
	if (ms < 0)
		xsmcSetNumber(xsResult, C_INFINITY);
	else
		xsmcSetInteger(xsResult, ms);
}

void xs_vault_awaiting(xsMachine *the)
{
	xsVault vault = getVault(the);

	setMS(the, vaultAwaiting(vault, xsmcToInteger(xsArg(0))));
}

void xs_vault_greeting(xsMachine *the)
{
	xsVault vault = getVault(the);

	setMS(the, vaultGreeting(vault, xsmcToInteger(xsArg(0))));
}

/*
	frames
*/

void xs_vault_seal(xsMachine *the)
{
	xsVault vault = getVault(the);
	int slot = xsmcToInteger(xsArg(0)), kind = xsmcToInteger(xsArg(1)), counter = xsmcToInteger(xsArg(2)), reply = xsmcToInteger(xsArg(3));
	int at = xsmcToInteger(xsArg(6));
	size_t room;
	uint8_t *into;
	const char *text;

	text = xsmcToString(xsArg(4));
	into = getBytes(the, &xsArg(5), at, 0, &room);
	xsmcSetInteger(xsResult, into ? vaultSeal(vault, slot, kind, (uint32_t)counter, (uint32_t)reply, (const uint8_t *)text, c_strlen(text), into, room) : kTooLong);
}

void xs_vault_sealBytes(xsMachine *the)
{
	xsVault vault = getVault(the);
	int slot = xsmcToInteger(xsArg(0)), kind = xsmcToInteger(xsArg(1)), counter = xsmcToInteger(xsArg(2)), reply = xsmcToInteger(xsArg(3));
	int from = xsmcToInteger(xsArg(5)), length = xsmcToInteger(xsArg(6)), at = xsmcToInteger(xsArg(8));
	uint8_t text[kFrameBytes], *bytes, *into;
	size_t room;

	if ((length < 0) || (length > kFrameBytes)) {
		xsmcSetInteger(xsResult, kTooLong);
		return;
	}
	bytes = getBytes(the, &xsArg(4), from, (size_t)length, C_NULL);
	into = getBytes(the, &xsArg(7), at, 0, &room);
	if (!bytes || !into) {
		xsmcSetInteger(xsResult, kTooLong);
		return;
	}
	/* Aside: they may be in the same buffer. */
	c_memcpy(text, bytes, (size_t)length);
	xsmcSetInteger(xsResult, vaultSeal(vault, slot, kind, (uint32_t)counter, (uint32_t)reply, text, (size_t)length, into, room));
}

void xs_vault_lastCounter(xsMachine *the)
{
	xsmcSetInteger(xsResult, getVault(the)->lastCounter);
}

void xs_vault_lastSession(xsMachine *the)
{
	xsmcSetInteger(xsResult, getVault(the)->lastSession);
}

void xs_vault_lastReply(xsMachine *the)
{
	xsmcSetInteger(xsResult, getVault(the)->lastReply);
}

void xs_vault_lastSlot(xsMachine *the)
{
	xsmcSetInteger(xsResult, getVault(the)->lastSlot);
}

void xs_vault_open(xsMachine *the)
{
	xsVault vault = getVault(the);
	int length = xsmcToInteger(xsArg(1));
	uint8_t mac[kMACBytes], *bytes, *fields;
	int32_t opened[kOpenedFields];
	int isKnown = 0 == getMAC(the, &xsArg(2), mac), slot;

	/* The engine hands out bytes of arrays of bytes only: of this one, its buffer's. */
	xsmcVars(1);
	xsmcGet(xsVar(0), xsArg(3), xsID_buffer);
	bytes = (length < 0) ? C_NULL : getBytes(the, &xsArg(0), 0, (size_t)length, C_NULL);
	fields = getBytes(the, &xsVar(0), 0, sizeof(opened), C_NULL);
	if (!fields)
		xsRangeError("opened too short");
	slot = bytes ? vaultOpen(vault, bytes, length, isKnown ? mac : C_NULL, opened) : kMalformed;
	if (slot >= 0)
		c_memcpy(fields, opened, sizeof(opened));
	xsmcSetInteger(xsResult, slot);
}

/*
	backup
*/

void xs_vault_backupBegin(xsMachine *the)
{
	xsVault vault = getVault(the);
	int length = xsmcToInteger(xsArg(2));
	const char *passphrase = xsmcToString(xsArg(0));
	const uint8_t *header = getFrame(the, &xsArg(1), length);

	xsmcSetBoolean(xsResult, header && (0 == backupBegin(vault, passphrase, header, length)));
}

void xs_vault_backupTurn(xsMachine *the)
{
	xsVault vault = getVault(the);

	xsmcSetInteger(xsResult, backupTurn(vault, xsmcToInteger(xsArg(0))));
}

void xs_vault_backupKeys(xsMachine *the)
{
	xsVault vault = getVault(the);
	uint8_t part[kPartMax], *into;
	int length = backupKeys(vault, part);

	into = (length > 0) ? getBytes(the, &xsArg(0), 0, (size_t)length, C_NULL) : C_NULL;
	if (into)
		c_memcpy(into, part, (size_t)length);
	xsmcSetInteger(xsResult, (into || (length < 0)) ? length : kTooLong);
}

void xs_vault_backupBoard(xsMachine *the)
{
	xsVault vault = getVault(the);
	int slot = xsmcToInteger(xsArg(0));
	uint8_t part[kPartMax], *into;
	int length = backupBoard(vault, slot, xsmcToString(xsArg(1)), part);

	into = (length > 0) ? getBytes(the, &xsArg(2), 0, (size_t)length, C_NULL) : C_NULL;
	if (into)
		c_memcpy(into, part, (size_t)length);
	xsmcSetInteger(xsResult, (into || (length < 0)) ? length : kTooLong);
}

void xs_vault_restorePart(xsMachine *the)
{
	xsVault vault = getVault(the);
	int length = xsmcToInteger(xsArg(1));
	int isKeys = xsmcTest(xsArg(2));
	uint8_t *name = getBytes(the, &xsArg(3), 0, 1 + kNameMax, C_NULL);
	const uint8_t *part = getFrame(the, &xsArg(0), length);

	xsmcSetInteger(xsResult, (name && part) ? restorePart(vault, part, length, isKeys, name) : kMalformed);
}

void xs_vault_backupEnd(xsMachine *the)
{
	backupEnd(getVault(the));
}

void xs_vault_random(xsMachine *the)
{
	size_t room = 0;
	uint8_t *into = getBytes(the, &xsArg(0), 0, 0, &room);

	esp_fill_random(into, room);
}
