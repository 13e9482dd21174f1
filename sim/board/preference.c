/*
	The natives behind sim/shim/preference.ts: the SDK's preferences over the public NVS functions, with its order of
	flash steps (erase, write, commit), so that a power cut in between loses what a chip would lose.
*/
#include <string.h>

#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "nvs.h"

/* The SDK's own buffer; names beyond 15 characters are refused by NVS. */
#define NAME_SIZE 64

static void eraseFirst(nvs_handle_t handle, const char *name)
{
	nvs_erase_key(handle, name);
}

static esp_err_t store(xsMachine *the, nvs_handle_t handle, const char *name)
{
	switch (xsmcTypeOf(xsArg(2))) {
	case xsBooleanType: {
		uint8_t value = xsmcToBoolean(xsArg(2)) ? 1 : 0;
		eraseFirst(handle, name);
		return nvs_set_u8(handle, name, value);
	}
	case xsIntegerType:
	case xsNumberType: {
		double value = xsmcToNumber(xsArg(2));
		if (value != (double)(int32_t)value)
			xsUnknownError("float unsupported");
		eraseFirst(handle, name);
		return nvs_set_i32(handle, name, (int32_t)value);
	}
	case xsStringType:
	case xsStringXType: {
		eraseFirst(handle, name);
		return nvs_set_str(handle, name, xsmcToString(xsArg(2)));
	}
	case xsReferenceType:
		if (xsmcIsInstanceOf(xsArg(2), xsArrayBufferPrototype)) {
			void *bytes;
			xsUnsignedValue count;
			xsmcGetBufferReadable(xsArg(2), &bytes, &count);
			eraseFirst(handle, name);
			return nvs_set_blob(handle, name, bytes, count);
		}
		break;
	default:
		break;
	}
	xsUnknownError("unsupported type");
	return ESP_FAIL;
}

void xs_sim_preference_set(xsMachine *the)
{
	char domain[NAME_SIZE], name[NAME_SIZE];
	nvs_handle_t handle;
	xsmcToStringBuffer(xsArg(0), domain, sizeof(domain));
	xsmcToStringBuffer(xsArg(1), name, sizeof(name));
	if (nvs_open(domain, NVS_READWRITE, &handle) != ESP_OK)
		xsUnknownError("nvs_open fail");
	esp_err_t err = ESP_OK;
	xsTry {
		err = store(the, handle, name);
		if (err == ESP_OK)
			err = nvs_commit(handle);
	}
	xsCatch {
		nvs_close(handle);
		xsThrow(xsException);
	}
	nvs_close(handle);
	if (err != ESP_OK)
		xsUnknownError("nvs set fail");
}

/* Tries the types one after the other, as the SDK does. */
static esp_err_t load(xsMachine *the, nvs_handle_t handle, const char *name)
{
	uint8_t flag;
	int32_t number;
	size_t length = 0;
	esp_err_t err = nvs_get_u8(handle, name, &flag);
	if (err == ESP_OK) {
		xsmcSetBoolean(xsResult, flag);
		return ESP_OK;
	}
	if ((err = nvs_get_i32(handle, name, &number)) == ESP_OK) {
		xsmcSetInteger(xsResult, number);
		return ESP_OK;
	}
	if ((err = nvs_get_str(handle, name, NULL, &length)) == ESP_OK) {
		xsmcSetStringBuffer(xsResult, NULL, (xsIntegerValue)length);
		return nvs_get_str(handle, name, xsmcToString(xsResult), &length);
	}
	if ((err = nvs_get_blob(handle, name, NULL, &length)) == ESP_OK) {
		xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)length);
		return nvs_get_blob(handle, name, xsmcToArrayBuffer(xsResult), &length);
	}
	return err;
}

void xs_sim_preference_get(xsMachine *the)
{
	char domain[NAME_SIZE], name[NAME_SIZE];
	nvs_handle_t handle;
	xsmcToStringBuffer(xsArg(0), domain, sizeof(domain));
	xsmcToStringBuffer(xsArg(1), name, sizeof(name));
	if (nvs_open(domain, NVS_READONLY, &handle) != ESP_OK)
		return; /* nothing was written under this domain yet */
	esp_err_t err = load(the, handle, name);
	nvs_close(handle);
	if (err != ESP_OK && err != ESP_ERR_NVS_NOT_FOUND)
		xsUnknownError("nvs get fail");
}

void xs_sim_preference_delete(xsMachine *the)
{
	char domain[NAME_SIZE], name[NAME_SIZE];
	nvs_handle_t handle;
	xsmcToStringBuffer(xsArg(0), domain, sizeof(domain));
	xsmcToStringBuffer(xsArg(1), name, sizeof(name));
	if (nvs_open(domain, NVS_READWRITE, &handle) != ESP_OK)
		return;
	esp_err_t err = nvs_erase_key(handle, name);
	if (err == ESP_OK || err == ESP_ERR_NVS_NOT_FOUND)
		err = nvs_commit(handle);
	nvs_close(handle);
	if (err != ESP_OK)
		xsUnknownError("nvs erase fail");
}

void xs_sim_preference_keys(xsMachine *the)
{
	char domain[NAME_SIZE];
	nvs_iterator_t iterator = NULL;
	xsIndex count = 0;
	xsmcToStringBuffer(xsArg(0), domain, sizeof(domain));
	xsmcSetNewArray(xsResult, 0);
	xsmcVars(1);
	for (esp_err_t err = nvs_entry_find(NVS_DEFAULT_PART_NAME, domain, NVS_TYPE_ANY, &iterator); err == ESP_OK; err = nvs_entry_next(&iterator)) {
		nvs_entry_info_t info;
		nvs_entry_info(iterator, &info);
		xsmcSetString(xsVar(0), info.key);
		xsmcSetIndex(xsResult, count++, xsVar(0));
	}
	nvs_release_iterator(iterator);
}
