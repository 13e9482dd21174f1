/* ESP-NOW: facts of esp_now.h and of the driver. */
#include <stdio.h>

#include "harness.h"

static const uint8_t gPeer[6] = {0x10, 0x20, 0x30, 0x40, 0x50, 0x60};
static int gReceived, gSentAcked, gSentFailed, gLastLength, gLastRssi;
static const uint8_t *gKept;
static bool gInsideSend;
static bool gCalledInside;

static void received(const esp_now_recv_info_t *info, const uint8_t *data, int length)
{
	gReceived++;
	gLastLength = length;
	gLastRssi = *(const int8_t *)info->rx_ctrl;
	gKept = info->src_addr;
	(void)data;
}

static void sent(const esp_now_send_info_t *info, esp_now_send_status_t status)
{
	(void)info;
	gCalledInside = gInsideSend;
	if (status == ESP_NOW_SEND_SUCCESS)
		gSentAcked++;
	else
		gSentFailed++;
}

static esp_now_peer_info_t peer(int last)
{
	esp_now_peer_info_t info;
	memset(&info, 0, sizeof(info));
	memcpy(info.peer_addr, gPeer, 6);
	info.peer_addr[5] = (uint8_t)last;
	return info;
}

static void open(void)
{
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_now_init(), ESP_OK);
	CHECK_IS(esp_now_register_recv_cb(received), ESP_OK);
	CHECK_IS(esp_now_register_send_cb(sent), ESP_OK);
}

static esp_err_t sendTo(int last)
{
	esp_now_peer_info_t info = peer(last);
	return esp_now_send(info.peer_addr, (const uint8_t *)"on", 2);
}

RULE(notInit, "esp_now: every call before init answers NOT_INIT, deinit is always OK")
{
	CHECK_IS(esp_now_send(gPeer, NULL, 0), ESP_ERR_ESPNOW_NOT_INIT);
	CHECK_IS(esp_now_add_peer(NULL), ESP_ERR_ESPNOW_NOT_INIT);
	CHECK_IS(esp_now_del_peer(NULL), ESP_ERR_ESPNOW_NOT_INIT);
	CHECK_IS(esp_now_register_recv_cb(NULL), ESP_ERR_ESPNOW_NOT_INIT);
	CHECK(!esp_now_is_peer_exist(gPeer));
	CHECK_IS(esp_now_deinit(), ESP_OK);
}

static void initTooEarly(void)
{
	openWiFi();
	esp_now_init();
}

RULE(initBeforeStart, "strict: esp_now_init before esp_wifi_start ends the board and says so")
{
	const char *reason = endOf(initTooEarly);
	CHECK(reason && !strcmp(reason, "panic"));
	CHECK(!strcmp(gWords, "esp_now_init before esp_wifi_start"));
}

static void addFixedChannel(void)
{
	esp_now_peer_info_t info = peer(1);
	info.channel = 6;
	esp_now_add_peer(&info);
}

RULE(fixedChannel, "strict: a peer with a fixed channel ends the board and says so")
{
	open();
	const char *reason = endOf(addFixedChannel);
	CHECK(reason && !strcmp(reason, "panic"));
	CHECK(!strcmp(gWords, "peer with a fixed channel"));
}

RULE(initTwice, "esp_now_init a second time is OK and keeps the peers; deinit forgets them")
{
	esp_now_peer_info_t info = peer(1);
	open();
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	CHECK_IS(esp_now_init(), ESP_OK);
	CHECK(esp_now_is_peer_exist(info.peer_addr));
	CHECK_IS(esp_now_deinit(), ESP_OK);
	CHECK_IS(esp_now_deinit(), ESP_OK);
	CHECK_IS(esp_now_init(), ESP_OK);
	CHECK(!esp_now_is_peer_exist(info.peer_addr));
	CHECK(said("'event':'espnow-down'"));
	CHECK_IS(timesSaid("'event':'espnow-up'"), 2);
}

RULE(fullBeforeExist, "esp_now_add_peer: 20 peers, then FULL, also for one that is known; a known one is EXIST before that")
{
	open();
	for (int i = 0; i < 20; i++) {
		esp_now_peer_info_t info = peer(i);
		CHECK_IS(esp_now_add_peer(&info), ESP_OK);
		if (i == 0)
			CHECK_IS(esp_now_add_peer(&info), ESP_ERR_ESPNOW_EXIST);
	}
	esp_now_peer_info_t known = peer(0), other = peer(99);
	CHECK_IS(esp_now_add_peer(&known), ESP_ERR_ESPNOW_FULL);
	CHECK_IS(esp_now_add_peer(&other), ESP_ERR_ESPNOW_FULL);
	CHECK_IS(esp_now_del_peer(known.peer_addr), ESP_OK);
	CHECK_IS(esp_now_del_peer(known.peer_addr), ESP_ERR_ESPNOW_NOT_FOUND);
	CHECK_IS(esp_now_add_peer(&other), ESP_OK);
}

RULE(addPeerArguments, "esp_now_add_peer: NULL, an encrypted group address, an unknown interface: ARG")
{
	open();
	esp_now_peer_info_t group = peer(1), wrong = peer(2);
	group.peer_addr[0] |= 1;
	group.encrypt = true;
	wrong.ifidx = WIFI_IF_MAX;
	CHECK_IS(esp_now_add_peer(NULL), ESP_ERR_ESPNOW_ARG);
	CHECK_IS(esp_now_add_peer(&group), ESP_ERR_ESPNOW_ARG);
	CHECK_IS(esp_now_add_peer(&wrong), ESP_ERR_ESPNOW_ARG);
}

RULE(encryptedPeers, "esp_now_add_peer: no more than 7 encrypted peers")
{
	open();
	for (int i = 0; i < 8; i++) {
		esp_now_peer_info_t info = peer(i);
		info.encrypt = true;
		CHECK_IS(esp_now_add_peer(&info), i < 7 ? ESP_OK : ESP_ERR_ESPNOW_FULL);
	}
}

RULE(sendChecks, "esp_now_send: bad length is ARG before an unknown peer is NOT_FOUND before a missing interface is IF")
{
	esp_now_peer_info_t info = peer(1);
	uint8_t big[1471] = {0};
	open();
	CHECK_IS(esp_now_send(info.peer_addr, big, 0), ESP_ERR_ESPNOW_ARG);
	CHECK_IS(esp_now_send(info.peer_addr, NULL, 2), ESP_ERR_ESPNOW_ARG);
	CHECK_IS(esp_now_send(info.peer_addr, big, sizeof(big)), ESP_ERR_ESPNOW_ARG);
	CHECK_IS(sendTo(1), ESP_ERR_ESPNOW_NOT_FOUND);
	info.ifidx = WIFI_IF_AP;
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	CHECK_IS(sendTo(1), ESP_ERR_ESPNOW_IF);
	CHECK_IS(esp_now_del_peer(info.peer_addr), ESP_OK);
	info.ifidx = WIFI_IF_STA;
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	CHECK_IS(esp_now_send(info.peer_addr, big, 1470), ESP_OK);
	CHECK_IS(esp_wifi_stop(), ESP_OK);
	CHECK_IS(sendTo(1), ESP_ERR_ESPNOW_IF);
}

RULE(sendEffect, "esp_now_send hands the frame to the air with the station's address; the status comes later, never inside the call")
{
	esp_now_peer_info_t info = peer(0x60);
	open();
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	gInsideSend = true;
	CHECK_IS(sendTo(0x60), ESP_OK);
	gInsideSend = false;
	CHECK(said("{'do':'tx','id':1,'to':'102030405060','from':'" STATION_MAC "','hex':'6f6e','after':0}"));
	gInsideSend = true;
	give("tx-done", "'id':1,'acked':true");
	gInsideSend = false;
	CHECK_IS(gSentAcked, 0);
	settle();
	CHECK_IS(gSentAcked, 1);
	CHECK(!gCalledInside);
	give("tx-done", "'id':1,'acked':true");
	settle();
	CHECK_IS(gSentAcked, 1);
}

RULE(noMemory, "esp_now_send: NO_MEM while 16 sends are under way, OK again when one has ended")
{
	esp_now_peer_info_t info = peer(1);
	open();
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	for (int i = 0; i < 16; i++)
		CHECK_IS(sendTo(1), ESP_OK);
	CHECK_IS(sendTo(1), ESP_ERR_ESPNOW_NO_MEM);
	give("tx-done", "'id':3,'acked':false");
	settle();
	CHECK_IS(gSentFailed, 1);
	CHECK_IS(sendTo(1), ESP_OK);
}

RULE(wifiStopFrees, "what was under way when Wi-Fi stops is forgotten, its buffers are free again")
{
	esp_now_peer_info_t info = peer(1);
	open();
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	for (int i = 0; i < 16; i++)
		CHECK_IS(sendTo(1), ESP_OK);
	CHECK_IS(esp_wifi_stop(), ESP_OK);
	CHECK_IS(esp_wifi_start(), ESP_OK);
	CHECK_IS(sendTo(1), ESP_OK);
	give("tx-done", "'id':1,'acked':true");
	settle();
	CHECK_IS(gSentAcked, 0);
}

RULE(faultNoMemory, "fault no-mem: the next n sends answer NO_MEM, then it is over")
{
	esp_now_peer_info_t info = peer(1);
	open();
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	give("fault", "'kind':'no-mem','count':2");
	CHECK_IS(sendTo(1), ESP_ERR_ESPNOW_NO_MEM);
	CHECK_IS(sendTo(1), ESP_ERR_ESPNOW_NO_MEM);
	CHECK_IS(sendTo(1), ESP_OK);
}

RULE(faultStatusLost, "fault status-lost: the next n send callbacks never come, their buffers come back")
{
	esp_now_peer_info_t info = peer(1);
	open();
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	give("fault", "'kind':'status-lost','count':1");
	for (int id = 1; id <= 2; id++) {
		char members[64];
		CHECK_IS(sendTo(1), ESP_OK);
		snprintf(members, sizeof(members), "'id':%d,'acked':true", id);
		give("tx-done", members);
	}
	settle();
	CHECK_IS(gSentAcked, 1);
}

static void frame(const char *hex)
{
	char members[4096];
	snprintf(members, sizeof(members), "'from':'102030405060','to':'" STATION_MAC "','rssi':-71,'hex':'%s'", hex);
	give("rx", members);
}

RULE(receive, "a frame reaches the callback later, with its RSSI in byte 0 of rx_ctrl; an empty one too")
{
	open();
	frame("6f6e");
	CHECK_IS(gReceived, 0);
	settle();
	CHECK_IS(gReceived, 1);
	CHECK_IS(gLastLength, 2);
	CHECK_IS(gLastRssi, -71);
	frame("");
	settle();
	CHECK_IS(gReceived, 2);
	CHECK_IS(gLastLength, 0);
}

RULE(receiveLong, "a frame of 1470 bytes of a newer sender is delivered whole")
{
	char hex[2941];
	open();
	memset(hex, 'a', 2940);
	hex[2940] = 0;
	frame(hex);
	settle();
	CHECK_IS(gLastLength, 1470);
}

RULE(receiveClosed, "no frame is delivered after deinit, also not one that was queued")
{
	open();
	frame("6f6e");
	CHECK_IS(esp_now_deinit(), ESP_OK);
	settle();
	CHECK_IS(gReceived, 0);
}

RULE(faultMute, "fault mute: the callback is not called for the next n frames, for all with -1, for none with 0")
{
	open();
	give("fault", "'kind':'mute','count':2");
	for (int i = 0; i < 3; i++)
		frame("6f6e");
	settle();
	CHECK_IS(gReceived, 1);
	give("fault", "'kind':'mute','count':-1");
	for (int i = 0; i < 10; i++)
		frame("6f6e");
	settle();
	CHECK_IS(gReceived, 1);
	give("fault", "'kind':'mute','count':0");
	frame("6f6e");
	settle();
	CHECK_IS(gReceived, 2);
}

RULE(sendToAll, "esp_now_send with no address goes to every unicast peer once; without any it is NOT_FOUND")
{
	esp_now_peer_info_t info, broadcast = peer(0);
	open();
	memset(broadcast.peer_addr, 0xFF, 6);
	CHECK_IS(esp_now_add_peer(&broadcast), ESP_OK);
	CHECK_IS(esp_now_send(NULL, (const uint8_t *)"x", 1), ESP_ERR_ESPNOW_NOT_FOUND);
	for (int i = 1; i <= 2; i++) {
		info = peer(i);
		CHECK_IS(esp_now_add_peer(&info), ESP_OK);
	}
	CHECK_IS(esp_now_send(NULL, (const uint8_t *)"x", 1), ESP_OK);
	CHECK_IS(timesSaid("{'do':'tx'"), 2);
}

RULE(deafAfterJoin, "opened on another channel than a later join's, ESP-NOW hears nothing until it is opened again; on the same one it hears on")
{
	open();
	joinRouter(1);
	frame("6f6e");
	settle();
	CHECK_IS(gReceived, 1);
	CHECK_IS(esp_wifi_disconnect(), ESP_OK);
	joinRouter(6);
	frame("6f6e");
	settle();
	CHECK_IS(gReceived, 1);
	CHECK(said("{'do':'log','event':'espnow-deaf','channel':6}"));
	CHECK_IS(esp_now_deinit(), ESP_OK);
	CHECK_IS(esp_now_init(), ESP_OK);
	CHECK_IS(esp_now_register_recv_cb(received), ESP_OK);
	frame("6f6e");
	settle();
	CHECK_IS(gReceived, 2);
}

static uint8_t gRequest[sizeof(esp_now_switch_channel_t) + 2];

static esp_now_switch_channel_t *away(int channel, int last)
{
	esp_now_switch_channel_t *config = (esp_now_switch_channel_t *)gRequest;
	memset(gRequest, 0, sizeof(gRequest));
	config->type = WIFI_OFFCHAN_TX_REQ;
	config->channel = (uint8_t)channel;
	config->wait_time_ms = 30;
	config->data_len = 2;
	memcpy(config->dest_mac, gPeer, 6);
	config->dest_mac[5] = (uint8_t)last;
	memcpy(config->data, "on", 2);
	return config;
}

static uint8_t channelNow(void)
{
	uint8_t primary = 0;
	wifi_second_chan_t second;
	CHECK_IS(esp_wifi_get_channel(&primary, &second), ESP_OK);
	return primary;
}

static void openWithPeer(void)
{
	open();
	esp_now_peer_info_t info = peer(1);
	CHECK_IS(esp_now_add_peer(&info), ESP_OK);
}

RULE(awayArguments, "off-channel: not initialised, no request, a channel that there is not; cancelling is always OK")
{
	CHECK_IS(esp_now_switch_channel_tx(NULL), ESP_ERR_WIFI_NOT_INIT);
	openWithPeer();
	CHECK_IS(esp_now_switch_channel_tx(NULL), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_now_switch_channel_tx(away(14, 1)), ESP_ERR_INVALID_ARG);
	esp_now_switch_channel_t *config = away(6, 1);
	config->type = WIFI_OFFCHAN_TX_CANCEL;
	CHECK_IS(esp_now_switch_channel_tx(config), ESP_OK);
}

RULE(awaySends, "off-channel: the frame goes out there, its status comes like any other's, and the radio is back after the time")
{
	openWithPeer();
	forget();
	CHECK_IS(esp_now_switch_channel_tx(away(6, 1)), ESP_OK);
	CHECK_IS(channelNow(), 6);
	CHECK_IS(timesSaid("{'do':'tx'"), 1);
	give("tx-done", "'id':1,'acked':true");
	settle();
	CHECK_IS(gSentAcked, 1);
	pass(31);
	CHECK_IS(channelNow(), 1);
	CHECK(!strstr(gSeen, "home 1>6"));
}

RULE(awayCancelled, "off-channel: a stay that is cancelled ends at once")
{
	openWithPeer();
	CHECK_IS(esp_now_switch_channel_tx(away(6, 1)), ESP_OK);
	esp_now_switch_channel_t *config = away(6, 1);
	config->type = WIFI_OFFCHAN_TX_CANCEL;
	CHECK_IS(esp_now_switch_channel_tx(config), ESP_OK);
	CHECK_IS(channelNow(), 1);
}

RULE(awayBusy, "off-channel: one stay at a time, and none while the station joins or a scan runs: FAIL")
{
	openWithPeer();
	CHECK_IS(esp_now_switch_channel_tx(away(6, 1)), ESP_OK);
	CHECK_IS(esp_now_switch_channel_tx(away(11, 1)), ESP_FAIL);
	pass(31);
	wifi_scan_config_t scan = {.channel = 3};
	CHECK_IS(esp_wifi_scan_start(&scan, false), ESP_OK);
	CHECK_IS(esp_now_switch_channel_tx(away(6, 1)), ESP_FAIL);
}

RULE(awayUnknownPeer, "off-channel: a board that is no peer is no error, and nothing is sent")
{
	openWithPeer();
	forget();
	CHECK_IS(esp_now_switch_channel_tx(away(6, 9)), ESP_OK);
	CHECK_IS(timesSaid("{'do':'tx'"), 0);
	CHECK_IS(channelNow(), 1);
}
