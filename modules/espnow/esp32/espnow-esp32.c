/*
	ESP-NOW for XS. The driver calls back in the Wi-Fi task (esp_now.h): there, frames and send statuses are only copied
	into fixed rings; one message at a time tells the XS task that something waits.
*/

#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"

#include "esp_mac.h"
#include "esp_now.h"

/* Frames of ESP-NOW version 1; longer ones of newer senders are counted and left. */
#define kFrameBytes ESP_NOW_MAX_DATA_LEN
#define kFrameSlots 16
#define kStatusSlots 8

typedef struct {
	uint8_t from[ESP_NOW_ETH_ALEN];
	int8_t rssi;
	uint8_t length;
	uint8_t bytes[kFrameBytes];
} Frame;

typedef struct {
	uint8_t to[ESP_NOW_ETH_ALEN];
	uint8_t acked;
} Status;

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
	Frame frames[kFrameSlots];
	Status statuses[kStatusSlots];
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
			if (isJoiningCall(info->des_addr, data, length))
				radio->joiningCalls += 1;
			else
				radio->notForUs += 1;
		}
		else if ((length < 0) || (length > kFrameBytes))
			radio->tooLong += 1;
		else if (kFrameSlots == radio->frameCount) {
			radio->ringFull += 1;
			mustPost = claimPost(radio);
		}
		else {
			Frame *frame = &radio->frames[(radio->frameFirst + radio->frameCount) % kFrameSlots];
			c_memcpy(frame->from, info->src_addr, sizeof(frame->from));
			/* The type of rx_ctrl differs from chip to chip; its byte 0 is the RSSI on all of them (esp_wifi_types_native.h). */
			frame->rssi = *(const int8_t *)info->rx_ctrl;
			frame->length = (uint8_t)length;
			if (length)
				c_memcpy(frame->bytes, data, (size_t)length);
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
	text
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

/* Whether the bytes are text for XS: UTF-8 in its shortest form, no surrogates, no NUL. */
static int isText(const uint8_t *bytes, int length)
{
	int i = 0;

	while (i < length) {
		uint8_t c = bytes[i++];
		uint32_t code, least;
		int more;

		if (c < 0x80) {
			if (0 == c)
				return 0;
			continue;
		}
		if (0xC0 == (c & 0xE0)) {
			more = 1;
			code = c & 0x1F;
			least = 0x80;
		}
		else if (0xE0 == (c & 0xF0)) {
			more = 2;
			code = c & 0x0F;
			least = 0x800;
		}
		else if (0xF0 == (c & 0xF8)) {
			more = 3;
			code = c & 0x07;
			least = 0x10000;
		}
		else
			return 0;

		if (more > length - i)
			return 0;
		while (more--) {
			c = bytes[i++];
			if (0x80 != (c & 0xC0))
				return 0;
			code = (code << 6) | (c & 0x3F);
		}
		if ((code < least) || (code > 0x10FFFF) || ((0xD800 <= code) && (code <= 0xDFFF)))
			return 0;
	}
	return 1;
}

/*
	host functions
*/

void xs_espnow(xsMachine *the)
{
	esp_err_t err;
	xsRadio radio;

	xsmcVars(1);
	xsmcGet(xsVar(0), xsArg(0), xsID_onActivity);
	if (!xsmcIsCallable(xsVar(0)))
		xsTypeError("onActivity required");
	if (gRadio)
		xsUnknownError("radio in use");

	radio = c_calloc(1, sizeof(xsRadioRecord));
	if (!radio)
		xsUnknownError("no memory");

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
	esp_err_t err;

	getMAC(the, &xsArg(0), mac);
	if (!radio)
		err = ESP_ERR_ESPNOW_NOT_INIT;
	else {
		const char *text = xsmcToString(xsArg(1));
		size_t length = c_strlen(text);
		/* The driver would take 1470 bytes, which the receivers of this network count as too long. */
		err = (length > kFrameBytes) ? ESP_ERR_ESPNOW_ARG : esp_now_send(mac, (const uint8_t *)text, length);
	}
	xsmcSetInteger(xsResult, err);
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
	Frame frame;
	int taken = 0;

	if (radio) {
		modCriticalSectionBegin();
		if (radio->frameCount) {
			const Frame *first = &radio->frames[radio->frameFirst];
			c_memcpy(&frame, first, offsetof(Frame, bytes) + first->length);
			radio->frameFirst = (radio->frameFirst + 1) % kFrameSlots;
			radio->frameCount -= 1;
			taken = 1;
		}
		modCriticalSectionEnd();
	}
	xsmcSetBoolean(xsResult, taken);
	if (!taken)
		return;

	xsmcVars(1);
	setMAC(the, &xsVar(0), frame.from);
	xsmcSet(xsArg(0), xsID_from, xsVar(0));
	xsmcSetInteger(xsVar(0), frame.rssi);
	xsmcSet(xsArg(0), xsID_rssi, xsVar(0));
	xsmcSetInteger(xsVar(0), frame.length);
	xsmcSet(xsArg(0), xsID_bytes, xsVar(0));
	if (isText(frame.bytes, frame.length))
		xsmcSetStringBuffer(xsVar(0), (char *)frame.bytes, frame.length);
	else
		xsmcSetNull(xsVar(0));
	xsmcSet(xsArg(0), xsID_text, xsVar(0));
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
