/*
	The chip: addresses, random numbers, RTC memory, restart and its causes.
*/
#include <stdio.h>
#include <string.h>

#include "esp_mac.h"
#include "esp_now.h"
#include "esp_random.h"
#include "esp_system.h"
#include "freertos/task.h"
#include "internal.h"
#include "rules.h"

/* What a C3 with Wi-Fi and a setup access point has left; in bytes. */
#define FREE_HEAP 120000
#define LEAST_HEAP 104000
#define LOW_HEAP 9000
#define STACK_LEFT 2600
#define LOW_STACK 180

/* Everything marked RTC_NOINIT_ATTR, gathered by the linker; absent when nothing is. */
extern uint8_t rtcBegin[] __asm__("__start_rtc_noinit") __attribute__((weak));
extern uint8_t rtcEnd[] __asm__("__stop_rtc_noinit") __attribute__((weak));

uint8_t gStationMac[MAC_BYTES];
uint8_t gAccessPointMac[MAC_BYTES];
static esp_reset_reason_t gReset;
static uint64_t gRandom;
/* What the source gives before Wi-Fi starts: a row of this chip's own, the same after every reset. */
static uint64_t gEarly;
static bool gUp;

/* Text ------------------------------------------------------------------------------------------------------------ */

void macText(const uint8_t *mac, char text[13])
{
	snprintf(text, 13, "%02x%02x%02x%02x%02x%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

bool macParse(const char *text, uint8_t *mac)
{
	uint8_t bytes[MAC_BYTES];
	if (strlen(text) != 2 * MAC_BYTES)
		return false;
	for (int i = 0; i < MAC_BYTES; i++) {
		unsigned value;
		if (sscanf(text + 2 * i, "%2x", &value) != 1)
			return false;
		bytes[i] = (uint8_t)value;
	}
	memcpy(mac, bytes, MAC_BYTES);
	return true;
}

void logBegin(const char *event)
{
	effectBegin("log");
	effectString("event", event);
}

/* Random numbers -------------------------------------------------------------------------------------------------- */

/* splitmix64: the same seed, the same run. */
static uint32_t nextRandom(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (uint32_t)((x ^ (x >> 31)) >> 32);
}

uint32_t esp_random(void)
{
	static uint32_t repeated;
	if (faultHolds(FAULT_RANDOM_STUCK))
		return 0xFFFFFFFF;
	/* Eight bytes, and then the same again after some. */
	if (faultHolds(FAULT_RANDOM_REPEATS))
		return (repeated++ % 24) * 0x9E3779B9u;
	/* True random numbers come from the radio's noise. */
	return nextRandom(gWiFi.started || !ruleHolds("random-early") ? &gRandom : &gEarly);
}

void esp_fill_random(void *buffer, size_t length)
{
	uint8_t *bytes = buffer;
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(esp_random() >> 24);
}

/* Memory and versions --------------------------------------------------------------------------------------------- */

uint32_t esp_get_free_heap_size(void)
{
	return faultHolds(FAULT_HEAP_LOW) ? LOW_HEAP : FREE_HEAP;
}

uint32_t esp_get_minimum_free_heap_size(void)
{
	return faultHolds(FAULT_HEAP_LOW) ? LOW_HEAP : LEAST_HEAP;
}

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task)
{
	(void)task;
	return faultHolds(FAULT_STACK_LOW) ? LOW_STACK : STACK_LEFT;
}

const char *esp_get_idf_version(void)
{
	return "v6.0";
}

/* Boot and end ---------------------------------------------------------------------------------------------------- */

void systemBoot(const Json *boot)
{
	macParse(jsonString(boot, "mac", "000000000000"), gStationMac);
	memcpy(gAccessPointMac, gStationMac, MAC_BYTES);
	if (ruleHolds("mac-ap"))
		gAccessPointMac[MAC_BYTES - 1]++;
	gReset = (esp_reset_reason_t)jsonInt(boot, "reset", ESP_RST_POWERON);
	/* Another stream than the engine's, which starts from the same seed. */
	gRandom = ((uint64_t)jsonInt(boot, "seed", 1) << 32) ^ UINT64_C(0x45535033); /* "ESP3" */
	gEarly = 0;
	memcpy(&gEarly, gStationMac, MAC_BYTES);
	gUp = true;
	size_t size = (size_t)(rtcEnd - rtcBegin);
	/* After power on the memory holds anything. */
	if (ruleHolds("rtc-noise"))
		for (size_t i = 0; i < size; i++)
			rtcBegin[i] = (uint8_t)(nextRandom(&gRandom) >> 24);
	if (ruleHolds("rtc-kept"))
		jsonHex(boot, "rtc", rtcBegin, size);
}

static void tellRtc(void)
{
	size_t size = (size_t)(rtcEnd - rtcBegin);
	if (!size)
		return;
	effectBegin("rtc");
	effectHex("hex", rtcBegin, size);
	effectEnd();
}

void systemDown(void)
{
	if (gUp)
		tellRtc();
	gUp = false;
}

void idfPanic(const char *why)
{
	fprintf(stderr, "board: %s\n", why);
	boardRestart("panic", why);
}

void powerCut(void)
{
	/* RTC memory is lost as well. */
	gUp = false;
	boardRestart("power-cut", "");
}

void esp_restart(void)
{
	const char *timer = timerRunning();
	/* The driver registers its stop as such a handler. */
	if (ruleHolds("restart-stops-wifi"))
		esp_wifi_stop();
	/* A timer that restarts the chip is a watchdog, known by its name. */
	boardRestart(timer ? timer : "software", "");
}

esp_reset_reason_t esp_reset_reason(void)
{
	return ruleHolds("reset-reason") ? gReset : ESP_RST_POWERON;
}

esp_err_t esp_read_mac(uint8_t *mac, esp_mac_type_t type)
{
	if (!mac || (type > ESP_MAC_WIFI_SOFTAP && ruleHolds("mac-type")))
		return ESP_ERR_INVALID_ARG;
	memcpy(mac, type == ESP_MAC_WIFI_SOFTAP ? gAccessPointMac : gStationMac, MAC_BYTES);
	return ESP_OK;
}
