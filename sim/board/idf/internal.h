/*
	Faces between the files of the fake ESP-IDF.
*/
#ifndef IDF_INTERNAL_H
#define IDF_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_netif.h"
#include "esp_wifi.h"
#include "idf.h"

#define MAC_BYTES 6
#define MS 1000LL

/* tasks.c: what runs later, in the order of the chip's priorities ------------------------------------------------- */

typedef enum { TASK_WIFI, TASK_EVENTS } Task;
typedef void (*Work)(void *payload);
/* Queues work; the caller fills in the zeroed payload. After the work has run, the payload is poisoned. */
void *taskQueue(Task task, Work work, size_t size);

typedef struct Alarm {
	void (*ring)(struct Alarm *alarm);
	int64_t at;
	uint64_t order;
	struct Alarm *next;
	bool set;
} Alarm;
/* Rings once at a world time in µs; setting it again moves it. */
void alarmSet(Alarm *alarm, int64_t at);
void alarmClear(Alarm *alarm);

/* system.c -------------------------------------------------------------------------------------------------------- */

extern uint8_t gStationMac[MAC_BYTES];
extern uint8_t gAccessPointMac[MAC_BYTES];
void systemBoot(const Json *boot);
/* A misuse that the real one answers with an abort, or that strict use forbids: the board dies saying so. */
void idfPanic(const char *why) __attribute__((noreturn));
/* Dies without a word: the supply fails. */
void powerCut(void) __attribute__((noreturn));
void systemDown(void);
void macText(const uint8_t *mac, char text[13]);
bool macParse(const char *text, uint8_t *mac);
void logBegin(const char *event);
/* The running timer's name, NULL outside of a timer's callback. */
const char *timerRunning(void);

/* events.c -------------------------------------------------------------------------------------------------------- */

/* As the driver does: to the default event loop, dropped when there is none. */
void eventPost(esp_event_base_t base, int32_t id, const void *data, size_t size);
/* So many events that say nothing new. */
void eventStorm(int64_t count);

/* wifi.c: state shared by the Wi-Fi files ------------------------------------------------------------------------- */

typedef enum { STATION_IDLE, STATION_CONNECTING, STATION_CONNECTED } StationState;

typedef struct {
	bool init;
	bool started;
	wifi_mode_t mode;
	wifi_ps_type_t ps;
	bool idlePm; /* sta_disconnected_pm */
	wifi_sta_config_t sta;
	wifi_ap_config_t ap;
	bool stationUp;
	bool accessPointUp;
	StationState station;
	uint8_t bssid[MAC_BYTES];
	int rssi;
	wifi_auth_mode_t auth;
	uint8_t home; /* where the device lives; 0 while stopped */
	uint8_t current; /* where the radio is now */
} WiFi;
extern WiFi gWiFi;

bool modeHas(wifi_mode_t mode, wifi_interface_t ifx);

/* radio.c */
/* Tells the world where the radio is, if that has changed. */
void radioReport(void);
/* Moves the device: event, log, access point and, unless the radio is away, the radio too. */
void radioSetHome(uint8_t channel);
/* The radio leaves home for a channel, or comes back with 0. */
void radioAway(uint8_t channel);
bool channelPair(uint8_t primary, int second);
bool channelAllowed(uint8_t channel);
/* Channels a station looks at, in order; those without the right to send are passive. Returns how many. */
int channelsToScan(uint8_t channels[14], bool passive[14]);

/* scan.c */
typedef struct {
	uint8_t bssid[MAC_BYTES];
	char ssid[33];
	uint8_t channel;
	int rssi;
	wifi_auth_mode_t auth;
	wifi_sae_pwe_method_t pwe; /* what a WPA3 one takes */
} Beacon;
bool scanRunning(void);
/* For connect: tries the channels in turn; done(found) is called with what was heard, at most `max` beacons. */
void scanForConnect(const char *ssid, uint8_t firstChannel, bool stopAtFirst, void (*done)(const Beacon *beacons, int count));
void scanAbort(bool tell);
void scanDown(void);
void onBeacon(const Json *event);

/* station.c */
void stationStart(void);
void stationStop(void);
void onJoinResult(const Json *event);
void onAudible(const Json *event);
void onChannelSwitch(const Json *event);
void onKicked(const Json *event);
/* A scan that somebody asked for begins. */
void stationScans(void);
void stationDown(void);

/* ap.c */
void accessPointStart(void);
void accessPointStop(void);
/* Starts again with another configuration. */
void accessPointRestart(void);
/* Its channel has moved with the device's home. */
void accessPointMoved(void);
int accessPointClients(void);
void onClientAuth(const Json *event);
void onClientLeave(const Json *event);

/* netif.c: default handlers, run before the user's ---------------------------------------------------------------- */

void netifOnEvent(esp_event_base_t base, int32_t id, void *data);
/* Lease for the n-th client in network order, 0 when there is no DHCP server. */
uint32_t netifLease(const uint8_t *mac);
/* Which address of the DHCP server a client has, counted from 1 behind its own. */
int leaseFor(const uint8_t *mac);
void leasesForget(void);
esp_netif_t *netifOfAccessPoint(void);
uint32_t netifAccessPointAddress(void);
void onDhcp(const Json *event);
void netifDown(void);
void addressText(uint32_t address, char text[16]);

/* espnow.c -------------------------------------------------------------------------------------------------------- */

/* Wi-Fi stopped: what was under way is forgotten. */
void espnowWifiStopped(void);
/* The station has joined a router, on this channel. */
void espnowJoined(uint8_t channel);
void onReceived(const Json *event);
void onTxDone(const Json *event);
/* Frames that come in one go, more than anybody may have room for. */
void espnowBurst(int64_t count);
void espnowDown(void);
/* A stay on another channel ends. */
void espnowComeHome(void);

/* faults.c -------------------------------------------------------------------------------------------------------- */

typedef enum {
	FAULT_MUTE,
	FAULT_STATUS_LOST,
	FAULT_STATUS_LATE,
	FAULT_STATUS_DOUBLED,
	FAULT_NO_MEM,
	FAULT_NO_MEM_UNTIL_REINIT,
	FAULT_CALLBACK_IN_CLOSE,
	FAULT_EVENT_STORM,
	FAULT_RANDOM_STUCK,
	FAULT_RANDOM_REPEATS,
	FAULT_PIN_STUCK,
	FAULT_FLASH_REFUSES,
	FAULT_FLASH_FORGETS,
	FAULT_CLOCK_STOPS,
	FAULT_HEAP_LOW,
	FAULT_STACK_LOW,
	FAULT_NO_VERSION,
	FAULTS
} Fault;
void onFault(const Json *event);
/* Uses one up; false when none is planted. */
bool faultStrikes(Fault fault);
/* Whether one is planted; uses none up. */
bool faultHolds(Fault fault);
/* Queues a send status for the Wi-Fi task, as the planted faults will have it. */
void faultTellStatus(Work work, const void *status, size_t size);
/* How many events come ahead of the driver's own one: once. */
int64_t faultStormAhead(void);
void faultWifiDeinit(void);

/* nvs.c, gpio.c, timer.c ------------------------------------------------------------------------------------------ */

void nvsBoot(const Json *list);
void nvsFault(int64_t count);
void nvsDown(void);
void gpioBoot(const Json *pins);
void onPin(const Json *event);
void timersDown(void);

#endif
