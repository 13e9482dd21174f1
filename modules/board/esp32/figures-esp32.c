/*
	Figures of the chip and of the engine, for the self-test: memory, stack, versions. The engine tells its memory to nobody
	without instrumentation, which release builds leave out; so its own structure is read here, as the SDK's platform does.
*/

#include "xsAll.h"
#include "xs.h"

#include "esp_now.h"
#include "esp_system.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

/* Bytes of a slot on the chip. */
#define kSlotBytes 16

/* In the order of Figure in figures-esp32.ts. */
enum {
	kIDFFree,
	kIDFLeast,
	kEngineFree,
	kEngineUsed,
	kStackLeft,
	kESPNOWVersion,
	kFigures
};

static txInteger engineFree(txMachine *the)
{
	/* What was never taken for slots or chunks, and what is free within their blocks. */
	return (txInteger)(the->heap_pend - the->heap_ptr) + ((the->maximumHeapCount - the->currentHeapCount) * kSlotBytes)
		+ (the->maximumChunksSize - the->currentChunksSize);
}

static txInteger figure(txMachine *the, int which)
{
	uint32_t version;

	switch (which) {
	case kIDFFree:
		return (txInteger)esp_get_free_heap_size();
	case kIDFLeast:
		return (txInteger)esp_get_minimum_free_heap_size();
	case kEngineFree:
		return engineFree(the);
	case kEngineUsed:
		return (the->currentHeapCount * kSlotBytes) + the->currentChunksSize;
	case kStackLeft:
		/* In bytes, other than in FreeRTOS elsewhere. */
		return (txInteger)uxTaskGetStackHighWaterMark(NULL);
	case kESPNOWVersion:
		return (ESP_OK == esp_now_get_version(&version)) ? (txInteger)version : -1;
	default:
		return -1;
	}
}

/* (which): a number, -1 for what the chip does not tell */
void xs_figures(xsMachine *the)
{
	int which = (int)xsToInteger(xsArg(0));

	if ((which < 0) || (which >= kFigures))
		xsRangeError("invalid figure");
	xsResult = xsInteger(figure((txMachine *)the, which));
}

/* (): ESP-IDF's version, of which Wi-Fi's driver is a part */
void xs_figures_idf(xsMachine *the)
{
	xsResult = xsString((xsStringValue)esp_get_idf_version());
}
