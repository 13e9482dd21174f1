/* ESP-NOW: the rules of the peer list and of sending that espnow-rules.c leaves. */
#include <sanitizer/asan_interface.h>
#include <stdio.h>

#include "harness.h"

static int gReceived, gAcked, gFailed;
static const uint8_t *gFrom;
static char gOrder[16];

static void received(const esp_now_recv_info_t *info, const uint8_t *data, int length)
{
	(void)data;
	(void)length;
	gReceived++;
	gFrom = info->src_addr;
	strcat(gOrder, "frame ");
}

static void sent(const esp_now_send_info_t *info, esp_now_send_status_t status)
{
	(void)info;
	if (status == ESP_NOW_SEND_SUCCESS)
		gAcked++;
	else
		gFailed++;
}

static esp_now_peer_info_t peer(int last)
{
	esp_now_peer_info_t info = {.peer_addr = {0x10, 0x20, 0x30, 0x40, 0x50, (uint8_t)last}};
	return info;
}

static esp_err_t sendTo(int last)
{
	return esp_now_send(peer(last).peer_addr, (const uint8_t *)"on", 2);
}

static void open(wifi_mode_t mode)
{
	startWiFi(mode);
	CHECK_IS(esp_now_init(), ESP_OK);
	CHECK_IS(esp_now_register_recv_cb(received), ESP_OK);
	CHECK_IS(esp_now_register_send_cb(sent), ESP_OK);
}

static void frame(void)
{
	give("rx", "'from':'102030405060','to':'" STATION_MAC "','rssi':-71,'hex':'6f6e'");
}

RULE(nowArguments, "esp_now: a callback of NULL is INTERNAL, any other NULL is ARG; the version is 2")
{
	uint32_t version = 0;
	open(WIFI_MODE_STA);
	CHECK_IS(esp_now_register_recv_cb(NULL), ESP_ERR_ESPNOW_INTERNAL);
	CHECK_IS(esp_now_register_send_cb(NULL), ESP_ERR_ESPNOW_INTERNAL);
	CHECK_IS(esp_now_get_version(&version), ESP_OK);
	CHECK_IS(version, 2);
	CHECK_IS(esp_now_del_peer(NULL), ESP_ERR_ESPNOW_ARG);
	CHECK(!esp_now_is_peer_exist(NULL));
}

RULE(peerChannelCountry, "esp_now_add_peer: a fixed channel outside the country is ARG")
{
	esp_now_peer_info_t info = peer(1);
	open(WIFI_MODE_STA);
	info.channel = 12;
	CHECK_IS(esp_now_add_peer(&info), ESP_ERR_ESPNOW_ARG);
}

RULE(sendFixedChannel, "esp_now_send: a peer fixed to another channel than home is CHAN, adding it again EXIST")
{
	esp_now_peer_info_t info = peer(1);
	ruleBreak("strict-peer-channel");
	open(WIFI_MODE_STA);
	info.channel = 1;
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	CHECK_IS(sendTo(1), ESP_OK);
	CHECK_IS(esp_wifi_set_channel(6, WIFI_SECOND_CHAN_NONE), ESP_OK);
	CHECK_IS(sendTo(1), ESP_ERR_ESPNOW_CHAN);
	info.channel = 6;
	CHECK_IS(esp_now_add_peer(&info), ESP_ERR_ESPNOW_EXIST);
}

RULE(sendDuringScan, "esp_now_send: a fixed channel is compared with home, not with where a scan has taken the radio")
{
	esp_now_peer_info_t info = peer(1);
	ruleBreak("strict-peer-channel");
	open(WIFI_MODE_STA);
	info.channel = 1;
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	CHECK_IS(esp_wifi_scan_start(NULL, false), ESP_OK);
	pass(130);
	CHECK(said("{'do':'radio','on':true,'channel':2,'home':1"));
	CHECK_IS(sendTo(1), ESP_OK);
}

RULE(sendToAllStops, "esp_now_send with no address ends with INTERNAL at the first peer that cannot be sent to")
{
	esp_now_peer_info_t first = peer(1), second = peer(2);
	open(WIFI_MODE_STA);
	first.ifidx = WIFI_IF_AP;
	CHECK_IS(esp_now_add_peer(&first), ESP_OK);
	CHECK_IS(esp_now_add_peer(&second), ESP_OK);
	CHECK_IS(esp_now_send(NULL, (const uint8_t *)"x", 1), ESP_ERR_ESPNOW_INTERNAL);
	CHECK_IS(timesSaid("{'do':'tx'"), 0);
}

RULE(sendAddress, "esp_now_send: a frame bears the address of its peer's interface")
{
	esp_now_peer_info_t info = peer(1);
	open(WIFI_MODE_APSTA);
	info.ifidx = WIFI_IF_AP;
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	CHECK_IS(sendTo(1), ESP_OK);
	CHECK(said("'from':'a0b1c2d3e4f1'"));
}

RULE(sendBroadcast, "esp_now_send: a broadcast needs its peer, and succeeds when it was on the air, whoever heard it")
{
	esp_now_peer_info_t info = peer(1);
	open(WIFI_MODE_STA);
	memset(info.peer_addr, 0xFF, 6);
	CHECK_IS(esp_now_send(info.peer_addr, (const uint8_t *)"x", 1), ESP_ERR_ESPNOW_NOT_FOUND);
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	CHECK_IS(esp_now_send(info.peer_addr, (const uint8_t *)"x", 1), ESP_OK);
	give("tx-done", "'id':1,'acked':false");
	settle();
	CHECK_IS(gAcked, 1);
	CHECK_IS(gFailed, 0);
}

RULE(receiveStopped, "no frame comes in while Wi-Fi is stopped")
{
	open(WIFI_MODE_STA);
	CHECK_IS(esp_wifi_stop(), ESP_OK);
	frame();
	settle();
	CHECK_IS(gReceived, 0);
}

RULE(callbackData, "what a callback was given is gone when it returns")
{
	open(WIFI_MODE_STA);
	frame();
	settle();
	CHECK_IS(gReceived, 1);
	CHECK(__asan_address_is_poisoned(gFrom));
}

static void note(void *arg, esp_event_base_t base, int32_t id, void *data)
{
	(void)arg;
	(void)base;
	(void)id;
	(void)data;
	strcat(gOrder, "event ");
}

RULE(taskOrder, "the Wi-Fi task goes before the event loop: a frame that came after an event is told first")
{
	open(WIFI_MODE_STA);
	CHECK_IS(esp_event_handler_instance_register(WIFI_EVENT, ESP_EVENT_ANY_ID, note, NULL, NULL), ESP_OK);
	CHECK_IS(esp_event_post(WIFI_EVENT, WIFI_EVENT_STA_START, NULL, 0, 0), ESP_OK);
	frame();
	settle();
	CHECK(!strcmp(gOrder, "frame event "));
}
