/*
	Boards whose key is held, their sessions and the frames sealed under them.
*/

#include "xsmc.h"
#include "xsHost.h"

#include "esp_random.h"
#include "esp_timer.h"

#include "vault-backup-esp32.h"
#include "vault-sessions-esp32.h"

#define kTickMS 250
/* A frame is fresh that names a counter of ours that was sent since the epoch before this one began: 5 to 10 s ago at the most. */
#define kEpochTicks 20
/* The other's word about its own frames is not waited for longer than this. */
#define kProbeTicks 4
/* A welcome that comes later than this has been held back. */
#define kHelloTicks 40
#define kAgeMax 255
#define kCountMax 0xFFFF
#define kNoProbe 0xFFFF
#define kCounterMax 0x7FFFFFFF
#define kWindow 32
#define kHellosASecond 8
#define kPendingsOfSlot 2

#define kFrameMark 0xFE
#define kFrameVersion 1
#define kKindHello 8
#define kKindWelcome 9
#define kKindPong 2
#define kKindReply 4
#define kKindError 5
#define kKindLast 12

/* Of a slot */
#define kUsed 1
#define kInitiator 2

/* Of a candidate */
#define kFree 0
#define kWaiting 1
#define kMoved 2

_Static_assert(64 == sizeof(Slot), "a slot takes 64 bytes");

static const uint8_t gAgreement[] = "rbr-now sealed 1";
static const uint8_t gSessionInfo[] = "rbr-now session 1";

uint32_t getLE(const uint8_t *at)
{
	return (uint32_t)at[0] | ((uint32_t)at[1] << 8) | ((uint32_t)at[2] << 16) | ((uint32_t)at[3] << 24);
}

static void putLE(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
	at[2] = (uint8_t)(value >> 16);
	at[3] = (uint8_t)(value >> 24);
}

/*
	time
*/

static void ageSession(Session *session, uint32_t ticks, uint32_t epochs)
{
	if (epochs) {
		session->sentEarlier = (1 == epochs) ? session->sentNow : 0;
		session->sentNow = 0;
	}
	session->probeAge = (ticks > (uint32_t)(kAgeMax - session->probeAge)) ? kAgeMax : (uint8_t)(session->probeAge + ticks);
	session->provenAge = (ticks > (uint32_t)(kAgeMax - session->provenAge)) ? kAgeMax : (uint8_t)(session->provenAge + ticks);
}

/* Every call begins with this: no slot keeps a time of its own, so none can be misread after a long rest. */
static void passTime(xsVault vault)
{
	uint32_t tick = (uint32_t)(esp_timer_get_time() / (kTickMS * 1000));
	uint32_t ticks = tick - vault->tick, epochs;
	int i;

	if (0 == ticks)
		return;
	epochs = (tick / kEpochTicks) - (vault->tick / kEpochTicks);
	vault->tick = tick;
	for (i = 0; i < vault->capacity; i++)
		if (vault->slots[i].session.number)
			ageSession(&vault->slots[i].session, ticks, epochs);
	for (i = 0; i < vault->formerCount; i++)
		if (vault->formers[i].order)
			ageSession(&vault->formers[i].session, ticks, epochs);
}

/*
	sessions
*/

/* `born`: when our hello or welcome was made, which counts as our counter 0. */
static void startSession(xsVault vault, Session *session, const uint8_t *key, uint32_t number, uint32_t born)
{
	uint32_t epochs = (vault->tick / kEpochTicks) - (born / kEpochTicks), ticks = vault->tick - born;

	c_memset(session, 0, sizeof(*session));
	c_memcpy(session->key, key, kKeyBytes);
	session->number = number;
	session->sentNow = epochs ? 0 : 1;
	session->sentEarlier = (epochs > 1) ? 0 : 1;
	session->sentAfterProbe = kNoProbe;
	session->provenAge = (ticks > kAgeMax) ? kAgeMax : (uint8_t)ticks;
}

static int isNamed(const Session *session, uint32_t counter, uint16_t sent)
{
	return (counter <= session->sent) && (session->sent - counter < sent);
}

/* A new counter goes out. */
static void countSent(Session *session)
{
	session->sent += 1;
	if (session->sentEarlier < kCountMax)
		session->sentEarlier += 1;
	if (session->sentNow < kCountMax)
		session->sentNow += 1;
	if ((kNoProbe == session->sentAfterProbe) || (session->probeAge > kProbeTicks) || (kNoProbe - 1 == session->sentAfterProbe)) {
		session->sentAfterProbe = 0;
		session->probeAge = 0;
	}
	else
		session->sentAfterProbe += 1;
}

/* The other has our counter: it named it in a frame that was just opened. */
static void proveSent(xsVault vault, Session *session, uint32_t counter)
{
	uint32_t age = kAgeMax;

	if (counter > session->sent)
		return;
	if (isNamed(session, counter, session->sentNow))
		age = vault->tick % kEpochTicks;
	else if (isNamed(session, counter, session->sentEarlier))
		age = kEpochTicks + (vault->tick % kEpochTicks);
	if ((kNoProbe != session->sentAfterProbe) && (session->sent - counter <= session->sentAfterProbe)) {
		if (session->probeAge < age)
			age = session->probeAge;
		session->sentAfterProbe = kNoProbe;
	}
	if (age < session->provenAge)
		session->provenAge = (uint8_t)age;
}

static void forgetPendings(xsVault vault, int slot)
{
	int i;

	for (i = 0; i < vault->pendingCount; i++)
		if (vault->pendings[i].number && (slot == vault->pendings[i].slot))
			wipe(&vault->pendings[i], sizeof(Pending));
}

static void forgetHello(xsVault vault, int slot)
{
	int i;

	for (i = 0; i < vault->helloCount; i++)
		if (vault->hellos[i].order && (slot == vault->hellos[i].slot))
			wipe(&vault->hellos[i], sizeof(Hello));
}

static Former *findFormer(xsVault vault, int slot)
{
	int i;

	for (i = 0; i < vault->formerCount; i++)
		if (vault->formers[i].order && (slot == vault->formers[i].slot))
			return &vault->formers[i];
	return C_NULL;
}

static void forgetFormer(xsVault vault, int slot)
{
	Former *former = findFormer(vault, slot);

	if (former)
		wipe(former, sizeof(Former));
}

static Candidate *candidateOf(xsVault vault, int slot)
{
	int i = slot - vault->capacity;

	return ((0 <= i) && (i < vault->candidateCount) && (kFree != vault->candidates[i].state)) ? &vault->candidates[i] : C_NULL;
}

/* The slot of a board that was a candidate's, and is kept now. */
static int keptSlot(xsVault vault, int slot)
{
	Candidate *candidate = candidateOf(vault, slot);

	return (candidate && (kMoved == candidate->state)) ? vaultFind(vault, candidate->mac) : slot;
}

int vaultHas(xsVault vault, int slot)
{
	return (0 <= slot) && (slot < vault->capacity) && (vault->slots[slot].flags & kUsed);
}

int vaultHasSession(xsVault vault, int slot)
{
	return vaultHas(vault, slot) && vault->slots[slot].session.number;
}

void vaultForgetSession(xsVault vault, int slot)
{
	if (!vaultHas(vault, slot))
		return;
	wipe(&vault->slots[slot].session, sizeof(Session));
	forgetPendings(vault, slot);
	forgetHello(vault, slot);
	forgetFormer(vault, slot);
}

int vaultSlotOf(xsVault vault, uint32_t session)
{
	int i;

	for (i = 0; session && (i < vault->capacity); i++)
		if (session == vault->slots[i].session.number)
			return i;
	return -1;
}

int32_t vaultGreeting(xsVault vault, int slot)
{
	int i;

	passTime(vault);
	for (i = 0; i < vault->helloCount; i++)
		if (vault->hellos[i].order && (slot == vault->hellos[i].slot))
			return (int32_t)(vault->tick - vault->hellos[i].tick) * kTickMS;
	return -1;
}

int32_t vaultAwaiting(xsVault vault, int slot)
{
	if (!vaultHasSession(vault, slot))
		return -1;
	passTime(vault);
	/* It may have gone out at the beginning of its tick. */
	return (vault->slots[slot].session.provenAge + 1) * kTickMS;
}

/*
	boards
*/

int vaultFind(xsVault vault, const uint8_t *mac)
{
	int i;

	for (i = 0; i < vault->capacity; i++)
		if ((vault->slots[i].flags & kUsed) && (0 == c_memcmp(vault->slots[i].mac, mac, kMACBytes)))
			return i;
	return -1;
}

static int freeSlot(xsVault vault)
{
	int i;

	for (i = 0; i < vault->capacity; i++)
		if (!(vault->slots[i].flags & kUsed))
			return i;
	return -1;
}

static void fillSlot(xsVault vault, int slot, const uint8_t *mac, const uint8_t *key)
{
	Slot *at = &vault->slots[slot];

	if (!(at->flags & kUsed))
		vault->count += 1;
	wipe(at, sizeof(Slot));
	c_memcpy(at->mac, mac, kMACBytes);
	c_memcpy(at->key, key, kKeyBytes);
	at->flags = kUsed;
}

static void emptySlot(xsVault vault, int slot)
{
	vaultForgetSession(vault, slot);
	wipe(&vault->slots[slot], sizeof(Slot));
	vault->count -= 1;
}

static void addKept(void *context, const KeptBoard *board, int result)
{
	xsVault vault = context;
	int slot = freeSlot(vault);

	if (kStoreOK != result)
		vault->damaged += 1;
	/* A hub that moves to another MAC has two records for a moment; they have one key. */
	else if (slot >= 0)
		fillSlot(vault, slot, board->mac, board->key);
}

size_t vaultBytes(int capacity)
{
	size_t pools = (capacity > 1) ? 16 : 2;

	return sizeof(xsVaultRecord) + ((size_t)capacity * sizeof(Slot)) + (pools * (sizeof(Pending) + sizeof(Hello)))
		+ ((pools / 2) * (sizeof(Former) + sizeof(Candidate)));
}

xsVault vaultMake(const uint8_t *mac, int capacity)
{
	xsVault vault = c_calloc(1, vaultBytes(capacity));

	if (!vault)
		return C_NULL;
	c_memcpy(vault->mac, mac, kMACBytes);
	vault->capacity = (uint16_t)capacity;
	vault->isHub = capacity > 1;
	vault->pendingCount = vault->helloCount = vault->isHub ? 16 : 2;
	vault->formerCount = vault->candidateCount = vault->pendingCount / 2;
	vault->pendings = (Pending *)&vault->slots[capacity];
	vault->hellos = (Hello *)&vault->pendings[vault->pendingCount];
	vault->formers = (Former *)&vault->hellos[vault->helloCount];
	vault->candidates = (Candidate *)&vault->formers[vault->formerCount];
	vault->lastSlot = -1;
	vault->agreedSlot = -1;
	passTime(vault);

	vault->pairResult = (int16_t)storeReadPair(&vault->pair);
	vault->hasPair = kStoreOK == vault->pairResult;
	storeEachBoard(vault, addKept);
	return vault;
}

void vaultDelete(xsVault vault)
{
	backupEnd(vault);
	wipe(vault, vaultBytes(vault->capacity));
	c_free(vault);
}

/* One that gives the same bytes twice makes keys that others have, too. */
static int isRandomGood(const uint8_t *bytes)
{
	uint8_t again[kPrivateBytes];
	int i, good = 0;

	for (i = 1; i < kPrivateBytes; i++)
		if (bytes[i] != bytes[0])
			good = 1;
	esp_fill_random(again, sizeof(again));
	if (isSame(bytes, again, sizeof(again)))
		good = 0;
	wipe(again, sizeof(again));
	return good;
}

int vaultMakeKeys(xsVault vault)
{
	KeyPair pair;
	int made = 0;

	if (vault->hasPair)
		return 1;
	/* Flash may have said no only this once: what could not be read is not written over. */
	if (kStoreRefused == vault->pairResult)
		return 0;
	esp_fill_random(pair.privateKey, kPrivateBytes);
	if (isRandomGood(pair.privateKey)) {
		/* RFC 7748, section 5 */
		pair.privateKey[0] &= 248;
		pair.privateKey[31] = (uint8_t)((pair.privateKey[31] & 127) | 64);
		if (!cryptoPublicKey(pair.privateKey, pair.publicKey) && (kStoreOK == storeWritePair(&pair))) {
			vault->pair = pair;
			vault->hasPair = 1;
			vault->pairResult = kStoreOK;
			made = 1;
		}
	}
	wipe(&pair, sizeof(pair));
	return made;
}

int vaultAgree(xsVault vault, const uint8_t *mac, const uint8_t *publicKey)
{
	uint8_t info[sizeof(gAgreement) - 1 + (2 * kPublicBytes)], secret[kPublicBytes], key[kKeyBytes];
	const uint8_t *hub = vault->isHub ? vault->pair.publicKey : publicKey;
	const uint8_t *device = vault->isHub ? publicKey : vault->pair.publicKey;
	const Piece none = {C_NULL, 0}, infoPiece = {info, sizeof(info)};
	Candidate *candidate = C_NULL;
	int i, failed, kept = vaultFind(vault, mac), slot = -1;

	if (!vault->hasPair)
		return kNoKey;
	if ((vault->agreedSlot >= 0) && (0 == c_memcmp(vault->agreedMAC, mac, kMACBytes)) && (0 == c_memcmp(vault->agreedKey, publicKey, kPublicBytes)))
		return vault->agreedSlot;
	if ((kept < 0) && (freeSlot(vault) < 0))
		return -1;
	for (i = 0; i < vault->candidateCount; i++)
		if ((kFree != vault->candidates[i].state) && (0 == c_memcmp(vault->candidates[i].mac, mac, kMACBytes)))
			candidate = &vault->candidates[i];
	for (i = 0; !candidate && (i < vault->candidateCount); i++)
		if ((kWaiting != vault->candidates[i].state) || !vault->isHub)
			candidate = &vault->candidates[i];
	if (!candidate)
		return -1;

	c_memcpy(info, gAgreement, sizeof(gAgreement) - 1);
	c_memcpy(info + sizeof(gAgreement) - 1, hub, kPublicBytes);
	c_memcpy(info + sizeof(gAgreement) - 1 + kPublicBytes, device, kPublicBytes);
	failed = cryptoAgree(vault->pair.privateKey, publicKey, secret) || cryptoDerive(secret, sizeof(secret), &none, &infoPiece, key, sizeof(key));
	wipe(secret, sizeof(secret));
	if (!failed && (kept >= 0) && isSame(vault->slots[kept].key, key, sizeof(key)))
		slot = kept;
	else if (!failed) {
		c_memcpy(candidate->mac, mac, kMACBytes);
		c_memcpy(candidate->key, key, kKeyBytes);
		c_memcpy(candidate->publicKey, publicKey, kPublicBytes);
		candidate->state = kWaiting;
		slot = vault->capacity + (int)(candidate - vault->candidates);
	}
	wipe(key, sizeof(key));
	if (slot >= 0) {
		c_memcpy(vault->agreedMAC, mac, kMACBytes);
		c_memcpy(vault->agreedKey, publicKey, kPublicBytes);
	}
	vault->agreedSlot = (int16_t)slot;
	return slot;
}

int vaultKeep(xsVault vault, int slot)
{
	Candidate *candidate = candidateOf(vault, slot);
	KeptBoard board;
	int kept, at;

	if (!candidate || (kMoved == candidate->state))
		return vaultIsKept(vault, slot);
	at = vaultFind(vault, candidate->mac);
	if (at < 0)
		at = freeSlot(vault);
	if (at < 0)
		return 0;
	c_memcpy(board.mac, candidate->mac, kMACBytes);
	c_memcpy(board.key, candidate->key, kKeyBytes);
	c_memcpy(board.publicKey, candidate->publicKey, kPublicBytes);
	kept = kStoreOK == storeWriteBoard(&board);
	if (kept) {
		vaultForgetSession(vault, at);
		fillSlot(vault, at, board.mac, board.key);
		wipe(candidate->key, kKeyBytes);
		candidate->state = kMoved;
	}
	vault->agreedSlot = -1;
	wipe(&board, sizeof(board));
	return kept;
}

int vaultIsKept(xsVault vault, int slot)
{
	return vaultHas(vault, keptSlot(vault, slot));
}

void vaultAbandon(xsVault vault, int slot)
{
	Candidate *candidate = candidateOf(vault, slot);

	vault->agreedSlot = -1;
	if (candidate)
		wipe(candidate, sizeof(Candidate));
}

int vaultRemove(xsVault vault, int slot)
{
	int result, at = slot;

	slot = keptSlot(vault, slot);
	vaultAbandon(vault, at);
	if (!vaultHas(vault, slot))
		return 1;
	/* On a device there is but one: what else is there comes from its hub's move to another MAC. */
	result = vault->isHub ? storeEraseBoard(vault->slots[slot].mac) : storeEraseBoards();
	emptySlot(vault, slot);
	return kStoreOK == result;
}

int vaultRemoveAll(xsVault vault, int pair)
{
	int i, result = storeEraseBoards();

	for (i = 0; i < vault->capacity; i++)
		if (vaultHas(vault, i))
			emptySlot(vault, i);
	for (i = 0; i < vault->candidateCount; i++)
		vaultAbandon(vault, vault->capacity + i);
	vault->damaged = 0;
	if (pair) {
		if (kStoreOK != storeErasePair())
			result = kStoreRefused;
		wipe(&vault->pair, sizeof(KeyPair));
		vault->hasPair = 0;
		vault->pairResult = kStoreAbsent;
	}
	return kStoreOK == result;
}

int vaultRestorePair(xsVault vault, const KeyPair *pair)
{
	if (kStoreOK != storeWritePair(pair))
		return 0;
	vault->pair = *pair;
	vault->hasPair = 1;
	vault->pairResult = kStoreOK;
	vault->agreedSlot = -1;
	return 1;
}

int vaultRestoreBoard(xsVault vault, const KeptBoard *board)
{
	int slot = vaultFind(vault, board->mac);

	if (slot < 0)
		slot = freeSlot(vault);
	if (slot < 0)
		return kNoKey;
	if (kStoreOK != storeWriteBoard(board))
		return kCrypto;
	vaultForgetSession(vault, slot);
	fillSlot(vault, slot, board->mac, board->key);
	return slot;
}

const uint8_t *vaultKey(xsVault vault, int slot)
{
	Candidate *candidate;

	slot = keptSlot(vault, slot);
	candidate = candidateOf(vault, slot);
	return candidate ? candidate->key : vaultHas(vault, slot) ? vault->slots[slot].key : C_NULL;
}

int vaultTheirKey(xsVault vault, int slot, uint8_t *publicKey)
{
	Candidate *candidate;
	KeptBoard board;
	int result;

	slot = keptSlot(vault, slot);
	candidate = candidateOf(vault, slot);
	if (candidate) {
		c_memcpy(publicKey, candidate->publicKey, kPublicBytes);
		return 0;
	}
	if (!vaultHas(vault, slot))
		return -1;
	c_memcpy(board.mac, vault->slots[slot].mac, kMACBytes);
	result = storeReadBoard(&board);
	if (kStoreOK == result)
		c_memcpy(publicKey, board.publicKey, kPublicBytes);
	wipe(&board, sizeof(board));
	return (kStoreOK == result) ? 0 : -1;
}

/*
	handshake
*/

static int tagOfHello(const uint8_t *key, const uint8_t *hello, uint8_t *tag)
{
	const Piece pieces[2] = {{"hello", 5}, {hello, kHelloBytes - kTagBytes}};

	return cryptoTag(key, pieces, 2, tag, kTagBytes);
}

static int tagOfWelcome(const uint8_t *key, const uint8_t *welcome, const uint8_t *random, uint8_t *tag)
{
	const Piece pieces[3] = {{"welcome", 7}, {welcome, kWelcomeBytes - kTagBytes}, {random, kRandomBytes}};

	return cryptoTag(key, pieces, 3, tag, kTagBytes);
}

static int deriveSession(const uint8_t *key, const uint8_t *helloRandom, const uint8_t *welcomeRandom, const uint8_t *initiator, const uint8_t *responder, uint8_t *session)
{
	uint8_t salt[2 * kRandomBytes], info[sizeof(gSessionInfo) - 1 + (2 * kMACBytes)];
	const Piece saltPiece = {salt, sizeof(salt)}, infoPiece = {info, sizeof(info)};

	c_memcpy(salt, helloRandom, kRandomBytes);
	c_memcpy(salt + kRandomBytes, welcomeRandom, kRandomBytes);
	c_memcpy(info, gSessionInfo, sizeof(gSessionInfo) - 1);
	c_memcpy(info + sizeof(gSessionInfo) - 1, initiator, kMACBytes);
	c_memcpy(info + sizeof(gSessionInfo) - 1 + kMACBytes, responder, kMACBytes);
	return cryptoDerive(key, kKeyBytes, &saltPiece, &infoPiece, session, kKeyBytes);
}

int vaultHello(xsVault vault, int slot, uint8_t *into)
{
	Hello *hello = C_NULL;
	int i;

	if (!vaultHas(vault, slot))
		return kNoKey;
	passTime(vault);
	forgetHello(vault, slot);
	for (i = 0; i < vault->helloCount; i++)
		if (!hello || (vault->hellos[i].order < hello->order))
			hello = &vault->hellos[i];

	into[0] = kFrameMark;
	into[1] = (kFrameVersion << 4) | kKindHello;
	c_memcpy(into + 2, vault->mac, kMACBytes);
	c_memcpy(into + 8, vault->slots[slot].mac, kMACBytes);
	esp_fill_random(into + kHeadBytes, kRandomBytes);
	if (tagOfHello(vault->slots[slot].key, into, into + kHelloBytes - kTagBytes))
		return kCrypto;
	c_memcpy(hello->random, into + kHeadBytes, kRandomBytes);
	hello->tick = vault->tick;
	hello->order = ++vault->order;
	hello->slot = (uint8_t)slot;
	return kHelloBytes;
}

/* Slot of who sent a handshake frame to us, or what is wrong with it. */
static int checkHandshake(xsVault vault, const uint8_t *bytes, int length, int kind, int expected)
{
	int slot;

	if ((length < 2) || (kFrameMark != bytes[0]))
		return kMalformed;
	if (kFrameVersion != (bytes[1] >> 4))
		return kVersion_;
	if ((length != expected) || (kind != (bytes[1] & 15)) || c_memcmp(bytes + 8, vault->mac, kMACBytes))
		return kMalformed;
	slot = vaultFind(vault, bytes + 2);
	/* A device's hub is known by its key: it may come back on another board, with another MAC. */
	if ((slot < 0) && (kKindHello == kind) && !vault->isHub && vaultHas(vault, 0))
		slot = 0;
	return (slot < 0) ? kNoKey : slot;
}

/* Eight right ones in a second of one board; the second is known modulo 16. */
static int countHello(xsVault vault, Slot *slot)
{
	uint8_t second = (uint8_t)((vault->tick / (1000 / kTickMS)) & 15);

	if (second != (slot->hellos >> 4))
		slot->hellos = (uint8_t)(second << 4);
	if (kHellosASecond == (slot->hellos & 15))
		return -1;
	slot->hellos += 1;
	return 0;
}

static int isNumberUsed(xsVault vault, uint32_t number)
{
	int i;

	for (i = 0; i < vault->capacity; i++)
		if (number == vault->slots[i].session.number)
			return 1;
	for (i = 0; i < vault->pendingCount; i++)
		if (number == vault->pendings[i].number)
			return 1;
	for (i = 0; i < vault->formerCount; i++)
		if (number == vault->formers[i].session.number)
			return 1;
	return 0;
}

static uint32_t newNumber(xsVault vault)
{
	uint32_t number;

	/* 31 bits, so that it is an integer of the engine. 0 is in use: free places have it. */
	do
		number = esp_random() & 0x7FFFFFFF;
	while (isNumberUsed(vault, number));
	return number;
}

/* The place for one more welcome: the oldest goes, of this board when it has two. */
static Pending *placeForPending(xsVault vault, int slot)
{
	Pending *oldest = C_NULL, *oldestOfSlot = C_NULL;
	int i, count = 0;

	for (i = 0; i < vault->pendingCount; i++) {
		Pending *pending = &vault->pendings[i];
		if (!oldest || (pending->order < oldest->order))
			oldest = pending;
		if (pending->number && (slot == pending->slot)) {
			count += 1;
			if (!oldestOfSlot || (pending->order < oldestOfSlot->order))
				oldestOfSlot = pending;
		}
	}
	return (count < kPendingsOfSlot) ? oldest : oldestOfSlot;
}

int vaultOnHello(xsVault vault, const uint8_t *bytes, int length, uint8_t *into)
{
	uint8_t tag[kTagBytes];
	Pending *pending;
	uint32_t number;
	int slot = checkHandshake(vault, bytes, length, kKindHello, kHelloBytes);

	vault->lastSlot = -1;
	if (slot < 0)
		return slot;
	passTime(vault);
	if (tagOfHello(vault->slots[slot].key, bytes, tag))
		return kCrypto;
	if (!isSame(tag, bytes + kHelloBytes - kTagBytes, kTagBytes))
		return kBadTag;
	vault->lastSlot = slot;
	/* Only after the tag: who forges hellos must not use up those of the owner. */
	if (countHello(vault, &vault->slots[slot]))
		return kHellos;

	into[0] = kFrameMark;
	into[1] = (kFrameVersion << 4) | kKindWelcome;
	c_memcpy(into + 2, vault->mac, kMACBytes);
	c_memcpy(into + 8, bytes + 2, kMACBytes);
	esp_fill_random(into + kHeadBytes, kRandomBytes);
	number = newNumber(vault);
	putLE(into + 30, number);
	c_memcpy(into + 34, bytes + kHeadBytes, 4);
	pending = placeForPending(vault, slot);
	if (tagOfWelcome(vault->slots[slot].key, into, bytes + kHeadBytes, into + kWelcomeBytes - kTagBytes)
		|| deriveSession(vault->slots[slot].key, bytes + kHeadBytes, into + kHeadBytes, bytes + 2, vault->mac, pending->key)) {
		wipe(pending, sizeof(Pending));
		return kCrypto;
	}
	pending->number = number;
	pending->tick = vault->tick;
	pending->order = ++vault->order;
	c_memcpy(pending->mac, bytes + 2, kMACBytes);
	pending->slot = (uint8_t)slot;
	/* Of two hellos that cross, the caller has chosen this one. */
	forgetHello(vault, slot);
	return kWelcomeBytes;
}

/* Keeps the session for receiving until the next one is proven. One that was never proven itself makes way. */
static void keepFormer(xsVault vault, int slot)
{
	Former *former = C_NULL;
	int i;

	if (!vault->slots[slot].session.number || findFormer(vault, slot))
		return;
	for (i = 0; i < vault->formerCount; i++)
		if (!former || (vault->formers[i].order < former->order))
			former = &vault->formers[i];
	former->session = vault->slots[slot].session;
	former->order = ++vault->order;
	former->slot = (uint8_t)slot;
	former->isInitiator = (vault->slots[slot].flags & kInitiator) ? 1 : 0;
}

int vaultOnWelcome(xsVault vault, const uint8_t *bytes, int length)
{
	uint8_t tag[kTagBytes], key[kKeyBytes];
	Hello *hello = C_NULL;
	Slot *at;
	int i, slot = checkHandshake(vault, bytes, length, kKindWelcome, kWelcomeBytes);

	if (slot < 0)
		return slot;
	passTime(vault);
	for (i = 0; i < vault->helloCount; i++)
		if (vault->hellos[i].order && (slot == vault->hellos[i].slot))
			hello = &vault->hellos[i];
	if (!hello || (vault->tick - hello->tick > kHelloTicks) || c_memcmp(hello->random, bytes + 34, 4))
		return kLate;
	if (0 == getLE(bytes + 30))
		return kMalformed;
	at = &vault->slots[slot];
	if (tagOfWelcome(at->key, bytes, hello->random, tag))
		return kCrypto;
	if (!isSame(tag, bytes + kWelcomeBytes - kTagBytes, kTagBytes))
		return kBadTag;
	if (deriveSession(at->key, hello->random, bytes + kHeadBytes, vault->mac, at->mac, key))
		return kCrypto;

	keepFormer(vault, slot);
	startSession(vault, &at->session, key, getLE(bytes + 30), hello->tick);
	wipe(key, sizeof(key));
	at->flags |= kInitiator;
	forgetHello(vault, slot);
	/* A welcome of ours that nobody took up: a frame that was held back must not bring it to life now. */
	forgetPendings(vault, slot);
	return slot;
}

/*
	frames
*/

static void makeNonce(uint8_t *nonce, int direction, const uint8_t *frame)
{
	nonce[0] = (uint8_t)direction;
	c_memcpy(nonce + 1, frame + 2, 8);
	c_memset(nonce + 9, 0, 4);
}

static void makeHeader(uint8_t *header, const uint8_t *frame, const uint8_t *sender, const uint8_t *receiver)
{
	c_memcpy(header, frame, kHeadBytes);
	c_memcpy(header + kHeadBytes, sender, kMACBytes);
	c_memcpy(header + kHeadBytes + kMACBytes, receiver, kMACBytes);
}

static Sealed *findSealed(xsVault vault, int slot, uint32_t number, uint32_t counter)
{
	int i;

	for (i = 0; i < kSealedCount; i++) {
		Sealed *sealed = &vault->sealed[i];
		if ((counter == sealed->counter) && (number == sealed->number) && (slot == sealed->slot))
			return sealed;
	}
	return C_NULL;
}

static int isReplyKind(int kind)
{
	return (kKindPong == kind) || (kKindReply == kind) || (kKindError == kind);
}

int vaultSeal(xsVault vault, int slot, int kind, uint32_t counter, uint32_t reply, const uint8_t *text, size_t length, uint8_t *into, size_t room)
{
	uint8_t nonce[kNonceBytes], header[kHeadBytes + (2 * kMACBytes)];
	const Piece headerPiece = {header, sizeof(header)};
	Session *session;
	Sealed *sealed;
	Slot *at;
	size_t frame = kHeadBytes + length + kTagBytes;
	int isAgain = 0 != counter;

	if (!vaultHas(vault, slot))
		return kNoKey;
	passTime(vault);
	at = &vault->slots[slot];
	session = &at->session;
	if (!session->number || (session->sent >= kCounterMax))
		return kNoSession;
	if ((length > kFrameBytes) || (frame > kFrameBytes) || (frame > room))
		return kTooLong;
	if (isAgain) {
		/* Under this counter another frame would undo both: only the same one goes out again, and only in its own session. */
		sealed = findSealed(vault, slot, session->number, counter);
		if (!sealed)
			return kVoid;
	}
	else {
		sealed = &vault->sealed[vault->sealedNext];
		counter = session->sent + 1;
		if (!isReplyKind(kind))
			reply = session->heard;
	}

	into[0] = kFrameMark;
	into[1] = (uint8_t)((kFrameVersion << 4) | kind);
	putLE(into + 2, session->number);
	putLE(into + 6, counter);
	putLE(into + 10, reply);
	makeNonce(nonce, (at->flags & kInitiator) ? 0 : 1, into);
	makeHeader(header, into, vault->mac, at->mac);
	/* Before: whatever becomes of it, this counter is used. */
	if (!isAgain)
		countSent(session);
	if (cryptoSeal(session->key, nonce, &headerPiece, text, length, into + kHeadBytes, kTagBytes)) {
		c_memset(into, 0, frame);
		return kCrypto;
	}
	if (!isAgain) {
		sealed->number = session->number;
		sealed->counter = counter;
		sealed->slot = (uint8_t)slot;
		c_memcpy(sealed->tag, into + kHeadBytes + length, sizeof(sealed->tag));
		vault->sealedNext = (uint8_t)((vault->sealedNext + 1) % kSealedCount);
	}
	else if (!isSame(sealed->tag, into + kHeadBytes + length, sizeof(sealed->tag))) {
		c_memset(into, 0, frame);
		return kVoid;
	}
	vault->lastCounter = (int32_t)counter;
	vault->lastSession = (int32_t)session->number;
	vault->lastReply = (int32_t)reply;
	return (int)frame;
}

/* Opens a frame under one session. 0, or why not; nothing has changed then. */
static int openUnder(xsVault vault, const uint8_t *mac, const Session *session, int isInitiator, const uint8_t *bytes, int length)
{
	uint8_t nonce[kNonceBytes], header[kHeadBytes + (2 * kMACBytes)];
	const Piece headerPiece = {header, sizeof(header)};
	uint32_t counter = getLE(bytes + 6);
	int result;

	if ((counter <= session->heard) && (session->heard - counter >= kWindow))
		return kReplay;
	makeNonce(nonce, isInitiator ? 1 : 0, bytes);
	makeHeader(header, bytes, mac, vault->mac);
	result = cryptoOpen(session->key, nonce, &headerPiece, bytes + kHeadBytes, (size_t)length - kHeadBytes, vault->aside, kTagBytes);
	return (result < 0) ? kCrypto : result ? kBadTag : 0;
}

/* The frame is the other's: what it says of counters counts. */
static void take(xsVault vault, Session *session, uint8_t *bytes, int length, int32_t *opened)
{
	uint32_t counter = getLE(bytes + 6), named = getLE(bytes + 10), ahead;
	int32_t flags = 0;

	if (counter > session->heard) {
		ahead = counter - session->heard;
		session->window = (ahead < kWindow) ? (session->window << ahead) | 1 : 1;
		session->heard = counter;
	}
	else if (session->window & (1u << (session->heard - counter)))
		flags |= kSeen;
	else
		session->window |= 1u << (session->heard - counter);

	if (isNamed(session, named, session->sentEarlier))
		flags |= kFresh;
	proveSent(vault, session, named);

	opened[0] = bytes[1] & 15;
	opened[1] = (int32_t)counter;
	opened[2] = (int32_t)named;
	opened[3] = flags;
	opened[4] = length - kHeadBytes - kTagBytes;
	opened[5] = (int32_t)session->number;
	c_memcpy(bytes + kHeadBytes, vault->aside, (size_t)opened[4]);
}

/* A device's hub has proven, by a frame that is no replay, that it has another MAC now. Should flash refuse, it will prove it again after a restart. */
static void moveBoard(Slot *slot, const uint8_t *mac)
{
	KeptBoard board;

	c_memcpy(board.mac, slot->mac, kMACBytes);
	if (kStoreOK == storeReadBoard(&board)) {
		c_memcpy(board.mac, mac, kMACBytes);
		if (kStoreOK == storeWriteBoard(&board))
			storeEraseBoard(slot->mac);
	}
	wipe(&board, sizeof(board));
	c_memcpy(slot->mac, mac, kMACBytes);
}

static int openOfSlot(xsVault vault, int slot, uint8_t *bytes, int length, int32_t *opened)
{
	uint32_t number = getLE(bytes + 2);
	Slot *at = &vault->slots[slot];
	Former *former;
	int i, result = kUnknownSession;

	if (number == at->session.number) {
		result = openUnder(vault, at->mac, &at->session, at->flags & kInitiator, bytes, length);
		if (0 == result) {
			take(vault, &at->session, bytes, length, opened);
			forgetFormer(vault, slot);
			forgetHello(vault, slot);
			return slot;
		}
	}
	former = findFormer(vault, slot);
	if (former && (number == former->session.number)) {
		result = openUnder(vault, at->mac, &former->session, former->isInitiator, bytes, length);
		if (0 == result) {
			take(vault, &former->session, bytes, length, opened);
			opened[3] |= kFormer;
			return slot;
		}
	}
	for (i = 0; i < vault->pendingCount; i++) {
		Pending *pending = &vault->pendings[i];
		if ((number == pending->number) && (slot == pending->slot)) {
			Session session;
			startSession(vault, &session, pending->key, number, pending->tick);
			result = openUnder(vault, pending->mac, &session, 0, bytes, length);
			if (0 == result) {
				/* The other has our welcome: its session is the one now, and no other welcome can become it later. */
				at->session = session;
				at->flags &= (uint8_t)~kInitiator;
				if (c_memcmp(at->mac, pending->mac, kMACBytes))
					moveBoard(at, pending->mac);
				forgetPendings(vault, slot);
				forgetFormer(vault, slot);
				forgetHello(vault, slot);
				take(vault, &at->session, bytes, length, opened);
			}
			wipe(&session, sizeof(session));
			if (0 == result)
				return slot;
		}
	}
	return result;
}

int vaultOpen(xsVault vault, uint8_t *bytes, int length, const uint8_t *from, int32_t *opened)
{
	int kind, first, i, result, worst = kUnknownSession;

	if ((length < 2) || (kFrameMark != bytes[0]))
		return kMalformed;
	if (kFrameVersion != (bytes[1] >> 4))
		return kVersion_;
	kind = bytes[1] & 15;
	if ((length < kHeadBytes + kTagBytes) || (length > kFrameBytes) || (0 == kind) || (kKindHello == kind) || (kKindWelcome == kind) || (kind > kKindLast)
		|| (0 == getLE(bytes + 2)) || (0 == getLE(bytes + 6)) || (getLE(bytes + 6) > kCounterMax))
		return kMalformed;
	passTime(vault);

	first = from ? vaultFind(vault, from) : -1;
	if (first >= 0) {
		result = openOfSlot(vault, first, bytes, length, opened);
		if (result >= 0)
			return result;
		worst = result;
	}
	/* A relayed frame comes from another address than its sender's. */
	for (i = 0; i < vault->capacity; i++) {
		if ((i == first) || !(vault->slots[i].flags & kUsed))
			continue;
		result = openOfSlot(vault, i, bytes, length, opened);
		if (result >= 0)
			return result;
		if (kUnknownSession != result)
			worst = result;
	}
	return worst;
}
