/* Flash, timers, pins, restart. */
#include <stdlib.h>

#include "driver/gpio.h"
#include "esp_attr.h"
#include "esp_mac.h"
#include "esp_random.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "harness.h"
#include "nvs_flash/include/nvs_flash.h"

static RTC_NOINIT_ATTR char gKept[8];

static nvs_handle_t open(void)
{
	nvs_handle_t handle = 0;
	CHECK_IS(nvs_open("rbrnow", NVS_READWRITE, &handle), ESP_OK);
	return handle;
}

RULE(nvsReads, "nvs: what the flash held at boot is there, of its type only, with the length asked for first")
{
	char text[8];
	size_t length = 0;
	int32_t number;
	nvs_handle_t handle = open();
	CHECK_IS(nvs_get_str(handle, "a", NULL, &length), ESP_OK);
	CHECK_IS(length, 4);
	length = 3;
	CHECK_IS(nvs_get_str(handle, "a", text, &length), ESP_ERR_NVS_INVALID_LENGTH);
	CHECK_IS(length, 4);
	CHECK_IS(nvs_get_str(handle, "a", text, &length), ESP_OK);
	CHECK(!strcmp(text, "old"));
	CHECK_IS(nvs_get_i32(handle, "a", &number), ESP_ERR_NVS_NOT_FOUND);
	CHECK_IS(nvs_get_i32(handle, "b", &number), ESP_ERR_NVS_NOT_FOUND);
}

RULE(nvsNames, "nvs: names of 15 characters at most, a name space that was never written cannot be opened for reading")
{
	nvs_handle_t handle;
	CHECK_IS(nvs_open("", NVS_READWRITE, &handle), ESP_ERR_NVS_INVALID_NAME);
	CHECK_IS(nvs_open("1234567890123456", NVS_READWRITE, &handle), ESP_ERR_NVS_INVALID_NAME);
	CHECK_IS(nvs_open("never", NVS_READONLY, &handle), ESP_ERR_NVS_NOT_FOUND);
	CHECK_IS(nvs_open("rbrnow", NVS_READONLY, &handle), ESP_OK);
	CHECK_IS(nvs_set_u8(handle, "x", 1), ESP_ERR_NVS_READ_ONLY);
	nvs_close(handle);
	CHECK_IS(nvs_set_u8(handle, "x", 1), ESP_ERR_NVS_INVALID_HANDLE);
	handle = open();
	CHECK_IS(nvs_set_u8(handle, "1234567890123456", 1), ESP_ERR_NVS_KEY_TOO_LONG);
	CHECK_IS(nvs_set_u8(handle, "123456789012345", 1), ESP_OK);
}

RULE(nvsSteps, "nvs: each change is one flash step when it is made; the same value again is none")
{
	nvs_handle_t handle = open();
	CHECK_IS(nvs_set_str(handle, "a", "new"), ESP_OK);
	CHECK(said("{'do':'nvs','op':'set','ns':'rbrnow','key':'a','type':'str','hex':'6e657700'}"));
	CHECK_IS(nvs_set_str(handle, "a", "new"), ESP_OK);
	CHECK_IS(nvs_commit(handle), ESP_OK);
	CHECK_IS(timesSaid("{'do':'nvs'"), 1);
	CHECK_IS(nvs_erase_key(handle, "a"), ESP_OK);
	CHECK(said("{'do':'nvs','op':'erase','ns':'rbrnow','key':'a'}"));
	CHECK_IS(nvs_erase_key(handle, "a"), ESP_ERR_NVS_NOT_FOUND);
	CHECK_IS(timesSaid("{'do':'nvs'"), 2);
}

RULE(nvsLimits, "nvs: a text over 4000 bytes and more than the partition holds are refused and nothing is written")
{
	char text[4001];
	nvs_handle_t handle = open();
	memset(text, 'x', 4000);
	text[4000] = 0;
	CHECK_IS(nvs_set_str(handle, "long", text), ESP_ERR_NVS_VALUE_TOO_LONG);
	text[3999] = 0;
	/* Each fills a page of the fifteen, and something is there already. */
	static const char keys[14][2] = {"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N"};
	for (int i = 0; i < 14; i++)
		CHECK_IS(nvs_set_str(handle, keys[i], text), ESP_OK);
	CHECK_IS(nvs_set_str(handle, "O", text), ESP_ERR_NVS_NOT_ENOUGH_SPACE);
	CHECK_IS(timesSaid("{'do':'nvs'"), 14);
}

static void writeTwice(void)
{
	nvs_handle_t handle = open();
	nvs_erase_key(handle, "a");
	nvs_set_str(handle, "a", "new");
}

RULE(powerCut, "fault power-cut-in-flash-write 2: the first step is done, the second is not, RTC memory is lost")
{
	give("fault", "'kind':'power-cut-in-flash-write','count':2");
	const char *reason = endOf(writeTwice);
	CHECK(reason && !strcmp(reason, "power-cut"));
	CHECK(said("'op':'erase'"));
	CHECK(!said("'op':'set'"));
	CHECK(!said("{'do':'rtc'"));
}

RULE(nvsArguments, "nvs: NULL is INVALID_ARG, an empty key INVALID_NAME")
{
	nvs_handle_t handle = open();
	CHECK_IS(nvs_open("rbrnow", NVS_READWRITE, NULL), ESP_ERR_INVALID_ARG);
	CHECK_IS(nvs_set_u8(handle, "", 1), ESP_ERR_NVS_INVALID_NAME);
}

RULE(powerCutFirst, "fault power-cut-in-flash-write 1: nothing is written")
{
	give("fault", "'kind':'power-cut-in-flash-write','count':1");
	const char *reason = endOf(writeTwice);
	CHECK(reason && !strcmp(reason, "power-cut"));
	CHECK(!said("{'do':'nvs'"));
}

RULE(nvsKeys, "nvs: the entries of a name space can be walked through")
{
	nvs_iterator_t it;
	nvs_entry_info_t info;
	nvs_handle_t handle = open(), other;
	CHECK_IS(nvs_set_i32(handle, "n", 7), ESP_OK);
	CHECK_IS(nvs_open("other", NVS_READWRITE, &other), ESP_OK);
	CHECK_IS(nvs_set_u8(other, "u", 1), ESP_OK);
	CHECK_IS(nvs_entry_find("nvs", "rbrnow", NVS_TYPE_ANY, &it), ESP_OK);
	CHECK_IS(nvs_entry_info(it, &info), ESP_OK);
	CHECK(!strcmp(info.key, "a") && info.type == NVS_TYPE_STR);
	CHECK_IS(nvs_entry_next(&it), ESP_OK);
	CHECK_IS(nvs_entry_info(it, &info), ESP_OK);
	CHECK(!strcmp(info.key, "n") && info.type == NVS_TYPE_I32);
	CHECK_IS(nvs_entry_next(&it), ESP_ERR_NVS_NOT_FOUND);
	CHECK(it == NULL);
	CHECK_IS(nvs_entry_find("nvs", "nobody", NVS_TYPE_ANY, &it), ESP_ERR_NVS_NOT_FOUND);
}

static int gTicks;
static int64_t gLastTick;

static void tick(void *arg)
{
	(void)arg;
	gTicks++;
	gLastTick = esp_timer_get_time();
}

RULE(timers, "esp_timer: periodic without drift, not startable twice, not deletable while it runs")
{
	esp_timer_handle_t timer;
	esp_timer_create_args_t args = {.callback = tick, .name = "tick"};
	CHECK_IS(esp_timer_create(&args, &timer), ESP_OK);
	CHECK_IS(esp_timer_stop(timer), ESP_ERR_INVALID_STATE);
	CHECK_IS(esp_timer_start_periodic(timer, 1000000), ESP_OK);
	CHECK_IS(esp_timer_start_once(timer, 1), ESP_ERR_INVALID_STATE);
	CHECK_IS(esp_timer_delete(timer), ESP_ERR_INVALID_STATE);
	pass(5500);
	CHECK_IS(gTicks, 5);
	CHECK_IS(gLastTick, 5000000);
	CHECK_IS(esp_timer_stop(timer), ESP_OK);
	pass(5000);
	CHECK_IS(gTicks, 5);
	CHECK_IS(esp_timer_start_once(timer, 1000), ESP_OK);
	pass(5000);
	CHECK_IS(gTicks, 6);
	CHECK(!esp_timer_is_active(timer));
	CHECK_IS(esp_timer_delete(timer), ESP_OK);
}

RULE(timerLate, "esp_timer: a periodic timer that came late keeps its beat; one without a callback is INVALID_ARG")
{
	esp_timer_handle_t timer;
	esp_timer_create_args_t args = {.name = "tick"};
	CHECK_IS(esp_timer_create(&args, &timer), ESP_ERR_INVALID_ARG);
	args.callback = tick;
	CHECK_IS(esp_timer_create(&args, &timer), ESP_OK);
	CHECK_IS(esp_timer_start_periodic(timer, 1000000), ESP_OK);
	oversleep(1400);
	settle();
	CHECK_IS(gTicks, 1);
	pass(600);
	CHECK_IS(gTicks, 2);
	CHECK_IS(gLastTick, 2000000);
}

RULE(timerNotEarly, "nothing runs before its time: idfNextDue says when, idfRunOne finds nothing until then")
{
	esp_timer_handle_t timer;
	esp_timer_create_args_t args = {.callback = tick, .name = "tick"};
	CHECK(idfNextDue() == INT64_MAX);
	CHECK_IS(esp_timer_create(&args, &timer), ESP_OK);
	CHECK_IS(esp_timer_start_once(timer, 1000), ESP_OK);
	CHECK_IS(idfNextDue(), boardTimeUs() + 1000);
	CHECK_IS(idfRunOne(boardTimeUs() + 999), 0);
	CHECK_IS(idfRunOne(boardTimeUs() + 1000), 1);
	CHECK_IS(gTicks, 1);
	CHECK_IS(esp_event_loop_create_default(), ESP_OK);
	CHECK_IS(esp_event_post(WIFI_EVENT, WIFI_EVENT_STA_START, NULL, 0, 0), ESP_OK);
	CHECK_IS(idfNextDue(), boardTimeUs());
}

RULE(pins, "pins: an output tells the world its changes only, an input reads the world, a pull-up where nothing is tied to it")
{
	gpio_config_t output = {.pin_bit_mask = 1ULL << 4, .mode = GPIO_MODE_INPUT_OUTPUT};
	gpio_config_t input = {.pin_bit_mask = 1ULL << 9 | 1ULL << 3, .mode = GPIO_MODE_INPUT, .pull_up_en = GPIO_PULLUP_ENABLE};
	CHECK_IS(gpio_set_level(4, 1), ESP_OK);
	CHECK(!said("{'do':'pin'"));
	CHECK_IS(gpio_config(&output), ESP_OK);
	CHECK_IS(gpio_set_level(4, 1), ESP_OK);
	CHECK_IS(timesSaid("{'do':'pin','pin':4,'level':1}"), 1);
	CHECK_IS(gpio_set_level(4, 0), ESP_OK);
	CHECK_IS(timesSaid("{'do':'pin'"), 2);
	CHECK_IS(gpio_get_level(4), 0);
	CHECK_IS(gpio_get_level(9), 0);
	CHECK_IS(gpio_config(&input), ESP_OK);
	CHECK_IS(gpio_get_level(9), 1);
	CHECK_IS(gpio_get_level(3), 1);
	give("pin", "'pin':9,'level':0");
	CHECK_IS(gpio_get_level(9), 0);
}

RULE(pinErrors, "pins: one that the chip has not is INVALID_ARG")
{
	gpio_config_t config = {.pin_bit_mask = 1ULL << 22, .mode = GPIO_MODE_OUTPUT};
	CHECK_IS(gpio_config(&config), ESP_ERR_INVALID_ARG);
	CHECK_IS(gpio_set_level(22, 1), ESP_ERR_INVALID_ARG);
	CHECK_IS(gpio_set_level(GPIO_NUM_NC, 1), ESP_ERR_INVALID_ARG);
}

static void takeFlashPin(void)
{
	gpio_config_t config = {.pin_bit_mask = 1ULL << 12, .mode = GPIO_MODE_OUTPUT};
	gpio_config(&config);
}

RULE(flashPin, "strict: a pin that the flash hangs on ends the board and says so")
{
	const char *reason = endOf(takeFlashPin);
	CHECK(reason && !strcmp(reason, "panic"));
	CHECK(strstr(gWords, "flash"));
}

RULE(addresses, "the setup access point's address is the station's plus one")
{
	uint8_t mac[6];
	CHECK_IS(esp_read_mac(mac, ESP_MAC_WIFI_STA), ESP_OK);
	CHECK_IS(mac[5], 0xF0);
	CHECK_IS(esp_read_mac(mac, ESP_MAC_WIFI_SOFTAP), ESP_OK);
	CHECK_IS(mac[5], 0xF1);
	CHECK_IS(esp_read_mac(mac, (esp_mac_type_t)(ESP_MAC_WIFI_SOFTAP + 7)), ESP_ERR_INVALID_ARG);
}

RULE(randomSeed, "random numbers come from the board's seed once Wi-Fi has started")
{
	startWiFi(WIFI_MODE_STA);
	give("boot", "'mac':'" STATION_MAC "','seed':1,'reset':1,'nvs':[],'rtc':null,'pins':{}");
	uint32_t first = esp_random();
	give("boot", "'mac':'" STATION_MAC "','seed':2,'reset':1,'nvs':[],'rtc':null,'pins':{}");
	CHECK(esp_random() != first);
	give("boot", "'mac':'" STATION_MAC "','seed':1,'reset':1,'nvs':[],'rtc':null,'pins':{}");
	CHECK_IS(esp_random(), first);
}

RULE(restart, "esp_restart stops Wi-Fi, says what RTC memory holds and ends the board")
{
	startWiFi(WIFI_MODE_STA);
	memcpy(gKept, "words!!", 8);
	const char *reason = endOf(esp_restart);
	CHECK(reason && !strcmp(reason, "software"));
	CHECK(said("{'do':'radio','on':false"));
	CHECK(said("{'do':'rtc','hex':'"));
	CHECK(said("776f7264732121"));
}

RULE(earlyRandom, "random numbers are the same after every reset until Wi-Fi has started, whatever the board's seed")
{
	uint32_t early[2];
	give("boot", "'mac':'" STATION_MAC "','seed':3,'reset':1,'nvs':[],'rtc':null,'pins':{}");
	early[0] = esp_random();
	give("boot", "'mac':'" STATION_MAC "','seed':4,'reset':1,'nvs':[],'rtc':null,'pins':{}");
	early[1] = esp_random();
	CHECK_IS(early[0], early[1]);
}

RULE(rtcKept, "RTC memory: back after a restart, noise after power on")
{
	char text[256] = "'mac':'" STATION_MAC "','seed':3,'reset':3,'nvs':[],'rtc':'776f726473000000','pins':{}";
	give("boot", text);
	CHECK(!strcmp(gKept, "words"));
	CHECK_IS(esp_reset_reason(), ESP_RST_SW);
	give("boot", "'mac':'" STATION_MAC "','seed':3,'reset':1,'nvs':[],'rtc':null,'pins':{}");
	CHECK(memcmp(gKept, "words", 6));
	CHECK_IS(esp_reset_reason(), ESP_RST_POWERON);
}

static void restartFromTimer(void *arg)
{
	(void)arg;
	esp_restart();
}

static void waitForTimer(void)
{
	esp_timer_handle_t timer;
	esp_timer_create_args_t args = {.callback = restartFromTimer, .name = "heartbeat"};
	CHECK_IS(esp_timer_create(&args, &timer), ESP_OK);
	CHECK_IS(esp_timer_start_once(timer, 1000), ESP_OK);
	pass(10);
}

RULE(watchdogRestart, "a restart out of a timer bears the timer's name")
{
	const char *reason = endOf(waitForTimer);
	CHECK(reason && !strcmp(reason, "heartbeat"));
}
