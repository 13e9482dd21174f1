#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "host.h"

#define RULES 200

static struct {
	const char *name;
	const char *text;
	void (*rule)(void);
} gRules[RULES];
static int gRuleCount;
static int64_t gTime = 1000000;
static char *gEffects;
static jmp_buf gEnd;
static bool gEndWanted;
static const char *gReason;
char gWords[128];
char gSeen[1024];

/* Board ----------------------------------------------------------------------------------------------------------- */

int64_t boardTimeUs(void)
{
	return gTime;
}

int64_t boardBootUs(void)
{
	return 1000000;
}

uint32_t boardMeter(void)
{
	return 0;
}

void boardRestart(const char *reason, const char *words)
{
	idfShutdown();
	gReason = reason;
	snprintf(gWords, sizeof(gWords), "%s", words);
	if (gEndWanted)
		longjmp(gEnd, 1);
	printf("the board ended: %s %s\n", reason, words);
	exit(1);
}

const char *endOf(void (*act)(void))
{
	gReason = NULL;
	gEndWanted = true;
	if (setjmp(gEnd) == 0)
		(*act)();
	gEndWanted = false;
	return gReason;
}

void give(const char *type, const char *members)
{
	char text[8192];
	snprintf(text, sizeof(text), "{%s}", members);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	Json *event = jsonParse(text, strlen(text));
	if (!event) {
		printf("bad test event: %s\n", members);
		exit(1);
	}
	if (!strcmp(type, "boot"))
		idfBoot(event);
	else
		CHECK(idfEvent(type, event));
	jsonFree(event);
}

void settle(void)
{
	while (idfRunOne(gTime))
		;
}

void oversleep(int ms)
{
	gTime += ms * 1000LL;
}

void pass(int ms)
{
	int64_t until = gTime + ms * 1000LL;
	settle();
	while (idfNextDue() <= until) {
		if (idfNextDue() > gTime)
			gTime = idfNextDue();
		settle();
	}
	gTime = until;
}

/* Effects --------------------------------------------------------------------------------------------------------- */

const char *effects(void)
{
	size_t length, before = gEffects ? strlen(gEffects) : 0;
	const char *more = effectsTake(&length);
	gEffects = realloc(gEffects, before + length + 1);
	if (length)
		memcpy(gEffects + before, more, length);
	gEffects[before + length] = 0;
	return gEffects;
}

bool said(const char *part)
{
	return timesSaid(part) > 0;
}

int timesSaid(const char *part)
{
	char wanted[512];
	int times = 0;
	snprintf(wanted, sizeof(wanted), "%s", part);
	for (char *c = wanted; *c; c++)
		if (*c == '\'')
			*c = '"';
	for (const char *at = effects(); (at = strstr(at, wanted)); at++)
		times++;
	return times;
}

void forget(void)
{
	effects();
	gEffects[0] = 0;
	gSeen[0] = 0;
}

/* Wi-Fi ----------------------------------------------------------------------------------------------------------- */

static void note(const char *text)
{
	size_t length = strlen(gSeen);
	snprintf(gSeen + length, sizeof(gSeen) - length, "%s%s", length ? " " : "", text);
}

static void watch(void *arg, esp_event_base_t base, int32_t id, void *data)
{
	char text[64] = "";
	(void)arg;
	if (base == IP_EVENT) {
		static const char *const names[] = {"got_ip", "lost_ip", "lease"};
		snprintf(text, sizeof(text), "%s", names[id]);
	}
	else if (id == WIFI_EVENT_STA_CONNECTED)
		snprintf(text, sizeof(text), "connected:%d", ((wifi_event_sta_connected_t *)data)->channel);
	else if (id == WIFI_EVENT_STA_DISCONNECTED)
		snprintf(text, sizeof(text), "lost:%d", ((wifi_event_sta_disconnected_t *)data)->reason);
	else if (id == WIFI_EVENT_HOME_CHANNEL_CHANGE) {
		wifi_event_home_channel_change_t *change = data;
		snprintf(text, sizeof(text), "home:%d>%d", change->old_chan, change->new_chan);
	}
	else if (id == WIFI_EVENT_SCAN_DONE)
		snprintf(text, sizeof(text), "scan_done:%d", ((wifi_event_sta_scan_done_t *)data)->number);
	else {
		static const struct {
			int id;
			const char *name;
		} names[] = {{2, "sta_start"}, {3, "sta_stop"}, {12, "ap_start"}, {13, "ap_stop"}, {14, "client_joined"}, {15, "client_left"},
			{21, "beacon_timeout"}, {45, "wrong_password"}};
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (names[i].id == id)
				snprintf(text, sizeof(text), "%s", names[i].name);
	}
	note(text);
}

void openWiFi(void)
{
	wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
	CHECK_IS(esp_netif_init(), ESP_OK);
	CHECK_IS(esp_event_loop_create_default(), ESP_OK);
	esp_netif_create_default_wifi_sta();
	esp_netif_create_default_wifi_ap();
	CHECK_IS(esp_wifi_init(&config), ESP_OK);
	CHECK_IS(esp_event_handler_instance_register(WIFI_EVENT, ESP_EVENT_ANY_ID, watch, NULL, NULL), ESP_OK);
	CHECK_IS(esp_event_handler_instance_register(IP_EVENT, ESP_EVENT_ANY_ID, watch, NULL, NULL), ESP_OK);
}

void configureAccessPoint(int channel)
{
	wifi_config_t config;
	CHECK_IS(esp_wifi_get_config(WIFI_IF_AP, &config), ESP_OK);
	memset(config.ap.ssid, 0, sizeof(config.ap.ssid));
	memcpy(config.ap.ssid, "RBR", 3);
	config.ap.ssid_len = 3;
	memcpy(config.ap.password, "00000000", 8);
	config.ap.authmode = WIFI_AUTH_WPA2_PSK;
	config.ap.channel = (uint8_t)channel;
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, &config), ESP_OK);
}

void startWiFi(wifi_mode_t mode)
{
	openWiFi();
	CHECK_IS(esp_wifi_set_mode(mode), ESP_OK);
	CHECK_IS(esp_wifi_start(), ESP_OK);
	settle();
}

void joinRouter(int channel)
{
	wifi_config_t config;
	char members[256];
	memset(&config, 0, sizeof(config));
	memcpy(config.sta.ssid, "House", 5);
	memcpy(config.sta.password, "house-pass", 10);
	CHECK_IS(esp_wifi_set_config(WIFI_IF_STA, &config), ESP_OK);
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	char probe[64];
	snprintf(probe, sizeof(probe), "{'do':'probe','channel':%d,", channel);
	for (int i = 0; i < 100 && !said(probe); i++)
		pass(30);
	snprintf(members, sizeof(members), "'ssid':'House','bssid':'e4faed000001','channel':%d,'rssi':-48,'auth':'wpa2'", channel);
	give("beacon", members);
	pass(200);
	snprintf(members, sizeof(members), "'ok':true,'reason':0,'channel':%d,'bssid':'e4faed000001','rssi':-48", channel);
	give("join-result", members);
	settle();
	give("dhcp", "'ip':'192.168.1.50','mask':'255.255.255.0','gateway':'192.168.1.1'");
	settle();
}

/* Rules ----------------------------------------------------------------------------------------------------------- */

void ruleAdd(const char *name, const char *text, void (*rule)(void))
{
	if (gRuleCount == RULES)
		abort();
	gRules[gRuleCount].name = name;
	gRules[gRuleCount].text = text;
	gRules[gRuleCount++].rule = rule;
}

static const char *baseName(const char *file)
{
	const char *slash = strrchr(file, '/');
	return slash ? slash + 1 : file;
}

void ruleCheck(int holds, const char *text, const char *file, int line)
{
	if (holds)
		return;
	printf("%s:%d: %s; events: %s; effects: %s\n", baseName(file), line, text, gSeen, effects());
	exit(1);
}

void ruleCheckIs(long long value, long long expected, const char *text, const char *file, int line)
{
	if (value == expected)
		return;
	printf("%s:%d: %s is %lld (0x%llx), expected %lld (0x%llx); events: %s\n", baseName(file), line, text, value, value, expected, expected, gSeen);
	exit(1);
}

static void runRule(void (*rule)(void))
{
	give("boot", "'mac':'" STATION_MAC "','seed':1,'reset':1,'nvs':[{'ns':'rbrnow','key':'a','type':'str','hex':'6f6c6400'}],'rtc':null,'pins':{'9':1}");
	(*rule)();
	idfShutdown();
	free(gEffects);
	gEffects = NULL;
}

/* One line per rule: "ok" or "not ok", its name, its text and what failed. With an argument only the rule of that name. */
int main(int argc, char **argv)
{
	for (int i = 0; i < gRuleCount; i++) {
		if (argc > 1 && strcmp(argv[1], gRules[i].name))
			continue;
		int ends[2];
		char output[4096] = "";
		size_t length = 0;
		fflush(stdout);
		if (pipe(ends))
			return 2;
		pid_t child = fork();
		if (!child) {
			close(ends[0]);
			dup2(ends[1], STDOUT_FILENO);
			dup2(ends[1], STDERR_FILENO);
			runRule(gRules[i].rule);
			exit(0);
		}
		close(ends[1]);
		char part[512];
		for (ssize_t n; (n = read(ends[0], part, sizeof(part))) > 0;) {
			size_t room = sizeof(output) - 1 - length, take = (size_t)n < room ? (size_t)n : room;
			memcpy(output + length, part, take);
			length += take;
		}
		close(ends[0]);
		int status;
		waitpid(child, &status, 0);
		int passed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
		for (char *c = output; *c; c++)
			if (*c == '\n')
				*c = ' ';
		printf("%s\t%s\t%s\t%s\n", passed ? "ok" : "not ok", gRules[i].name, gRules[i].text, passed ? "" : output);
	}
	return 0;
}
