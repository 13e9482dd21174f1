/*
	Faults that the world plants in the driver (fake-faults.c).
*/
#include <stdio.h>
#include <string.h>

#include "esp_now.h"
#include "harness.h"

static int gFrames, gStatuses;

static void received(const esp_now_recv_info_t *info, const uint8_t *data, int length)
{
	CHECK_IS(length, 2);
	CHECK(!memcmp(data, "OK", 2));
	CHECK(!memcmp(info->src_addr, "\x02\0\0\0\0\x01", 6));
	gFrames++;
}

static void sent(const esp_now_send_info_t *info, esp_now_send_status_t status)
{
	(void)info;
	(void)status;
	gStatuses++;
}

static void open(void)
{
	esp_now_peer_info_t peer = {.peer_addr = {0x34, 0xb4, 0x72, 0x0a, 0x10, 0x04}};
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_now_init(), ESP_OK);
	CHECK_IS(esp_now_register_recv_cb(received), ESP_OK);
	CHECK_IS(esp_now_register_send_cb(sent), ESP_OK);
	CHECK_IS(esp_now_add_peer(&peer), ESP_OK);
	gFrames = gStatuses = 0;
}

static esp_err_t sendOne(void)
{
	static const uint8_t to[] = {0x34, 0xb4, 0x72, 0x0a, 0x10, 0x04};
	return esp_now_send(to, (const uint8_t *)"on", 2);
}

static void sendAcked(int id)
{
	char members[64];
	CHECK_IS(sendOne(), ESP_OK);
	snprintf(members, sizeof(members), "'id':%d,'acked':true", id);
	give("tx-done", members);
	settle();
}

RULE(faultStatusLate, "fault status-late: the next n send callbacks come 400 ms late")
{
	open();
	give("fault", "'kind':'status-late','count':1");
	sendAcked(1);
	sendAcked(2);
	CHECK_IS(gStatuses, 1);
	pass(399);
	CHECK_IS(gStatuses, 1);
	pass(1);
	CHECK_IS(gStatuses, 2);
}

RULE(faultStatusDoubled, "fault status-doubled: the next n send callbacks come once more, 3 ms later")
{
	open();
	give("fault", "'kind':'status-doubled','count':1");
	sendAcked(1);
	sendAcked(2);
	CHECK_IS(gStatuses, 2);
	pass(3);
	CHECK_IS(gStatuses, 3);
}

RULE(faultStatusesMany, "more late statuses than there is room for come at once rather than never")
{
	open();
	give("fault", "'kind':'status-late','count':40");
	for (int id = 1; id <= 40; id++)
		sendAcked(id);
	CHECK_IS(gStatuses, 24);
	pass(400);
	CHECK_IS(gStatuses, 40);
}

RULE(faultNoMemoryStays, "fault no-mem-until-reinit: stop and start do not cure it, deinit does")
{
	wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
	open();
	give("fault", "'kind':'no-mem-until-reinit','count':1");
	CHECK_IS(sendOne(), ESP_ERR_ESPNOW_NO_MEM);
	CHECK_IS(sendOne(), ESP_ERR_ESPNOW_NO_MEM);
	CHECK_IS(esp_wifi_stop(), ESP_OK);
	CHECK_IS(esp_wifi_start(), ESP_OK);
	settle();
	CHECK_IS(sendOne(), ESP_ERR_ESPNOW_NO_MEM);
	CHECK_IS(esp_wifi_stop(), ESP_OK);
	CHECK_IS(esp_wifi_deinit(), ESP_OK);
	CHECK_IS(esp_wifi_init(&config), ESP_OK);
	CHECK_IS(esp_wifi_start(), ESP_OK);
	settle();
	CHECK_IS(sendOne(), ESP_OK);
}

RULE(faultReinitForgets, "esp_wifi_deinit: a status that was still to come does not come any more")
{
	open();
	give("fault", "'kind':'status-late','count':1");
	sendAcked(1);
	CHECK_IS(esp_wifi_stop(), ESP_OK);
	CHECK_IS(esp_wifi_deinit(), ESP_OK);
	pass(500);
	CHECK_IS(gStatuses, 0);
}

RULE(faultBurst, "fault burst: n frames in one go, none while ESP-NOW is down")
{
	open();
	give("fault", "'kind':'burst','count':40");
	CHECK_IS(gFrames, 0);
	settle();
	CHECK_IS(gFrames, 40);
	CHECK_IS(esp_now_deinit(), ESP_OK);
	give("fault", "'kind':'burst','count':40");
	settle();
	CHECK_IS(gFrames, 40);
}

RULE(faultCallbackInClose, "fault callback-in-close: a frame and a status come in the middle of esp_now_deinit, the next n times")
{
	open();
	give("fault", "'kind':'callback-in-close','count':1");
	CHECK_IS(esp_now_deinit(), ESP_OK);
	CHECK_IS(gFrames, 1);
	CHECK_IS(gStatuses, 1);
	CHECK_IS(esp_now_init(), ESP_OK);
	CHECK_IS(esp_now_register_recv_cb(received), ESP_OK);
	CHECK_IS(esp_now_deinit(), ESP_OK);
	CHECK_IS(gFrames, 1);
}

RULE(faultEventStorm, "fault event-storm: n events at once, and n ahead of the driver's next own one, once")
{
	open();
	forget();
	give("fault", "'kind':'event-storm','count':3");
	settle();
	CHECK(!strcmp(gSeen, "beacon_timeout beacon_timeout beacon_timeout"));
	forget();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	settle();
	CHECK(!strcmp(gSeen, "beacon_timeout beacon_timeout beacon_timeout ap_start"));
	forget();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_STA), ESP_OK);
	settle();
	CHECK(!strcmp(gSeen, "ap_stop"));
}
