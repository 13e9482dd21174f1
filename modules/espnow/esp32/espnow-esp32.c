/*
	ESP-NOW for XS. The driver calls back in the Wi-Fi task (esp_now.h): there, frames and send statuses are only copied
	into fixed rings; one message at a time tells the XS task that something waits.
*/

#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"

#include "esp_mac.h"
#include "esp_now.h"

/* What we send, and receive unless told otherwise: frames of ESP-NOW version 1. Those of version 2 have up to ESP_NOW_MAX_DATA_LEN_V2. */
#define kFrameBytes ESP_NOW_MAX_DATA_LEN
#define kFrameSlots 16
#define kStatusSlots 8
/* Boards that called of late: who calls without end takes one place. */
#define kCallSlots 4

typedef struct {
	uint8_t from[ESP_NOW_ETH_ALEN];
	int8_t rssi;
	uint8_t unused;
	uint16_t length;
} FrameHead;

typedef struct {
	uint8_t to[ESP_NOW_ETH_ALEN];
	uint8_t acked;
} Status;

typedef struct {
	uint8_t from[ESP_NOW_ETH_ALEN];
	int8_t rssi;
} Call;

typedef struct xsRadioRecord {
	xsMachine *the;
	xsSlot obj;
	xsSlot *onActivity;
	uint32_t useCount;		/* the object itself, and the message on its way; within the critical section */
	uint8_t closed;			/* XS task only */
	uint8_t posted;
	uint8_t frameFirst;
	uint8_t frameCount;
	uint8_t statusFirst;
	uint8_t statusCount;
	uint32_t received;
	uint32_t whileClosed;
	uint32_t ringFull;
	uint32_t tooLong;
	uint32_t notForUs;
	uint32_t joiningCalls;
	uint32_t statusFull;
	uint32_t postFailed;
	uint8_t station[ESP_NOW_ETH_ALEN];
	uint8_t accessPoint[ESP_NOW_ETH_ALEN];
	uint16_t frameBytes;	/* of each slot */
	FrameHead heads[kFrameSlots];
	Status statuses[kStatusSlots];
	uint8_t callCount;
	Call calls[kCallSlots];	/* the oldest first */
	uint8_t frames[];		/* kFrameSlots of frameBytes each */
} xsRadioRecord, *xsRadio;

/* The driver's callbacks carry no reference. Changed by the XS task only, within the critical section. */
static xsRadio gRadio;
/* Frames that came between two radios: the driver may be in the middle of one when it is stopped. The next radio tells them. */
static uint32_t gWhileClosed;

/*
	life time
*/

static void releaseRadio(xsRadio radio)
{
	uint32_t left;

	modCriticalSectionBegin();
	radio->useCount -= 1;
	left = radio->useCount;
	modCriticalSectionEnd();

	if (0 == left)
		c_free(radio);
}

static void stopRadio(xsRadio radio)
{
	modCriticalSectionBegin();
	if (radio == gRadio)
		gRadio = C_NULL;
	modCriticalSectionEnd();

	radio->closed = 1;
	esp_now_deinit();
}

void xs_espnow_destructor(void *data)
{
	xsRadio radio = data;
	if (!radio)
		return;

	stopRadio(radio);
	releaseRadio(radio);
}

static void markRadio(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	xsRadio radio = it;
	if (radio && radio->onActivity)
		(*markRoot)(the, radio->onActivity);
}

static const xsHostHooks gRadioHooks = {
	xs_espnow_destructor,
	markRadio,
	C_NULL
};

#define getRadio() ((xsRadio)xsmcGetHostDataValidate(xsThis, (void *)&gRadioHooks))

/*
	Wi-Fi task
*/

static void deliverActivity(void *machine, void *refcon, uint8_t *message, uint16_t messageLength)
{
	xsMachine *the = machine;
	xsRadio radio = refcon;
	int frames, statuses;

	(void)message;
	(void)messageLength;

	modCriticalSectionBegin();
	radio->posted = 0;
	frames = radio->closed ? 0 : radio->frameCount;
	statuses = radio->closed ? 0 : radio->statusCount;
	modCriticalSectionEnd();

	/* An open radio is held by its object as well, so it outlives this. An exception in the callback must find it released. */
	releaseRadio(radio);
	if (!frames && !statuses)
		return;

	xsBeginHost(the);
		xsCallFunction2(xsReference(radio->onActivity), radio->obj, xsInteger(frames), xsInteger(statuses));
	xsEndHost(the);
}

/* Within the critical section: whether the caller has to post once it has left. */
static int claimPost(xsRadio radio)
{
	if (radio->posted)
		return 0;
	radio->posted = 1;
	radio->useCount += 1;
	return 1;
}

static void post(xsRadio radio)
{
	if (0 == modMessagePostToMachine(radio->the, C_NULL, 0, deliverActivity, radio))
		return;

	/* What waits is told with the next frame or status, also with one that finds its ring full. */
	modCriticalSectionBegin();
	radio->posted = 0;
	radio->postFailed += 1;
	modCriticalSectionEnd();
	releaseRadio(radio);
}

static uint8_t *frameBytes(xsRadio radio, int slot)
{
	return radio->frames + ((size_t)slot * radio->frameBytes);
}

/* The radio lets frames to the access point's address through only while that is up. */
static int isForUs(xsRadio radio, const uint8_t *to)
{
	return (0 == c_memcmp(to, radio->station, ESP_NOW_ETH_ALEN)) || (0 == c_memcmp(to, radio->accessPoint, ESP_NOW_ETH_ALEN));
}

static int isJoiningCall(const uint8_t *to, const uint8_t *data, int length)
{
	static const uint8_t gEverybody[ESP_NOW_ETH_ALEN] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

	return (4 == length) && (0 == c_memcmp(data, "ping", 4)) && (0 == c_memcmp(to, gEverybody, ESP_NOW_ETH_ALEN));
}

/* Within the critical section. A board that calls again moves to the end; of too many the oldest goes. */
static void noteCall(xsRadio radio, const uint8_t *from, int8_t rssi)
{
	int i = 0;
	Call *last;

	while ((i < radio->callCount) && (0 != c_memcmp(radio->calls[i].from, from, ESP_NOW_ETH_ALEN)))
		i += 1;
	if ((i == radio->callCount) && (kCallSlots == radio->callCount))
		i = 0;
	if (i < radio->callCount) {
		radio->callCount -= 1;
		c_memmove(&radio->calls[i], &radio->calls[i + 1], (radio->callCount - i) * sizeof(Call));
	}
	last = &radio->calls[radio->callCount];
	c_memcpy(last->from, from, ESP_NOW_ETH_ALEN);
	last->rssi = rssi;
	radio->callCount += 1;
}

static void frameReceived(const esp_now_recv_info_t *info, const uint8_t *data, int length)
{
	int mustPost = 0;

	modCriticalSectionBegin();
	xsRadio radio = gRadio;
	if (!radio)
		gWhileClosed += 1;
	else {
		radio->received += 1;
		/* Left here, so that a flood of them takes neither room in the ring nor time of the engine. */
		if (!isForUs(radio, info->des_addr)) {
			if (isJoiningCall(info->des_addr, data, length)) {
				radio->joiningCalls += 1;
				noteCall(radio, info->src_addr, *(const int8_t *)info->rx_ctrl);
			}
			else
				radio->notForUs += 1;
		}
		else if ((length < 0) || (length > radio->frameBytes))
			radio->tooLong += 1;
		else if (kFrameSlots == radio->frameCount) {
			radio->ringFull += 1;
			mustPost = claimPost(radio);
		}
		else {
			int slot = (radio->frameFirst + radio->frameCount) % kFrameSlots;
			FrameHead *head = &radio->heads[slot];
			c_memcpy(head->from, info->src_addr, sizeof(head->from));
			/* The type of rx_ctrl differs from chip to chip; its byte 0 is the RSSI on all of them (esp_wifi_types_native.h). */
			head->rssi = *(const int8_t *)info->rx_ctrl;
			head->length = (uint16_t)length;
			if (length)
				c_memcpy(frameBytes(radio, slot), data, (size_t)length);
			radio->frameCount += 1;
			mustPost = claimPost(radio);
		}
	}
	modCriticalSectionEnd();

	if (mustPost)
		post(radio);
}

static void frameSent(const esp_now_send_info_t *info, esp_now_send_status_t result)
{
	int mustPost = 0;

	modCriticalSectionBegin();
	xsRadio radio = gRadio;
	if (radio) {
		if (kStatusSlots == radio->statusCount) {
			radio->statusFull += 1;
			mustPost = claimPost(radio);
		}
		else {
			Status *status = &radio->statuses[(radio->statusFirst + radio->statusCount) % kStatusSlots];
			c_memcpy(status->to, info->des_addr, sizeof(status->to));
			status->acked = ESP_NOW_SEND_SUCCESS == result;
			radio->statusCount += 1;
			mustPost = claimPost(radio);
		}
	}
	modCriticalSectionEnd();

	if (mustPost)
		post(radio);
}

/*
	addresses
*/

static int hexDigit(char c)
{
	if (('0' <= c) && (c <= '9'))
		return c - '0';
	if (('a' <= c) && (c <= 'f'))
		return c - 'a' + 10;
	return -1;
}

static void getMAC(xsMachine *the, xsSlot *slot, uint8_t *mac)
{
	char text[(ESP_NOW_ETH_ALEN * 2) + 1];
	int i;

	xsmcToStringBuffer(*slot, text, sizeof(text));
	for (i = 0; i < ESP_NOW_ETH_ALEN; i++) {
		int high = hexDigit(text[i * 2]);
		int low = (high < 0) ? -1 : hexDigit(text[(i * 2) + 1]);
		if (low < 0)
			xsRangeError("invalid mac");
		mac[i] = (uint8_t)((high << 4) | low);
	}
}

static void setMAC(xsMachine *the, xsSlot *slot, const uint8_t *mac)
{
	static const char gDigits[] = "0123456789abcdef";
	char text[(ESP_NOW_ETH_ALEN * 2) + 1];
	int i;

	for (i = 0; i < ESP_NOW_ETH_ALEN; i++) {
		text[i * 2] = gDigits[mac[i] >> 4];
		text[(i * 2) + 1] = gDigits[mac[i] & 15];
	}
	text[sizeof(text) - 1] = 0;
	xsmcSetString(*slot, text);
}

/*
	host functions
*/

void xs_espnow(xsMachine *the)
{
	esp_err_t err;
	xsRadio radio;
	int longest = kFrameBytes;

	xsmcVars(2);
	xsmcGet(xsVar(0), xsArg(0), xsID_onActivity);
	if (!xsmcIsCallable(xsVar(0)))
		xsTypeError("onActivity required");
	if (xsmcHas(xsArg(0), xsID_frameBytes)) {
		xsmcGet(xsVar(1), xsArg(0), xsID_frameBytes);
		longest = xsmcToInteger(xsVar(1));
		if ((longest < kFrameBytes) || (longest > ESP_NOW_MAX_DATA_LEN_V2))
			xsRangeError("invalid frameBytes");
	}
	if (gRadio)
		xsUnknownError("radio in use");

	radio = c_calloc(1, sizeof(xsRadioRecord) + (kFrameSlots * (size_t)longest));
	if (!radio)
		xsUnknownError("no memory");
	radio->frameBytes = (uint16_t)longest;

	err = esp_read_mac(radio->station, ESP_MAC_WIFI_STA);
	if (ESP_OK == err)
		err = esp_read_mac(radio->accessPoint, ESP_MAC_WIFI_SOFTAP);
	if (ESP_OK != err) {
		c_free(radio);
		xsUnknownError("esp_read_mac %d", (int)err);
	}

	err = esp_now_init();
	if (ESP_OK != err) {
		c_free(radio);
		xsUnknownError("esp_now_init %d", (int)err);
	}

	radio->the = the;
	radio->useCount = 1;
	radio->obj = xsThis;
	radio->onActivity = xsmcToReference(xsVar(0));
	xsmcSetHostData(xsThis, radio);
	xsSetHostHooks(xsThis, &gRadioHooks);
	xsRemember(radio->obj);

	modCriticalSectionBegin();
	radio->whileClosed = gWhileClosed;
	gWhileClosed = 0;
	gRadio = radio;
	modCriticalSectionEnd();

	err = esp_now_register_recv_cb(frameReceived);
	if (ESP_OK == err)
		err = esp_now_register_send_cb(frameSent);
	if (ESP_OK != err) {
		xsmcSetHostData(xsThis, C_NULL);
		xsForget(radio->obj);
		xs_espnow_destructor(radio);
		xsUnknownError("esp_now_register %d", (int)err);
	}
}

void xs_espnow_close(xsMachine *the)
{
	xsRadio radio = getRadio();
	if (!radio)
		return;

	/* The hooks stay, with no data: a closed radio answers that it is closed. */
	xsmcSetHostData(xsThis, C_NULL);
	xsForget(radio->obj);
	xs_espnow_destructor(radio);
}

void xs_espnow_send(xsMachine *the)
{
	xsRadio radio = getRadio();
	uint8_t mac[ESP_NOW_ETH_ALEN];
	int length = xsmcToInteger(xsArg(2));
	void *bytes;
	xsUnsignedValue size;
	esp_err_t err;

	getMAC(the, &xsArg(0), mac);
	xsmcGetBufferReadable(xsArg(1), &bytes, &size);
	if (!radio)
		err = ESP_ERR_ESPNOW_NOT_INIT;
	else if ((length < 0) || (length > kFrameBytes) || ((xsUnsignedValue)length > size))
		/* The driver would take 1470 bytes, which the receivers of this network count as too long. */
		err = ESP_ERR_ESPNOW_ARG;
	else
		err = esp_now_send(mac, bytes, (size_t)length);
	xsmcSetInteger(xsResult, err);
}

/* The driver copies the request; the ordinary send callback tells of the frame. */
void xs_espnow_sendOn(xsMachine *the)
{
	xsRadio radio = getRadio();
	uint8_t mac[ESP_NOW_ETH_ALEN];
	int channel = xsmcToInteger(xsArg(1));
	int length = xsmcToInteger(xsArg(3));
	int waitMs = xsmcToInteger(xsArg(4));
	void *bytes;
	xsUnsignedValue size;
	esp_err_t err = ESP_ERR_ESPNOW_ARG;

	getMAC(the, &xsArg(0), mac);
	xsmcGetBufferReadable(xsArg(2), &bytes, &size);
	if (!radio)
		err = ESP_ERR_ESPNOW_NOT_INIT;
	else if ((length > 0) && (length <= kFrameBytes) && ((xsUnsignedValue)length <= size) && (channel >= 1) && (channel <= 14) && (waitMs > 0)) {
		esp_now_switch_channel_t *config = c_calloc(1, sizeof(esp_now_switch_channel_t) + (size_t)length);
		if (!config)
			err = ESP_ERR_ESPNOW_NO_MEM;
		else {
			config->type = WIFI_OFFCHAN_TX_REQ;
			config->channel = (uint8_t)channel;
			config->sec_channel = WIFI_SECOND_CHAN_NONE;
			config->wait_time_ms = (uint32_t)waitMs;
			config->data_len = (uint16_t)length;
			c_memcpy(config->dest_mac, mac, ESP_NOW_ETH_ALEN);
			c_memcpy(config->data, bytes, (size_t)length);
			err = esp_now_switch_channel_tx(config);
			c_free(config);
		}
	}
	xsmcSetInteger(xsResult, err);
}

void xs_espnow_comeHome(xsMachine *the)
{
	esp_now_switch_channel_t config;

	(void)the;
	c_memset(&config, 0, sizeof(config));
	config.type = WIFI_OFFCHAN_TX_CANCEL;
	esp_now_switch_channel_tx(&config);
}

void xs_espnow_addPeer(xsMachine *the)
{
	xsRadio radio = getRadio();
	esp_now_peer_info_t peer;
	esp_err_t err = ESP_ERR_ESPNOW_NOT_INIT;

	/* Channel 0: the peer follows the radio, so that a change of channel breaks nothing. */
	c_memset(&peer, 0, sizeof(peer));
	getMAC(the, &xsArg(0), peer.peer_addr);
	peer.ifidx = WIFI_IF_STA;
	if (radio)
		err = esp_now_add_peer(&peer);
	xsmcSetInteger(xsResult, err);
}

void xs_espnow_removePeer(xsMachine *the)
{
	xsRadio radio = getRadio();
	uint8_t mac[ESP_NOW_ETH_ALEN];
	esp_err_t err = ESP_ERR_ESPNOW_NOT_INIT;

	getMAC(the, &xsArg(0), mac);
	if (radio)
		err = esp_now_del_peer(mac);
	xsmcSetInteger(xsResult, err);
}

void xs_espnow_read(xsMachine *the)
{
	xsRadio radio = getRadio();
	FrameHead head;
	void *bytes;
	xsUnsignedValue size;
	int taken = 0;

	xsmcVars(1);
	if (radio) {
		/* Nothing below makes garbage until the bytes are there: the engine may move them. */
		xsmcGet(xsVar(0), xsArg(0), xsID_bytes);
		xsmcGetBufferWritable(xsVar(0), &bytes, &size);
		modCriticalSectionBegin();
		if (radio->frameCount) {
			head = radio->heads[radio->frameFirst];
			c_memcpy(bytes, frameBytes(radio, radio->frameFirst), (head.length < size) ? head.length : size);
			radio->frameFirst = (radio->frameFirst + 1) % kFrameSlots;
			radio->frameCount -= 1;
			taken = 1;
		}
		modCriticalSectionEnd();
	}
	xsmcSetBoolean(xsResult, taken);
	if (!taken)
		return;

	setMAC(the, &xsVar(0), head.from);
	xsmcSet(xsArg(0), xsID_from, xsVar(0));
	xsmcSetInteger(xsVar(0), head.rssi);
	xsmcSet(xsArg(0), xsID_rssi, xsVar(0));
	xsmcSetInteger(xsVar(0), head.length);
	xsmcSet(xsArg(0), xsID_length, xsVar(0));
}

void xs_espnow_readStatus(xsMachine *the)
{
	xsRadio radio = getRadio();
	Status status;
	int taken = 0;

	if (radio) {
		modCriticalSectionBegin();
		if (radio->statusCount) {
			status = radio->statuses[radio->statusFirst];
			radio->statusFirst = (radio->statusFirst + 1) % kStatusSlots;
			radio->statusCount -= 1;
			taken = 1;
		}
		modCriticalSectionEnd();
	}
	xsmcSetBoolean(xsResult, taken);
	if (!taken)
		return;

	xsmcVars(1);
	setMAC(the, &xsVar(0), status.to);
	xsmcSet(xsArg(0), xsID_to, xsVar(0));
	xsmcSetBoolean(xsVar(0), status.acked);
	xsmcSet(xsArg(0), xsID_acked, xsVar(0));
}

void xs_espnow_readCall(xsMachine *the)
{
	xsRadio radio = getRadio();
	Call call;
	int taken = 0;

	if (radio) {
		modCriticalSectionBegin();
		if (radio->callCount) {
			call = radio->calls[0];
			radio->callCount -= 1;
			c_memmove(&radio->calls[0], &radio->calls[1], radio->callCount * sizeof(Call));
			taken = 1;
		}
		modCriticalSectionEnd();
	}
	xsmcSetBoolean(xsResult, taken);
	if (!taken)
		return;

	xsmcVars(1);
	setMAC(the, &xsVar(0), call.from);
	xsmcSet(xsArg(0), xsID_from, xsVar(0));
	xsmcSetInteger(xsVar(0), call.rssi);
	xsmcSet(xsArg(0), xsID_rssi, xsVar(0));
}

void xs_espnow_counters(xsMachine *the)
{
	xsRadio radio = getRadio();
	uint32_t received = 0, whileClosed = 0, ringFull = 0, tooLong = 0, notForUs = 0, joiningCalls = 0, statusFull = 0, postFailed = 0;

	if (radio) {
		modCriticalSectionBegin();
		received = radio->received;
		whileClosed = radio->whileClosed;
		ringFull = radio->ringFull;
		tooLong = radio->tooLong;
		notForUs = radio->notForUs;
		joiningCalls = radio->joiningCalls;
		statusFull = radio->statusFull;
		postFailed = radio->postFailed;
		modCriticalSectionEnd();
	}

	xsmcVars(1);
	xsmcSetUnsigned(xsVar(0), received);
	xsmcSet(xsArg(0), xsID_received, xsVar(0));
	xsmcSetUnsigned(xsVar(0), whileClosed);
	xsmcSet(xsArg(0), xsID_whileClosed, xsVar(0));
	xsmcSetUnsigned(xsVar(0), ringFull);
	xsmcSet(xsArg(0), xsID_ringFull, xsVar(0));
	xsmcSetUnsigned(xsVar(0), tooLong);
	xsmcSet(xsArg(0), xsID_tooLong, xsVar(0));
	xsmcSetUnsigned(xsVar(0), notForUs);
	xsmcSet(xsArg(0), xsID_notForUs, xsVar(0));
	xsmcSetUnsigned(xsVar(0), joiningCalls);
	xsmcSet(xsArg(0), xsID_joiningCalls, xsVar(0));
	xsmcSetUnsigned(xsVar(0), statusFull);
	xsmcSet(xsArg(0), xsID_statusFull, xsVar(0));
	xsmcSetUnsigned(xsVar(0), postFailed);
	xsmcSet(xsArg(0), xsID_postFailed, xsVar(0));
}
