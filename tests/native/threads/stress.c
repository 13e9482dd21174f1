/*
	The radio's native between real threads: two of them call back as the Wi-Fi task does (the chip has one, but two cores),
	the main thread is the XS task: it reads, and closes and opens the radio all the while. The message queue is short and
	refuses. Every frame must be accounted for, nothing be used after its release, no race be found.
*/
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "esp_mac.h"
#include "esp_now.h"
#include "mc.xs.h"
#include "xsHost.h"

#define FRAMES 40000
#define QUEUE 2

void xs_espnow(xsMachine *the);
void xs_espnow_close(xsMachine *the);
void xs_espnow_read(xsMachine *the);
void xs_espnow_readStatus(xsMachine *the);
void xs_espnow_readCall(xsMachine *the);
void xs_espnow_counters(xsMachine *the);

xsSlot gProperties[32];
uint8_t gBuffer[250];
static xsMachine gMachine;

/* Tasks ----------------------------------------------------------------------------------------------------------- */

static pthread_mutex_t gCritical = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gQueueLock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	modMessageDeliver deliver;
	void *refcon;
} gQueue[QUEUE];
static int gWaiting;

void criticalBegin(void)
{
	pthread_mutex_lock(&gCritical);
}

void criticalEnd(void)
{
	pthread_mutex_unlock(&gCritical);
}

int modMessagePostToMachine(xsMachine *the, uint8_t *message, uint16_t length, modMessageDeliver callback, void *refcon)
{
	int result = -2;
	(void)the;
	(void)message;
	(void)length;
	pthread_mutex_lock(&gQueueLock);
	if (gWaiting < QUEUE) {
		gQueue[gWaiting].deliver = callback;
		gQueue[gWaiting++].refcon = refcon;
		result = 0;
	}
	pthread_mutex_unlock(&gQueueLock);
	return result;
}

static bool service(void)
{
	modMessageDeliver deliver = NULL;
	void *refcon = NULL;
	pthread_mutex_lock(&gQueueLock);
	if (gWaiting) {
		deliver = gQueue[0].deliver;
		refcon = gQueue[0].refcon;
		gWaiting--;
		memmove(gQueue, gQueue + 1, sizeof(gQueue[0]) * (size_t)gWaiting);
	}
	pthread_mutex_unlock(&gQueueLock);
	if (deliver)
		(*deliver)(&gMachine, refcon, NULL, 0);
	return deliver != NULL;
}

/* Driver ---------------------------------------------------------------------------------------------------------- */

static esp_now_recv_cb_t gReceive;
static esp_now_send_cb_t gSent;
static pthread_mutex_t gDriver = PTHREAD_MUTEX_INITIALIZER;
static int gRunning = 2;

esp_err_t esp_now_init(void)
{
	return ESP_OK;
}

/* Does not wait for callbacks that run: the native must not rely on it. */
esp_err_t esp_now_deinit(void)
{
	pthread_mutex_lock(&gDriver);
	gReceive = NULL;
	gSent = NULL;
	pthread_mutex_unlock(&gDriver);
	return ESP_OK;
}

esp_err_t esp_now_register_recv_cb(esp_now_recv_cb_t cb)
{
	pthread_mutex_lock(&gDriver);
	gReceive = cb;
	pthread_mutex_unlock(&gDriver);
	return ESP_OK;
}

esp_err_t esp_now_register_send_cb(esp_now_send_cb_t cb)
{
	pthread_mutex_lock(&gDriver);
	gSent = cb;
	pthread_mutex_unlock(&gDriver);
	return ESP_OK;
}

esp_err_t esp_now_send(const uint8_t *peer_addr, const uint8_t *data, size_t len)
{
	(void)peer_addr;
	(void)data;
	(void)len;
	return ESP_OK;
}

/* The station's and the access point's: the addresses that the two tasks send to. */
esp_err_t esp_read_mac(uint8_t *mac, esp_mac_type_t type)
{
	memcpy(mac, (uint8_t[]){1, 2, 3, 4, 5, 0}, 6);
	mac[5] = type == ESP_MAC_WIFI_SOFTAP;
	return ESP_OK;
}

esp_err_t esp_now_add_peer(const esp_now_peer_info_t *peer)
{
	(void)peer;
	return ESP_OK;
}

esp_err_t esp_now_del_peer(const uint8_t *peer_addr)
{
	(void)peer_addr;
	return ESP_OK;
}

esp_err_t esp_now_switch_channel_tx(esp_now_switch_channel_t *config)
{
	(void)config;
	return ESP_OK;
}

static void *wifiTask(void *arg)
{
	uint8_t mac[6] = {1, 2, 3, 4, 5, (uint8_t)(intptr_t)arg};
	uint8_t rx[4] = {0xC4};
	uint8_t data[300];
	for (int i = 0; i < FRAMES; i++) {
		pthread_mutex_lock(&gDriver);
		esp_now_recv_cb_t receive = gReceive;
		esp_now_send_cb_t sent = gSent;
		pthread_mutex_unlock(&gDriver);
		uint8_t other[6] = {1, 2, 3, 4, 6, 0};
		int length = i % 97 == 0 ? 260 : i % 251;
		memset(data, 'a' + i % 26, sizeof(data));
		uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};
		esp_now_recv_info_t info = {mac, i % 13 ? mac : other, (wifi_pkt_rx_ctrl_t *)rx};
		/* Now and then somebody calls, six boards in turn. */
		if (i % 13 == 0 && i % 2) {
			memcpy(data, "ping", 4);
			length = 4;
			mac[4] = (uint8_t)(i % 6);
			info.des_addr = everybody;
		}
		if (receive)
			(*receive)(&info, data, length);
		esp_now_send_info_t status;
		memset(&status, 0, sizeof(status));
		status.des_addr = mac;
		if (sent && i % 3 == 0)
			(*sent)(&status, ESP_NOW_SEND_SUCCESS);
		if (i % 16 == 0)
			sched_yield();
		mac[4] = 5;
	}
	__atomic_sub_fetch(&gRunning, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* XS task --------------------------------------------------------------------------------------------------------- */

static long gRead, gBroken, gReceived, gDropped, gStatuses, gCalls;

static void count(void)
{
	xs_espnow_counters(&gMachine);
	gReceived += (long)gProperties[xsID_received].number;
	gDropped += (long)(gProperties[xsID_ringFull].number + gProperties[xsID_tooLong].number + gProperties[xsID_notForUs].number + gProperties[xsID_joiningCalls].number);
}

static void readAll(void)
{
	for (;;) {
		xs_espnow_read(&gMachine);
		if (!gMachine.result.number)
			break;
		gRead++;
		/* Whole frames only: as long as said, one letter throughout. */
		size_t length = (size_t)gProperties[xsID_length].number, same = 0;
		while (same < length && gBuffer[same] == gBuffer[0])
			same++;
		if (gProperties[xsID_rssi].number != -60 || length > sizeof(gBuffer) || same != length)
			gBroken++;
	}
	for (;;) {
		xs_espnow_readStatus(&gMachine);
		if (!gMachine.result.number)
			break;
		gStatuses++;
	}
	for (;;) {
		xs_espnow_readCall(&gMachine);
		if (!gMachine.result.number)
			break;
		gCalls++;
	}
}

static void activity(void)
{
	static int calls;
	readAll();
	/* Closed within its own callback now and then: what still waits is read first, the counts are taken last. */
	if (++calls % 50 == 0) {
		xs_espnow_close(&gMachine);
		xs_espnow_close(&gMachine);
		xs_espnow(&gMachine);
	}
}

int main(void)
{
	pthread_t tasks[2];
	gMachine.activity = activity;
	xs_espnow(&gMachine);
	for (intptr_t i = 0; i < 2; i++)
		pthread_create(&tasks[i], NULL, wifiTask, (void *)i);
	/* While the tasks run: messages, and every so often a close in the middle of everything. */
	for (long turn = 1; __atomic_load_n(&gRunning, __ATOMIC_SEQ_CST); turn++) {
		service();
		if (turn % 200 == 0) {
			xs_espnow_close(&gMachine);
			xs_espnow(&gMachine);
		}
		sched_yield();
	}
	for (int i = 0; i < 2; i++)
		pthread_join(tasks[i], NULL);
	while (service())
		;
	/* A radio left alone from here on: all that comes is read or counted. */
	xs_espnow_close(&gMachine);
	xs_espnow(&gMachine);
	gRead = gReceived = gDropped = 0;
	gRunning = 2;
	gMachine.activity = readAll;
	for (intptr_t i = 0; i < 2; i++)
		pthread_create(&tasks[i], NULL, wifiTask, (void *)i);
	while (__atomic_load_n(&gRunning, __ATOMIC_SEQ_CST))
		if (!service())
			sched_yield();
	for (int i = 0; i < 2; i++)
		pthread_join(tasks[i], NULL);
	while (service())
		;
	readAll();
	count();
	xs_espnow_close(&gMachine);
	printf("{\"received\":%ld,\"read\":%ld,\"dropped\":%ld,\"broken\":%ld,\"statuses\":%ld,\"calls\":%ld,\"waiting\":%d}\n", gReceived, gRead, gDropped, gBroken, gStatuses, gCalls, gWaiting);
	return 0;
}
