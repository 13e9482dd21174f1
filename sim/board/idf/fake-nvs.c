/*
	NVS: names, types and sizes as the real one checks them. A write goes to flash at once (commit has nothing left to
	do), each as one step that a power cut can come before; what is the same already is not written.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "nvs_flash.h"
#include "rules.h"

#define HANDLES 16
#define ENTRIES (15 * 126) /* sixteen pages of 64 KB (sdkconfig/partitions.csv) less the one kept free, of 126 entries of 32 bytes */
#define VALUE_MAX 4000 /* nvs_set_str */

typedef struct Entry {
	struct Entry *next;
	char space[NVS_NS_NAME_MAX_SIZE];
	char key[NVS_KEY_NAME_MAX_SIZE];
	nvs_type_t type;
	size_t length;
	uint8_t *value;
} Entry;

struct nvs_opaque_iterator_t {
	Entry *at;
	char space[NVS_NS_NAME_MAX_SIZE];
	nvs_type_t type;
};

static Entry *gEntries;
static struct {
	bool open;
	bool readOnly;
	char space[NVS_NS_NAME_MAX_SIZE];
} gHandles[HANDLES];
static int64_t gCut;

static const struct {
	nvs_type_t type;
	const char *name;
} gTypes[] = {{NVS_TYPE_U8, "u8"}, {NVS_TYPE_I32, "i32"}, {NVS_TYPE_STR, "str"}, {NVS_TYPE_BLOB, "blob"}};

static const char *typeName(nvs_type_t type)
{
	for (size_t i = 0; i < sizeof(gTypes) / sizeof(gTypes[0]); i++)
		if (gTypes[i].type == type)
			return gTypes[i].name;
	return "";
}

/* Store ----------------------------------------------------------------------------------------------------------- */

static Entry **find(const char *space, const char *key)
{
	Entry **link = &gEntries;
	while (*link && (strcmp((*link)->space, space) || strcmp((*link)->key, key)))
		link = &(*link)->next;
	return link;
}

static void put(const char *space, const char *key, nvs_type_t type, const void *value, size_t length)
{
	Entry **link = find(space, key);
	if (!*link) {
		*link = calloc(1, sizeof(Entry));
		if (!*link)
			abort();
		strncpy((*link)->space, space, sizeof((*link)->space) - 1);
		strncpy((*link)->key, key, sizeof((*link)->key) - 1);
	}
	Entry *entry = *link;
	free(entry->value);
	entry->value = malloc(length ? length : 1);
	if (!entry->value)
		abort();
	memcpy(entry->value, value, length);
	entry->type = type;
	entry->length = length;
}

static void removeEntry(Entry **link)
{
	Entry *entry = *link;
	*link = entry->next;
	free(entry->value);
	free(entry);
}

static size_t entriesOf(nvs_type_t type, size_t length)
{
	return type == NVS_TYPE_STR || type == NVS_TYPE_BLOB ? 1 + (length + 31) / 32 : 1;
}

static bool missing(const void *argument)
{
	return !argument && ruleHolds("nvs-null");
}

/* Before each change of flash: the power may fail here. */
static void flashStep(void)
{
	if (gCut > 0 && --gCut == 0)
		powerCut();
}

static void tell(const char *op, const char *space, const char *key, const Entry *entry)
{
	effectBegin("nvs");
	effectString("op", op);
	effectString("ns", space);
	effectString("key", key);
	if (entry) {
		effectString("type", typeName(entry->type));
		effectHex("hex", entry->value, entry->length);
	}
	effectEnd();
}

void nvsFault(int64_t count)
{
	gCut = count;
}

void nvsBoot(const Json *list)
{
	for (const Json *item = jsonFirst(list); item; item = jsonNext(item)) {
		uint8_t value[VALUE_MAX];
		size_t length = jsonHex(item, "hex", value, sizeof(value));
		for (size_t i = 0; i < sizeof(gTypes) / sizeof(gTypes[0]); i++)
			if (!strcmp(gTypes[i].name, jsonString(item, "type", "")) && length <= sizeof(value))
				put(jsonString(item, "ns", ""), jsonString(item, "key", ""), gTypes[i].type, value, length);
	}
}

void nvsDown(void)
{
	while (gEntries)
		removeEntry(&gEntries);
}

/* Handles --------------------------------------------------------------------------------------------------------- */

esp_err_t nvs_open(const char *name, nvs_open_mode_t mode, nvs_handle_t *out)
{
	if (missing(name) || missing(out))
		return ESP_ERR_INVALID_ARG;
	size_t length = strlen(name);
	if ((!length || length >= NVS_NS_NAME_MAX_SIZE) && ruleHolds("nvs-space-name"))
		return ESP_ERR_NVS_INVALID_NAME;
	if (mode == NVS_READONLY) {
		/* A name space comes into being with its first opening for writing; here with its first entry. */
		Entry *entry = gEntries;
		while (entry && strcmp(entry->space, name))
			entry = entry->next;
		if (!entry && ruleHolds("nvs-space-absent"))
			return ESP_ERR_NVS_NOT_FOUND;
	}
	for (int i = 0; i < HANDLES; i++) {
		if (gHandles[i].open)
			continue;
		gHandles[i].open = true;
		gHandles[i].readOnly = mode == NVS_READONLY;
		snprintf(gHandles[i].space, sizeof(gHandles[i].space), "%s", name);
		*out = (nvs_handle_t)(i + 1);
		return ESP_OK;
	}
	return ESP_ERR_NO_MEM;
}

void nvs_close(nvs_handle_t handle)
{
	if (handle >= 1 && handle <= HANDLES)
		gHandles[handle - 1].open = false;
}

/* Checks common to all accesses; sets *space. */
static esp_err_t check(nvs_handle_t handle, const char *key, bool write, const char **space)
{
	if (handle < 1 || handle > HANDLES || (!gHandles[handle - 1].open && ruleHolds("nvs-handle")))
		return ESP_ERR_NVS_INVALID_HANDLE;
	if (write && gHandles[handle - 1].readOnly && ruleHolds("nvs-read-only"))
		return ESP_ERR_NVS_READ_ONLY;
	if (key && !key[0] && ruleHolds("nvs-key-empty"))
		return ESP_ERR_NVS_INVALID_NAME;
	if (key && strlen(key) >= NVS_KEY_NAME_MAX_SIZE && ruleHolds("nvs-key-name"))
		return ESP_ERR_NVS_KEY_TOO_LONG;
	*space = gHandles[handle - 1].space;
	return ESP_OK;
}

esp_err_t nvs_commit(nvs_handle_t handle)
{
	const char *space;
	return check(handle, NULL, false, &space);
}

/* Writing --------------------------------------------------------------------------------------------------------- */

static esp_err_t set(nvs_handle_t handle, const char *key, nvs_type_t type, const void *value, size_t length)
{
	const char *space;
	esp_err_t err = check(handle, key, true, &space);
	if (err)
		return err;
	if (length > VALUE_MAX && ruleHolds("nvs-text-length"))
		return ESP_ERR_NVS_VALUE_TOO_LONG;
	const Entry *old = *find(space, key);
	if (old && old->type == type && old->length == length && !memcmp(old->value, value, length) && ruleHolds("nvs-unchanged"))
		return ESP_OK;
	size_t used = entriesOf(type, length);
	for (const Entry *entry = gEntries; entry; entry = entry->next)
		used += entriesOf(entry->type, entry->length);
	if (used > ENTRIES && ruleHolds("nvs-full"))
		return ESP_ERR_NVS_NOT_ENOUGH_SPACE;
	if (faultHolds(FAULT_FLASH_REFUSES))
		return ESP_ERR_NVS_NOT_ENOUGH_SPACE;
	if (faultHolds(FAULT_FLASH_FORGETS) && type == NVS_TYPE_STR) {
		value = "?";
		length = 2;
	}
	flashStep();
	put(space, key, type, value, length);
	tell("set", space, key, *find(space, key));
	return ESP_OK;
}

esp_err_t nvs_set_u8(nvs_handle_t handle, const char *key, uint8_t value)
{
	return set(handle, key, NVS_TYPE_U8, &value, sizeof(value));
}

esp_err_t nvs_set_i32(nvs_handle_t handle, const char *key, int32_t value)
{
	return set(handle, key, NVS_TYPE_I32, &value, sizeof(value));
}

esp_err_t nvs_set_str(nvs_handle_t handle, const char *key, const char *value)
{
	return value ? set(handle, key, NVS_TYPE_STR, value, strlen(value) + 1) : ESP_ERR_INVALID_ARG;
}

esp_err_t nvs_set_blob(nvs_handle_t handle, const char *key, const void *value, size_t length)
{
	return value ? set(handle, key, NVS_TYPE_BLOB, value, length) : ESP_ERR_INVALID_ARG;
}

esp_err_t nvs_erase_key(nvs_handle_t handle, const char *key)
{
	const char *space;
	esp_err_t err = check(handle, key, true, &space);
	if (err)
		return err;
	if (!*find(space, key))
		return ruleHolds("nvs-erase-absent") ? ESP_ERR_NVS_NOT_FOUND : ESP_OK;
	flashStep();
	removeEntry(find(space, key));
	tell("erase", space, key, NULL);
	return ESP_OK;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

static esp_err_t get(nvs_handle_t handle, const char *key, nvs_type_t type, const Entry **out)
{
	const char *space;
	esp_err_t err = check(handle, key, false, &space);
	if (err)
		return err;
	const Entry *entry = *find(space, key);
	/* Another type under the same name is another thing to the real one. */
	if (!entry || (entry->type != type && ruleHolds("nvs-type")))
		return ESP_ERR_NVS_NOT_FOUND;
	*out = entry;
	return ESP_OK;
}

esp_err_t nvs_get_u8(nvs_handle_t handle, const char *key, uint8_t *out)
{
	const Entry *entry;
	esp_err_t err = get(handle, key, NVS_TYPE_U8, &entry);
	if (!err)
		memcpy(out, entry->value, sizeof(*out));
	return err;
}

esp_err_t nvs_get_i32(nvs_handle_t handle, const char *key, int32_t *out)
{
	const Entry *entry;
	esp_err_t err = get(handle, key, NVS_TYPE_I32, &entry);
	if (!err)
		memcpy(out, entry->value, sizeof(*out));
	return err;
}

static esp_err_t getBytes(nvs_handle_t handle, const char *key, nvs_type_t type, void *out, size_t *length)
{
	const Entry *entry;
	esp_err_t err = get(handle, key, type, &entry);
	if (err)
		return err;
	if (!out && ruleHolds("nvs-length")) {
		*length = entry->length;
		return ESP_OK;
	}
	if (*length < entry->length && ruleHolds("nvs-short-buffer")) {
		*length = entry->length;
		return ESP_ERR_NVS_INVALID_LENGTH;
	}
	memcpy(out, entry->value, entry->length);
	*length = entry->length;
	return ESP_OK;
}

esp_err_t nvs_get_str(nvs_handle_t handle, const char *key, char *out, size_t *length)
{
	return getBytes(handle, key, NVS_TYPE_STR, out, length);
}

esp_err_t nvs_get_blob(nvs_handle_t handle, const char *key, void *out, size_t *length)
{
	return getBytes(handle, key, NVS_TYPE_BLOB, out, length);
}

/* Iteration ------------------------------------------------------------------------------------------------------- */

static Entry *nextMatch(const struct nvs_opaque_iterator_t *it, Entry *from)
{
	while (from && ((it->space[0] && strcmp(from->space, it->space)) || (it->type != NVS_TYPE_ANY && it->type != from->type)))
		from = from->next;
	return from;
}

esp_err_t nvs_entry_find(const char *part, const char *name, nvs_type_t type, nvs_iterator_t *out)
{
	(void)part;
	if (missing(out))
		return ESP_ERR_INVALID_ARG;
	*out = NULL;
	if (name && strlen(name) >= NVS_NS_NAME_MAX_SIZE)
		return ESP_ERR_INVALID_ARG;
	nvs_iterator_t it = calloc(1, sizeof(*it));
	if (!it)
		return ESP_ERR_NO_MEM;
	it->type = type;
	if (name)
		strcpy(it->space, name);
	it->at = nextMatch(it, gEntries);
	if (!it->at) {
		free(it);
		return ESP_ERR_NVS_NOT_FOUND;
	}
	*out = it;
	return ESP_OK;
}

esp_err_t nvs_entry_next(nvs_iterator_t *iterator)
{
	if (!iterator || !*iterator)
		return ESP_ERR_INVALID_ARG;
	(*iterator)->at = nextMatch(*iterator, (*iterator)->at->next);
	if ((*iterator)->at)
		return ESP_OK;
	free(*iterator);
	*iterator = NULL;
	return ESP_ERR_NVS_NOT_FOUND;
}

esp_err_t nvs_entry_info(const nvs_iterator_t iterator, nvs_entry_info_t *out)
{
	if (!iterator || !out)
		return ESP_ERR_INVALID_ARG;
	memset(out, 0, sizeof(*out));
	strcpy(out->namespace_name, iterator->at->space);
	strcpy(out->key, iterator->at->key);
	out->type = iterator->at->type;
	return ESP_OK;
}

void nvs_release_iterator(nvs_iterator_t iterator)
{
	free(iterator);
}
