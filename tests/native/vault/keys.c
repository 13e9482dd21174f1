/* Keys in flash: kept, given up, damaged, moved. */
#include "nvs_flash/include/nvs_flash.h"
#include "pair.h"

static xsVault again(xsVault vault)
{
	uint8_t mac[6];
	int capacity = vault->capacity;
	memcpy(mac, vault->mac, sizeof(mac));
	vaultDelete(vault);
	return vaultMake(mac, capacity);
}

/* One vault with a pair, and another board's public key. */
static uint8_t gTheirs[kPublicBytes], gTheirNewer[kPublicBytes];

static void makeHub(void)
{
	makeBoards();
	memcpy(gTheirs, gDevice->pair.publicKey, sizeof(gTheirs));
	memcpy(gTheirNewer, gHub->pair.publicKey, sizeof(gTheirNewer));
	vaultDelete(gDevice);
	vaultRemoveAll(gHub, 1);
	CHECK_IS(vaultMakeKeys(gHub), 1);
}

static void damage(const char *name, size_t at)
{
	uint8_t record[128];
	size_t length = sizeof(record);
	nvs_handle_t handle;
	CHECK_IS(nvs_open("rbrseal", NVS_READWRITE, &handle), ESP_OK);
	CHECK_IS(nvs_get_blob(handle, name, record, &length), ESP_OK);
	record[at] ^= 4;
	CHECK_IS(nvs_set_blob(handle, name, record, length), ESP_OK);
	nvs_close(handle);
}

static int isInFlash(const char *name)
{
	uint8_t record[128];
	size_t length = sizeof(record);
	nvs_handle_t handle;
	esp_err_t err = nvs_open("rbrseal", NVS_READONLY, &handle);
	if (err)
		return 0;
	err = nvs_get_blob(handle, name, record, &length);
	nvs_close(handle);
	return err == ESP_OK;
}

RULE(pairKept, "a key pair is made once, is there after a restart, and stays when all boards are removed")
{
	KeyPair first;
	makeHub();
	first = gHub->pair;
	CHECK_IS(vaultMakeKeys(gHub), 1);
	CHECK(!memcmp(&first, &gHub->pair, sizeof(first)));
	gHub = again(gHub);
	CHECK(gHub->hasPair);
	CHECK(!memcmp(&first, &gHub->pair, sizeof(first)));
	CHECK_IS(vaultRemoveAll(gHub, 0), 1);
	gHub = again(gHub);
	CHECK(gHub->hasPair);
	CHECK_IS(vaultRemoveAll(gHub, 1), 1);
	gHub = again(gHub);
	CHECK(!gHub->hasPair);
	CHECK_IS(vaultAgree(gHub, gDeviceMAC, gTheirs), kNoKey);
	CHECK_IS(vaultMakeKeys(gHub), 1);
	CHECK(memcmp(&first, &gHub->pair, sizeof(first)));
}

RULE(badRandom, "no key pair is made of random numbers that are stuck")
{
	makeHub();
	vaultRemoveAll(gHub, 1);
	give("fault", "'kind':'random-stuck','count':1");
	CHECK_IS(vaultMakeKeys(gHub), 0);
	CHECK(!isInFlash("own"));
	give("fault", "'kind':'random-stuck','count':0");
	CHECK_IS(vaultMakeKeys(gHub), 1);
}

RULE(candidates, "a candidate is no board yet: found by nobody, without session, gone after a restart; kept, it is there")
{
	uint8_t hello[kHelloBytes];
	makeHub();
	int slot = vaultAgree(gHub, gDeviceMAC, gTheirs);
	CHECK(slot >= gHub->capacity);
	CHECK_IS(vaultFind(gHub, gDeviceMAC), -1);
	CHECK_IS(gHub->count, 0);
	CHECK(!vaultIsKept(gHub, slot));
	CHECK(vaultKey(gHub, slot) != NULL);
	CHECK_IS(vaultHello(gHub, slot, hello), kNoKey);
	CHECK_IS(vaultAgree(gHub, gDeviceMAC, gTheirs), slot);
	gHub = again(gHub);
	CHECK_IS(gHub->count, 0);
	CHECK(!vaultKey(gHub, slot));
	slot = vaultAgree(gHub, gDeviceMAC, gTheirs);
	CHECK_IS(vaultKeep(gHub, slot), 1);
	CHECK_IS(vaultFind(gHub, gDeviceMAC), 0);
	CHECK(vaultIsKept(gHub, slot));
	CHECK(vaultKey(gHub, slot) == gHub->slots[0].key);
	CHECK_IS(vaultAgree(gHub, gDeviceMAC, gTheirs), 0);
	gHub = again(gHub);
	CHECK_IS(vaultFind(gHub, gDeviceMAC), 0);
	CHECK_IS(gHub->count, 1);
}

RULE(olderKey, "until the newer key of a board is kept its older one is; a candidate that is given up leaves it as it was")
{
	uint8_t older[kKeyBytes];
	makeHub();
	CHECK_IS(vaultKeep(gHub, vaultAgree(gHub, gDeviceMAC, gTheirs)), 1);
	memcpy(older, gHub->slots[0].key, sizeof(older));
	int slot = vaultAgree(gHub, gDeviceMAC, gTheirNewer);
	CHECK(slot >= gHub->capacity);
	CHECK(!memcmp(older, gHub->slots[0].key, sizeof(older)));
	vaultAbandon(gHub, slot);
	CHECK(!vaultKey(gHub, slot));
	gHub = again(gHub);
	CHECK(!memcmp(older, gHub->slots[0].key, sizeof(older)));
	CHECK_IS(vaultKeep(gHub, vaultAgree(gHub, gDeviceMAC, gTheirNewer)), 1);
	CHECK_IS(gHub->count, 1);
	CHECK(memcmp(older, gHub->slots[0].key, sizeof(older)));
}

static int gSlot;

static void keepIt(void)
{
	vaultKeep(gHub, gSlot);
}

RULE(powerCut, "power that fails while a key is kept leaves the older one or the newer one, whole")
{
	uint8_t older[kKeyBytes];
	KeptBoard board;
	makeHub();
	CHECK_IS(vaultKeep(gHub, vaultAgree(gHub, gDeviceMAC, gTheirs)), 1);
	memcpy(older, gHub->slots[0].key, sizeof(older));
	gSlot = vaultAgree(gHub, gDeviceMAC, gTheirNewer);
	memcpy(board.mac, gDeviceMAC, 6);
	/* A blob is one step of flash: the power fails before it. */
	forget();
	CHECK_IS(vaultKeep(gHub, gSlot), 1);
	CHECK_IS(timesSaid("'do':'nvs'"), 1);
	CHECK_IS(storeReadBoard(&board), kStoreOK);
	CHECK(memcmp(older, board.key, sizeof(older)));
	give("fault", "'kind':'power-cut-in-flash-write','count':1");
	gSlot = vaultAgree(gHub, gDeviceMAC, gTheirs);
	forget();
	CHECK(!strcmp(endOf(keepIt), "power-cut"));
	CHECK_IS(timesSaid("'do':'nvs'"), 0);
}

RULE(flashRefuses, "what flash does not take is not kept, and may be kept later")
{
	makeHub();
	int slot = vaultAgree(gHub, gDeviceMAC, gTheirs);
	give("fault", "'kind':'flash-refuses','count':1");
	CHECK_IS(vaultKeep(gHub, slot), 0);
	CHECK_IS(vaultFind(gHub, gDeviceMAC), -1);
	CHECK(!vaultIsKept(gHub, slot));
	give("fault", "'kind':'flash-refuses','count':0");
	CHECK_IS(vaultKeep(gHub, slot), 1);
}

RULE(removed, "a removed board's key is nowhere any more, its session neither")
{
	uint8_t key[kKeyBytes], sessionKey[kKeyBytes];
	startSessions();
	CHECK_IS(openAt(gDevice, seal(gHub, 1, "")), 0);
	CHECK_IS(openAt(gHub, seal(gDevice, 1, "")), 0);
	vaultOnHello(gHub, gFrame, 3, gFrame);
	memcpy(key, gHub->slots[0].key, sizeof(key));
	memcpy(sessionKey, gHub->slots[0].session.key, sizeof(sessionKey));
	CHECK_IS(vaultRemove(gHub, 0), 1);
	CHECK_IS(vaultRemove(gHub, 0), 1);
	CHECK(!isInFlash("k34b4720a1004"));
	CHECK_IS(gHub->count, 0);
	const uint8_t *memory = (const uint8_t *)gHub;
	for (size_t i = 0; i + kKeyBytes <= vaultBytes(gHub->capacity); i++)
		CHECK(memcmp(memory + i, key, kKeyBytes) && memcmp(memory + i, sessionKey, kKeyBytes));
}

RULE(damaged, "a damaged record is said to be one, wherever a bit is wrong; the rest is used")
{
	makeHub();
	CHECK_IS(vaultKeep(gHub, vaultAgree(gHub, gDeviceMAC, gTheirs)), 1);
	CHECK_IS(vaultKeep(gHub, vaultAgree(gHub, gStrangerMAC, gTheirNewer)), 1);
	for (size_t at = 0; at < 53; at += 4) {
		damage("k34b4720a1004", at);
		gHub = again(gHub);
		CHECK_IS(gHub->damaged, 1);
		CHECK_IS(vaultFind(gHub, gDeviceMAC), -1);
		CHECK(vaultFind(gHub, gStrangerMAC) >= 0);
		CHECK(gHub->hasPair);
		damage("k34b4720a1004", at);
	}
	damage("own", 40);
	gHub = again(gHub);
	CHECK_IS(gHub->pairResult, kStoreDamaged);
	CHECK(!gHub->hasPair);
	CHECK_IS(gHub->count, 2);
	CHECK_IS(vaultMakeKeys(gHub), 1);
	damage("k34b4720a1004", 9);
	gHub = again(gHub);
	CHECK_IS(vaultRemoveAll(gHub, 0), 1);
	CHECK(!isInFlash("k34b4720a1004"));
	CHECK_IS(gHub->damaged, 0);
}

RULE(swapped, "a record under another board's name is a damaged one")
{
	uint8_t record[64];
	size_t length = sizeof(record);
	nvs_handle_t handle;
	makeHub();
	CHECK_IS(vaultKeep(gHub, vaultAgree(gHub, gDeviceMAC, gTheirs)), 1);
	CHECK_IS(nvs_open("rbrseal", NVS_READWRITE, &handle), ESP_OK);
	CHECK_IS(nvs_get_blob(handle, "k34b4720a1004", record, &length), ESP_OK);
	CHECK_IS(nvs_set_blob(handle, "k34b4720a1008", record, length), ESP_OK);
	CHECK_IS(nvs_set_blob(handle, "kx", record, length), ESP_OK);
	nvs_close(handle);
	gHub = again(gHub);
	CHECK_IS(gHub->count, 1);
	CHECK_IS(gHub->damaged, 1);
	CHECK_IS(vaultFind(gHub, gStrangerMAC), -1);
}

RULE(full, "a full vault takes no other board, but a newer key of one that it has; candidates have eight places on a hub")
{
	uint8_t key[kPublicBytes];
	makeHub();
	for (int i = 0; i < 3; i++) {
		uint8_t mac[6] = {0x34, 0xb4, 0x72, 0x0a, 0x20, (uint8_t)(4 * i)};
		memset(key, i + 9, sizeof(key));
		CHECK_IS(vaultKeep(gHub, vaultAgree(gHub, mac, key)), 1);
		if (i == 0)
			for (int j = 0; j < 9; j++) {
				uint8_t other[6] = {0x34, 0xb4, 0x72, 0x0a, 0x30, (uint8_t)(4 * j)};
				int slot = vaultAgree(gHub, other, gTheirs);
				CHECK_IS(slot, j < 8 ? gHub->capacity + j : -1);
			}
		if (i == 0)
			for (int j = 0; j < 8; j++)
				vaultAbandon(gHub, gHub->capacity + j);
	}
	CHECK_IS(vaultAgree(gHub, gDeviceMAC, gTheirs), -1);
	uint8_t first[6] = {0x34, 0xb4, 0x72, 0x0a, 0x20, 0};
	CHECK_IS(vaultKeep(gHub, vaultAgree(gHub, first, gTheirs)), 1);
	CHECK_IS(gHub->count, 3);
}

RULE(movedHub, "a device follows its hub's key to another MAC, in flash too, with the first frame of a session; a replayed hello moves nothing")
{
	uint8_t hello[kHelloBytes], welcome[kWelcomeBytes];
	joinBoards();
	memcpy(gHub->mac, gStrangerMAC, 6);
	CHECK_IS(vaultHello(gHub, 0, hello), kHelloBytes);
	CHECK_IS(vaultOnHello(gDevice, hello, kHelloBytes, welcome), kWelcomeBytes);
	CHECK_IS(vaultFind(gDevice, gHubMAC), 0);
	CHECK_IS(vaultOnWelcome(gHub, welcome, kWelcomeBytes), 0);
	CHECK_IS(vaultFind(gDevice, gStrangerMAC), -1);
	CHECK_IS(openFrom(gDevice, gStrangerMAC, gFrame, seal(gHub, REQUEST, "on")), 0);
	CHECK_IS(vaultFind(gDevice, gStrangerMAC), 0);
	CHECK(isInFlash("k34b4720a1008"));
	CHECK(!isInFlash("k34b4720a1000"));
	CHECK_IS(openFrom(gHub, gDeviceMAC, gFrame, seal(gDevice, 7, "report")), 0);
	hello[30] ^= 1;
	CHECK_IS(vaultOnHello(gDevice, hello, kHelloBytes, welcome), kBadTag);
	/* A hub knows its devices by their MACs. */
	CHECK_IS(vaultHello(gDevice, 0, hello), kHelloBytes);
	memcpy(gDevice->mac, gHubMAC, 6);
	CHECK_IS(vaultHello(gDevice, 0, hello), kHelloBytes);
	CHECK_IS(vaultOnHello(gHub, hello, kHelloBytes, welcome), kNoKey);
}

RULE(sizes, "a slot takes 64 bytes, the vault of a hub for 200 devices 16,120 bytes of native memory in one block")
{
	CHECK_IS(sizeof(Slot), 64);
	CHECK(vaultBytes(200) <= 16120);
	CHECK(vaultBytes(1) < 2000);
}
