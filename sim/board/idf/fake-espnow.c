/*
	ESP-NOW: peers, sending, receiving. Checks in the order of the real one, the first that fails answers.
*/
#include <stdlib.h>
#include <string.h>

#include "esp_now.h"
#include "internal.h"
#include "rules.h"

#define OUTSTANDING 16 /* sends whose end is not known yet */
#define RX_CONTROL_BYTES 36 /* byte 0 is the RSSI */
#define PEERS (ESP_NOW_MAX_TOTAL_PEER_NUM + 1) /* one more, for when the limit is switched off */
#define ENCRYPTED_MAX CONFIG_ESP_WIFI_ESPNOW_MAX_ENCRYPT_NUM

typedef struct {
	uint32_t id;
	bool used;
	wifi_interface_t ifidx;
	uint8_t to[MAC_BYTES];
	uint16_t length;
	uint8_t *data;
} Sending;

/* Of a radio that is nobody here. */
static const uint8_t gStranger[MAC_BYTES] = {0x02, 0, 0, 0, 0, 0x01};

static bool gInit;
static uint8_t gChannel; /* home when it was opened */
static bool gDeaf;
static esp_now_recv_cb_t gReceive;
static esp_now_send_cb_t gSent;
static esp_now_peer_info_t gPeers[PEERS];
static int gPeerCount;
static Sending gSendings[OUTSTANDING];
static uint32_t gNextId = 1;

static bool notInit(void)
{
	return !gInit && ruleHolds("now-not-init");
}

static bool missing(const void *argument)
{
	return !argument && ruleHolds("now-null");
}

/* Life ------------------------------------------------------------------------------------------------------------ */

esp_err_t esp_now_init(void)
{
	if (gInit && ruleHolds("now-init-twice"))
		return ESP_OK;
	/* The real one has no own check, but it is no supported order. */
	if (!gWiFi.started && ruleHolds("strict-init-after-start"))
		idfPanic("esp_now_init before esp_wifi_start");
	gInit = true;
	gChannel = gWiFi.home;
	gDeaf = false;
	if (!ruleHolds("now-init-twice"))
		gPeerCount = 0;
	logBegin("espnow-up");
	effectInt("channel", gWiFi.home);
	effectEnd();
	return ESP_OK;
}

/* The Wi-Fi task goes before the one that closes, at any point of it: a frame and a status come in the middle. */
static void callInClose(void)
{
	uint8_t text[] = "OK";
	uint8_t from[MAC_BYTES];
	int8_t rxControl[RX_CONTROL_BYTES] = {-50};
	memcpy(from, gStranger, MAC_BYTES);
	esp_now_recv_info_t received = {.src_addr = from, .des_addr = gStationMac, .rx_ctrl = (wifi_pkt_rx_ctrl_t *)rxControl};
	esp_now_send_info_t sent = {.des_addr = from, .src_addr = gStationMac, .data_len = 2, .tx_status = WIFI_SEND_SUCCESS};
	if (gReceive)
		(*gReceive)(&received, text, 2);
	if (gSent)
		(*gSent)(&sent, ESP_NOW_SEND_SUCCESS);
}

esp_err_t esp_now_deinit(void)
{
	if (gInit) {
		if (faultStrikes(FAULT_CALLBACK_IN_CLOSE))
			callInClose();
		logBegin("espnow-down");
		effectEnd();
	}
	gInit = false;
	if (ruleHolds("now-deinit-callbacks"))
		gReceive = NULL;
	gSent = NULL;
	if (ruleHolds("now-deinit-peers"))
		gPeerCount = 0;
	return ESP_OK;
}

void espnowJoined(uint8_t channel)
{
	if (!gInit || channel == gChannel || !ruleHolds("now-deaf-after-join"))
		return;
	gDeaf = true;
	logBegin("espnow-deaf");
	effectInt("channel", channel);
	effectEnd();
}

static void forgetSendings(void)
{
	for (int i = 0; i < OUTSTANDING; i++) {
		free(gSendings[i].data);
		memset(&gSendings[i], 0, sizeof(gSendings[i]));
	}
}

void espnowWifiStopped(void)
{
	espnowComeHome();
	if (ruleHolds("send-stop-forgets"))
		forgetSendings();
}

void espnowDown(void)
{
	espnowComeHome();
	gInit = false;
	forgetSendings();
}

esp_err_t esp_now_get_version(uint32_t *version)
{
	if (missing(version))
		return ESP_ERR_ESPNOW_ARG;
	if (faultHolds(FAULT_NO_VERSION))
		return ESP_FAIL;
	*version = ruleHolds("now-version") ? 2 : 1;
	return ESP_OK;
}

esp_err_t esp_now_register_recv_cb(esp_now_recv_cb_t cb)
{
	if (notInit())
		return ESP_ERR_ESPNOW_NOT_INIT;
	if (!cb && ruleHolds("now-callback-null"))
		return ESP_ERR_ESPNOW_INTERNAL;
	gReceive = cb;
	return ESP_OK;
}

esp_err_t esp_now_register_send_cb(esp_now_send_cb_t cb)
{
	if (notInit())
		return ESP_ERR_ESPNOW_NOT_INIT;
	if (!cb && ruleHolds("now-callback-null"))
		return ESP_ERR_ESPNOW_INTERNAL;
	gSent = cb;
	return ESP_OK;
}

/* Peers ----------------------------------------------------------------------------------------------------------- */

static esp_now_peer_info_t *findPeer(const uint8_t *mac)
{
	for (int i = 0; i < gPeerCount; i++)
		if (!memcmp(gPeers[i].peer_addr, mac, MAC_BYTES))
			return &gPeers[i];
	return NULL;
}

static int encryptedCount(void)
{
	int count = 0;
	for (int i = 0; i < gPeerCount; i++)
		count += gPeers[i].encrypt;
	return count;
}

/* A fixed channel breaks at the first channel change (CHAN on send, EXIST on adding again): not in this house. */
static void checkStrict(const esp_now_peer_info_t *peer)
{
	if (peer->channel && ruleHolds("strict-peer-channel"))
		idfPanic("peer with a fixed channel");
}

esp_err_t esp_now_add_peer(const esp_now_peer_info_t *peer)
{
	if (notInit())
		return ESP_ERR_ESPNOW_NOT_INIT;
	if (missing(peer))
		return ESP_ERR_ESPNOW_ARG;
	bool known = findPeer(peer->peer_addr) != NULL;
	if (known && !ruleHolds("peer-full-first"))
		return ESP_ERR_ESPNOW_EXIST;
	if (gPeerCount == PEERS || (gPeerCount >= ESP_NOW_MAX_TOTAL_PEER_NUM && ruleHolds("peer-twenty")))
		return ESP_ERR_ESPNOW_FULL;
	if ((peer->peer_addr[0] & 1) && peer->encrypt && ruleHolds("peer-group-encrypted"))
		return ESP_ERR_ESPNOW_ARG;
	if (peer->channel && !channelAllowed(peer->channel) && ruleHolds("peer-channel-country"))
		return ESP_ERR_ESPNOW_ARG;
	if (peer->ifidx > WIFI_IF_AP && ruleHolds("peer-interface"))
		return ESP_ERR_ESPNOW_ARG;
	checkStrict(peer);
	if (known)
		return ruleHolds("peer-exist") ? ESP_ERR_ESPNOW_EXIST : ESP_OK;
	if (peer->encrypt && encryptedCount() >= ENCRYPTED_MAX && ruleHolds("peer-encrypted-limit"))
		return ESP_ERR_ESPNOW_FULL;
	gPeers[gPeerCount++] = *peer;
	return ESP_OK;
}

esp_err_t esp_now_del_peer(const uint8_t *peer_addr)
{
	if (notInit())
		return ESP_ERR_ESPNOW_NOT_INIT;
	if (missing(peer_addr))
		return ESP_ERR_ESPNOW_ARG;
	esp_now_peer_info_t *known = findPeer(peer_addr);
	if (!known)
		return ruleHolds("peer-del-known") ? ESP_ERR_ESPNOW_NOT_FOUND : ESP_OK;
	int index = (int)(known - gPeers);
	gPeerCount--;
	memmove(known, known + 1, (size_t)(gPeerCount - index) * sizeof(*known));
	return ESP_OK;
}

bool esp_now_is_peer_exist(const uint8_t *peer_addr)
{
	return (gInit || !ruleHolds("now-not-init")) && !missing(peer_addr) && findPeer(peer_addr);
}

/* Sending --------------------------------------------------------------------------------------------------------- */

static const uint8_t *addressOf(wifi_interface_t interface)
{
	return interface == WIFI_IF_AP && ruleHolds("send-interface-address") ? gAccessPointMac : gStationMac;
}

/* It goes out at once on whatever channel the radio is, in the middle of a scan as well. */
static void transmit(const Sending *sending)
{
	char to[13], from[13];
	macText(sending->to, to);
	macText(addressOf(sending->ifidx), from);
	effectBegin("tx");
	effectInt("id", sending->id);
	effectString("to", to);
	effectString("from", from);
	effectHex("hex", sending->data, sending->length);
	/* The radio has it from now on, whatever else is done in this event. */
	effectInt("after", boardMeter());
	effectEnd();
}

static esp_err_t sendTo(const esp_now_peer_info_t *peer, const uint8_t *data, size_t len)
{
	if (peer->channel && peer->channel != (ruleHolds("send-channel-home") ? gWiFi.home : gWiFi.current) && ruleHolds("send-channel"))
		return ESP_ERR_ESPNOW_CHAN;
	if ((!gWiFi.started || !(peer->ifidx == WIFI_IF_AP ? gWiFi.accessPointUp : gWiFi.stationUp)) && ruleHolds("send-interface"))
		return ESP_ERR_ESPNOW_IF;
	if (faultStrikes(FAULT_NO_MEM) || faultStrikes(FAULT_NO_MEM_UNTIL_REINIT))
		return ESP_ERR_ESPNOW_NO_MEM;
	Sending *sending = NULL;
	for (int i = 0; i < OUTSTANDING && !sending; i++)
		if (!gSendings[i].used)
			sending = &gSendings[i];
	if (!sending)
		return ruleHolds("send-no-mem") ? ESP_ERR_ESPNOW_NO_MEM : ESP_OK;
	sending->data = malloc(len);
	if (!sending->data)
		return ESP_ERR_ESPNOW_NO_MEM;
	memcpy(sending->data, data, len);
	memcpy(sending->to, peer->peer_addr, MAC_BYTES);
	sending->length = (uint16_t)len;
	sending->ifidx = peer->ifidx;
	sending->id = gNextId++;
	sending->used = true;
	transmit(sending);
	return ESP_OK;
}

esp_err_t esp_now_send(const uint8_t *peer_addr, const uint8_t *data, size_t len)
{
	if (notInit())
		return ESP_ERR_ESPNOW_NOT_INIT;
	const esp_now_peer_info_t *peer = peer_addr ? findPeer(peer_addr) : NULL;
	if (peer_addr && !peer && !ruleHolds("send-argument-first"))
		return ESP_ERR_ESPNOW_NOT_FOUND;
	if (missing(data) || (!len && ruleHolds("send-empty")) || (len > ESP_NOW_MAX_DATA_LEN_V2 && ruleHolds("send-longest")))
		return ESP_ERR_ESPNOW_ARG;
	if (peer)
		return sendTo(peer, data, len);
	if (peer_addr || !ruleHolds("send-all"))
		return ruleHolds("send-known") ? ESP_ERR_ESPNOW_NOT_FOUND : ESP_OK;
	esp_err_t result = ruleHolds("send-all-nobody") ? ESP_ERR_ESPNOW_NOT_FOUND : ESP_OK;
	for (int i = 0; i < gPeerCount; i++) {
		if ((gPeers[i].peer_addr[0] & 1) && ruleHolds("send-all-unicast"))
			continue;
		esp_err_t err = sendTo(&gPeers[i], data, len);
		if (err)
			return ruleHolds("send-all-internal") ? ESP_ERR_ESPNOW_INTERNAL : err;
		result = ESP_OK;
	}
	return result;
}

/* Off-channel ------------------------------------------------------------------------------------------------------ */

static bool gIsAway;

static void awayRing(Alarm *alarm)
{
	alarmClear(alarm);
	gIsAway = false;
	radioAway(0);
}

static Alarm gAwayAlarm = {.ring = awayRing};

void espnowComeHome(void)
{
	if (gIsAway)
		awayRing(&gAwayAlarm);
}

esp_err_t esp_now_switch_channel_tx(esp_now_switch_channel_t *config)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiMissing(config))
		return ESP_ERR_INVALID_ARG;
	if (config->type == WIFI_OFFCHAN_TX_CANCEL) {
		if (ruleHolds("away-cancel"))
			espnowComeHome();
		return ESP_OK;
	}
	if (!channelPair(config->channel, config->sec_channel) && ruleHolds("away-channel"))
		return ESP_ERR_INVALID_ARG;
	bool busy = gWiFi.station == STATION_CONNECTING || scanRunning() || gIsAway;
	if (busy && ruleHolds("away-busy"))
		return ESP_FAIL;
	const esp_now_peer_info_t *known = findPeer(config->dest_mac);
	/* Started, and cancelled at once. */
	if (!known && ruleHolds("away-unknown-peer"))
		return ESP_OK;
	if (!ruleHolds("away-home"))
		radioSetHome(config->channel);
	gIsAway = true;
	radioAway(config->channel);
	alarmSet(&gAwayAlarm, boardTimeUs() + (int64_t)config->wait_time_ms * (ruleHolds("away-back") ? MS : 1000 * MS));
	esp_now_peer_info_t peer = {.ifidx = WIFI_IF_STA};
	if (known)
		peer = *known;
	peer.channel = 0;
	return sendTo(&peer, config->data, config->data_len) == ESP_OK ? ESP_OK : ESP_FAIL;
}

typedef struct {
	uint8_t to[MAC_BYTES];
	uint8_t from[MAC_BYTES];
	wifi_interface_t ifidx;
	bool acked;
	uint8_t length;
} SentWork;

static void sentWork(void *payload)
{
	SentWork *work = payload;
	if (!gSent)
		return;
	esp_now_send_info_t info = {
		.des_addr = work->to,
		.src_addr = work->from,
		.ifidx = work->ifidx,
		.data_len = work->length,
		.tx_status = work->acked ? WIFI_SEND_SUCCESS : WIFI_SEND_FAIL,
	};
	(*gSent)(&info, work->acked ? ESP_NOW_SEND_SUCCESS : ESP_NOW_SEND_FAIL);
	memset(&info, 0xA5, sizeof(info));
}

void onTxDone(const Json *event)
{
	int64_t id = jsonInt(event, "id", 0);
	for (int i = 0; i < OUTSTANDING; i++) {
		Sending *sending = &gSendings[i];
		if (!sending->used || sending->id != id)
			continue;
		/* Nobody acknowledges a broadcast: success is that it was on the air. */
		bool group = (sending->to[0] & 1) && ruleHolds("send-broadcast");
		SentWork work = {.ifidx = sending->ifidx, .acked = group || jsonBool(event, "acked", 0), .length = (uint8_t)sending->length};
		memcpy(work.to, sending->to, MAC_BYTES);
		memcpy(work.from, addressOf(sending->ifidx), MAC_BYTES);
		if (ruleHolds("send-later"))
			faultTellStatus(sentWork, &work, sizeof(work));
		else
			sentWork(&work);
		if (ruleHolds("send-status-once")) {
			free(sending->data);
			memset(sending, 0, sizeof(*sending));
		}
		return;
	}
}

/* Receiving ------------------------------------------------------------------------------------------------------- */

typedef struct {
	uint8_t from[MAC_BYTES];
	uint8_t to[MAC_BYTES];
	int8_t rxControl[RX_CONTROL_BYTES];
	uint16_t length;
	uint8_t data[];
} ReceivedWork;

static void receivedWork(void *payload)
{
	ReceivedWork *work = payload;
	if (!gReceive)
		return;
	if (!ruleHolds("receive-any") && !findPeer(work->from))
		return;
	if (faultStrikes(FAULT_MUTE))
		return;
	/* The data in a block of its own size, so that a read beyond its end is found. */
	uint8_t *data = malloc(work->length ? work->length : 1);
	if (!data)
		abort();
	memcpy(data, work->data, work->length);
	esp_now_recv_info_t info = {.src_addr = work->from, .des_addr = work->to, .rx_ctrl = (wifi_pkt_rx_ctrl_t *)work->rxControl};
	(*gReceive)(&info, data, work->length);
	memset(&info, 0xA5, sizeof(info));
	memset(data, 0xA5, work->length);
	free(data);
}

static void queueReceived(const uint8_t *from, const uint8_t *to, int rssi, const void *data, size_t length)
{
	ReceivedWork *work = taskQueue(TASK_WIFI, receivedWork, sizeof(ReceivedWork) + length);
	memcpy(work->from, from, MAC_BYTES);
	memcpy(work->to, to, MAC_BYTES);
	work->rxControl[ruleHolds("receive-rssi") ? 0 : 1] = (int8_t)rssi;
	work->length = (uint16_t)(length > ESP_NOW_MAX_DATA_LEN && !ruleHolds("receive-long") ? ESP_NOW_MAX_DATA_LEN : length);
	memcpy(work->data, data, length);
	if (!ruleHolds("receive-later"))
		receivedWork(work);
}

void onReceived(const Json *event)
{
	uint8_t data[ESP_NOW_MAX_DATA_LEN_V2];
	uint8_t from[MAC_BYTES], to[MAC_BYTES];
	size_t length = jsonHex(event, "hex", data, sizeof(data));
	if (!gInit || gDeaf || (!gWiFi.started && ruleHolds("receive-started")) || length > sizeof(data) || !macParse(jsonString(event, "from", ""), from))
		return;
	if (!macParse(jsonString(event, "to", ""), to))
		memcpy(to, gStationMac, MAC_BYTES);
	queueReceived(from, to, (int)jsonInt(event, "rssi", -50), data, length);
}

void espnowBurst(int64_t count)
{
	if (!gInit || !gWiFi.started)
		return;
	while (count-- > 0)
		queueReceived(gStranger, gStationMac, -50, "OK", 2);
}
