/*
	The chip for XS: time, address, random numbers, restart, words that outlive a restart, pins; and a watchdog of our
	own, since XS feeds the task watchdog by itself, also when no script runs any more.
*/

#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"

#include "driver/gpio.h"
#include "esp_attr.h"
#include "esp_mac.h"
#include "esp_random.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "sdkconfig.h"

#define kMACBytes 6
#define kWordsBytes 160
#define kWordsMagic 0x52424E57		/* "RBNW" */
#define kRecoveredMagic 0x5EC07E4D
#define kRandomBytes 64
#define kHeartbeatCheckMS 1000
#define kHeartbeatMaxMS 3600000
/* A debug build without xsbug: long enough to start it, to look, or to stop the chip by JTAG. */
#define kDebugHeartbeatMS 600000

/* Not cleared at a restart, random after power on: hence magic and checksum. */
typedef struct {
	uint32_t magic;
	uint32_t length;
	uint32_t checksum;
	char words[kWordsBytes];
} KeptWords;

static RTC_NOINIT_ATTR KeptWords gKept;
/* kRecoveredMagic while a restart by recovery counts, whatever restarts came after it. */
static RTC_NOINIT_ATTR uint32_t gRecovered;

typedef struct xsChipRecord {
	esp_timer_handle_t timer;
} xsChipRecord, *xsChip;

static xsChip gChip;
/*
	Shared with the timer task, so within the critical section only. No __atomic_ built-ins: the SDK compiles for rv32imc also
	where the chip has atomics, and there ESP-IDF leaves out the library calls that they become.
*/
static uint32_t gSilentMS;
#ifdef mxDebug
	static xsMachine *gMachine;

	/* xsAll.h: xsbug has answered, and has not said good-bye. */
	extern unsigned char fxIsConnected(xsMachine *the);
#endif

/*
	words
*/

/* FNV-1a over length and text */
static uint32_t checksumOfWords(void)
{
	uint32_t sum = 2166136261u ^ gKept.length, i;

	for (i = 0; i < gKept.length; i++)
		sum = (sum ^ (uint8_t)gKept.words[i]) * 16777619u;
	return sum;
}

static void keepWords(const char *words, uint32_t length)
{
	if (length > kWordsBytes) {
		length = kWordsBytes;
		/* Not in the middle of a character. */
		while (length && (0x80 == (words[length] & 0xC0)))
			length -= 1;
	}
	gKept.magic = 0;
	c_memcpy(gKept.words, words, length);
	gKept.length = length;
	gKept.checksum = checksumOfWords();
	gKept.magic = kWordsMagic;
}

/*
	heartbeat
*/

static void resetSilence(void)
{
	modCriticalSectionBegin();
	gSilentMS = 0;
	modCriticalSectionEnd();
}

static void heartbeat(void *arg)
{
	/* By value: on another core this may run while the XS task closes the chip. */
	uint32_t limit = (uint32_t)(uintptr_t)arg, silentMS;

#ifdef mxDebug
	/* A breakpoint stops the whole XS task; xsbug shows what hangs. */
	if (fxIsConnected(gMachine)) {
		resetSilence();
		return;
	}
	if (limit < kDebugHeartbeatMS)
		limit = kDebugHeartbeatMS;
#endif

	modCriticalSectionBegin();
	gSilentMS += kHeartbeatCheckMS;
	silentMS = gSilentMS;
	modCriticalSectionEnd();
	if (silentMS < limit)
		return;
	keepWords("heartbeat", 9);
	esp_restart();
}

void xs_chip_destructor(void *data)
{
	xsChip chip = data;
	if (!chip)
		return;

	esp_timer_stop(chip->timer);
	esp_timer_delete(chip->timer);
	if (chip == gChip)
		gChip = C_NULL;
	c_free(chip);
}

static const xsHostHooks gChipHooks = {
	xs_chip_destructor,
	C_NULL,
	C_NULL
};

void xs_chip(xsMachine *the)
{
	esp_timer_create_args_t args;
	xsChip chip;
	int heartbeatMS;
	esp_err_t err;

	xsmcVars(1);
	xsmcGet(xsVar(0), xsArg(0), xsID_heartbeatMs);
	heartbeatMS = xsmcToInteger(xsVar(0));
	if ((heartbeatMS < kHeartbeatCheckMS) || (heartbeatMS > kHeartbeatMaxMS))
		xsRangeError("invalid heartbeatMs");
	if (gChip)
		xsUnknownError("chip in use");

	chip = c_calloc(1, sizeof(xsChipRecord));
	if (!chip)
		xsUnknownError("no memory");

	c_memset(&args, 0, sizeof(args));
	args.callback = heartbeat;
	args.arg = (void *)(uintptr_t)heartbeatMS;
	args.name = "heartbeat";
	err = esp_timer_create(&args, &chip->timer);
	if (ESP_OK != err) {
		c_free(chip);
		xsUnknownError("esp_timer_create %d", (int)err);
	}
	resetSilence();
#ifdef mxDebug
	gMachine = the;
#endif
	err = esp_timer_start_periodic(chip->timer, kHeartbeatCheckMS * 1000ULL);
	if (ESP_OK != err) {
		xs_chip_destructor(chip);
		xsUnknownError("esp_timer_start %d", (int)err);
	}

	gChip = chip;
	xsmcSetHostData(xsThis, chip);
	xsSetHostHooks(xsThis, &gChipHooks);
}

void xs_chip_close(xsMachine *the)
{
	xsChip chip = xsmcGetHostDataValidate(xsThis, (void *)&gChipHooks);
	if (!chip)
		return;

	/* The hooks stay, with no data: close() may come again. */
	xsmcSetHostData(xsThis, C_NULL);
	xs_chip_destructor(chip);
}

void xs_chip_feed(xsMachine *the)
{
	(void)the;
	resetSilence();
}

/*
	identity, time, random numbers
*/

static void setHex(xsMachine *the, xsSlot *slot, const uint8_t *bytes, int count)
{
	static const char gDigits[] = "0123456789abcdef";
	char text[(kRandomBytes * 2) + 1];
	int i;

	for (i = 0; i < count; i++) {
		text[i * 2] = gDigits[bytes[i] >> 4];
		text[(i * 2) + 1] = gDigits[bytes[i] & 15];
	}
	text[count * 2] = 0;
	xsmcSetString(*slot, text);
}

void xs_chip_mac(xsMachine *the)
{
	uint8_t mac[kMACBytes];
	esp_err_t err = esp_read_mac(mac, ESP_MAC_WIFI_STA);

	if (ESP_OK != err)
		xsUnknownError("esp_read_mac %d", (int)err);
	setHex(the, &xsResult, mac, sizeof(mac));
}

void xs_chip_now(xsMachine *the)
{
	xsmcSetNumber(xsResult, (double)esp_timer_get_time() / 1000.0);
}

void xs_chip_resetReason(xsMachine *the)
{
	xsmcSetInteger(xsResult, esp_reset_reason());
}

void xs_chip_random(xsMachine *the)
{
	xsmcSetNumber(xsResult, (double)esp_random() / 4294967296.0);
}

void xs_chip_randomHex(xsMachine *the)
{
	uint8_t bytes[kRandomBytes];
	int count = xsmcToInteger(xsArg(0));

	if ((count < 1) || (count > kRandomBytes))
		xsRangeError("invalid count");
	esp_fill_random(bytes, (size_t)count);
	setHex(the, &xsResult, bytes, count);
}

/*
	restart
*/

void xs_chip_keep(xsMachine *the)
{
	const char *words = xsmcToString(xsArg(0));

	keepWords(words, (uint32_t)c_strlen(words));
}

void xs_chip_lastWords(xsMachine *the)
{
	if ((kWordsMagic == gKept.magic) && (gKept.length <= kWordsBytes) && (gKept.checksum == checksumOfWords()))
		xsmcSetStringBuffer(xsResult, gKept.words, (xsIntegerValue)gKept.length);
	else
		xsmcSetString(xsResult, "");
	gKept.magic = 0;
}

void xs_chip_setRecovered(xsMachine *the)
{
	gRecovered = xsmcToBoolean(xsArg(0)) ? kRecoveredMagic : 0;
}

void xs_chip_recovered(xsMachine *the)
{
	xsmcSetBoolean(xsResult, kRecoveredMagic == gRecovered);
}

void xs_chip_restart(xsMachine *the)
{
	(void)the;
	esp_restart();
}

/*
	pins
*/

/*
	The chip fetches its instructions over these (MSPI_IOMUX_PIN_NUM_* of soc/spi_pins.h): the IDF would take one for an
	output, and nothing would run any more, the watchdog neither.
*/
#if CONFIG_IDF_TARGET_ESP32
	#define kFlashPins (0x3FULL << 6)		/* 6 to 11 */
#elif CONFIG_IDF_TARGET_ESP32S2 || CONFIG_IDF_TARGET_ESP32S3
	#define kFlashPins (0x3FULL << 27)		/* 27 to 32 */
#elif CONFIG_IDF_TARGET_ESP32C2 || CONFIG_IDF_TARGET_ESP32C3
	#define kFlashPins (0x3FULL << 12)		/* 12 to 17 */
#elif CONFIG_IDF_TARGET_ESP32C5
	#define kFlashPins (0x77ULL << 16)		/* 16 to 18, 20 to 22 */
#elif CONFIG_IDF_TARGET_ESP32C6
	#define kFlashPins (0x77ULL << 24)		/* 24 to 26, 28 to 30 */
#else
	#error the flash pins of this chip
#endif

/*
	USB Serial/JTAG or USB OTG (usb_serial_jtag_pins.h, usb_pins.h of the IDF's soc component): a board that drives them is lost to its cable.
*/
#if CONFIG_IDF_TARGET_ESP32C3
	#define kUSBPins (3ULL << 18)
#elif CONFIG_IDF_TARGET_ESP32S2 || CONFIG_IDF_TARGET_ESP32S3
	#define kUSBPins (3ULL << 19)
#elif CONFIG_IDF_TARGET_ESP32C6
	#define kUSBPins (3ULL << 12)
#elif CONFIG_IDF_TARGET_ESP32C5
	#define kUSBPins (3ULL << 13)
#else
	#define kUSBPins 0ULL
#endif

static int isUsable(int pin)
{
	return (0 <= pin) && (pin < GPIO_NUM_MAX) && !(kFlashPins & (1ULL << pin));
}

static esp_err_t configurePin(int pin, gpio_mode_t mode, gpio_pullup_t pullUp)
{
	gpio_config_t config;

	if (!isUsable(pin))
		return ESP_ERR_INVALID_ARG;
	c_memset(&config, 0, sizeof(config));
	config.pin_bit_mask = 1ULL << pin;
	config.mode = mode;
	config.pull_up_en = pullUp;
	config.intr_type = GPIO_INTR_DISABLE;
	return gpio_config(&config);
}

void xs_chip_pinTrouble(xsMachine *the)
{
	int pin = xsmcToInteger(xsArg(0));
	int drives = xsmcToBoolean(xsArg(1));
	const char *trouble = "";

	if (!GPIO_IS_VALID_GPIO(pin))
		trouble = "is not on this chip";
	else if (kFlashPins & (1ULL << pin))
		trouble = "hangs on the flash";
	else if (kUSBPins & (1ULL << pin))
		trouble = "is USB's";
	else if (drives && !GPIO_IS_VALID_OUTPUT_GPIO(pin))
		trouble = "is for input only";
	xsmcSetString(xsResult, (char *)trouble);
}

void xs_chip_output(xsMachine *the)
{
	int pin = xsmcToInteger(xsArg(0));
	uint32_t level = xsmcToInteger(xsArg(1)) ? 1 : 0;
	esp_err_t err = ESP_ERR_INVALID_ARG;

	if (isUsable(pin)) {
		/* The level first: a relay must not click on the way. */
		err = gpio_set_level((gpio_num_t)pin, level);
		if (ESP_OK == err)
			err = configurePin(pin, GPIO_MODE_INPUT_OUTPUT, GPIO_PULLUP_DISABLE);
	}
	xsmcSetInteger(xsResult, err);
}

void xs_chip_write(xsMachine *the)
{
	int pin = xsmcToInteger(xsArg(0));
	uint32_t level = xsmcToInteger(xsArg(1)) ? 1 : 0;

	xsmcSetInteger(xsResult, isUsable(pin) ? gpio_set_level((gpio_num_t)pin, level) : ESP_ERR_INVALID_ARG);
}

void xs_chip_input(xsMachine *the)
{
	xsmcSetInteger(xsResult, configurePin(xsmcToInteger(xsArg(0)), GPIO_MODE_INPUT, GPIO_PULLUP_ENABLE));
}

void xs_chip_level(xsMachine *the)
{
	int pin = xsmcToInteger(xsArg(0));

	xsmcSetInteger(xsResult, ((0 <= pin) && (pin < GPIO_NUM_MAX)) ? gpio_get_level((gpio_num_t)pin) : 0);
}
