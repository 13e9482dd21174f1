/*
	The access point and the clients on it.
*/
#include <string.h>

#include "internal.h"
#include "rules.h"

#define CLIENTS 10
#define REASON_AUTH_LEAVE 3
#define REASON_ASSOC_LEAVE 8

typedef struct {
	uint8_t mac[MAC_BYTES];
	bool here;
} Client;

static Client gClients[CLIENTS];

int accessPointClients(void)
{
	int count = 0;
	for (int i = 0; i < CLIENTS; i++)
		count += gClients[i].here;
	return count;
}

static void ssidText(char text[33])
{
	memset(text, 0, 33);
	memcpy(text, gWiFi.ap.ssid, gWiFi.ap.ssid_len > 32 ? 32 : gWiFi.ap.ssid_len);
}

static void tellLog(const char *event)
{
	char ssid[33];
	ssidText(ssid);
	logBegin(event);
	effectString("ssid", ssid);
	effectInt("channel", gWiFi.home);
	effectEnd();
}

static void tellWorld(void)
{
	char ssid[33], address[16];
	ssidText(ssid);
	addressText(netifAccessPointAddress(), address);
	effectBegin("ap");
	effectString("state", "on");
	effectString("ssid", ssid);
	effectStringN("password", (const char *)gWiFi.ap.password, strnlen((const char *)gWiFi.ap.password, sizeof(gWiFi.ap.password)));
	effectInt("channel", gWiFi.home);
	effectBool("hidden", gWiFi.ap.ssid_hidden);
	effectInt("auth", gWiFi.ap.authmode);
	effectString("address", address);
	effectEnd();
}

void accessPointMoved(void)
{
	tellWorld();
}

void accessPointStart(void)
{
	/* While nobody is joined the access point decides where the device lives. */
	bool joined = gWiFi.station == STATION_CONNECTED && ruleHolds("ap-station-wins");
	if (!joined && (!gWiFi.home || ruleHolds("ap-pulls-home")))
		radioSetHome(gWiFi.ap.channel);
	gWiFi.accessPointUp = true;
	memset(gClients, 0, sizeof(gClients));
	radioReport();
	tellWorld();
	tellLog(gWiFi.ap.ssid_hidden && gWiFi.ap.ssid_len == 1 && gWiFi.ap.ssid[0] == '-' ? "ap-hidden" : "ap-open");
	eventPost(WIFI_EVENT, WIFI_EVENT_AP_START, NULL, 0);
}

static void clientGone(Client *client, int reason, bool kicked)
{
	client->here = false;
	if (kicked) {
		char mac[13];
		macText(client->mac, mac);
		effectBegin("client-kicked");
		effectString("client", mac);
		effectEnd();
	}
	wifi_event_ap_stadisconnected_t event = {.aid = (uint8_t)(client - gClients + 1), .reason = (uint16_t)reason};
	memcpy(event.mac, client->mac, MAC_BYTES);
	eventPost(WIFI_EVENT, WIFI_EVENT_AP_STADISCONNECTED, &event, sizeof(event));
}

static void down(void)
{
	for (int i = 0; i < CLIENTS; i++)
		if (gClients[i].here && ruleHolds("ap-stop-kicks"))
			clientGone(&gClients[i], REASON_AUTH_LEAVE, true);
	gWiFi.accessPointUp = false;
	eventPost(WIFI_EVENT, WIFI_EVENT_AP_STOP, NULL, 0);
}

void accessPointStop(void)
{
	tellLog("ap-off");
	down();
	effectBegin("ap");
	effectString("state", "off");
	effectEnd();
	radioReport();
}

void accessPointRestart(void)
{
	down();
	accessPointStart();
}

/* Clients ---------------------------------------------------------------------------------------------------------- */

static void refuse(const char *client, const char *why)
{
	effectBegin("client");
	effectString("client", client);
	effectBool("joined", 0);
	effectString("why", why);
	effectEnd();
}

static Client *placeFor(const uint8_t *mac)
{
	Client *place = NULL;
	for (int i = 0; i < CLIENTS; i++) {
		if (gClients[i].here && !memcmp(gClients[i].mac, mac, MAC_BYTES))
			return &gClients[i];
		if (!gClients[i].here && !place)
			place = &gClients[i];
	}
	return place;
}

static bool passwordFits(const char *password)
{
	char own[sizeof(gWiFi.ap.password) + 1] = "";
	memcpy(own, gWiFi.ap.password, sizeof(gWiFi.ap.password));
	return (gWiFi.ap.authmode == WIFI_AUTH_OPEN && ruleHolds("ap-open")) || !strcmp(own, password) || !ruleHolds("ap-password");
}

void onClientAuth(const Json *event)
{
	const char *text = jsonString(event, "client", "");
	uint8_t mac[MAC_BYTES];
	if (!macParse(text, mac)) {
		refuse(text, "bad mac");
		return;
	}
	if (!gWiFi.accessPointUp) {
		refuse(text, "access point off");
		return;
	}
	if (!passwordFits(jsonString(event, "password", ""))) {
		wifi_event_ap_wrong_password_t wrong;
		memcpy(wrong.mac, mac, MAC_BYTES);
		if (ruleHolds("ap-password-event"))
			eventPost(WIFI_EVENT, WIFI_EVENT_AP_WRONG_PASSWORD, &wrong, sizeof(wrong));
		refuse(text, "wrong password");
		return;
	}
	Client *client = placeFor(mac);
	if (!client || (!client->here && accessPointClients() >= gWiFi.ap.max_connection && ruleHolds("ap-places"))) {
		refuse(text, "full");
		return;
	}
	if (client->here)
		clientGone(client, REASON_ASSOC_LEAVE, false);
	memcpy(client->mac, mac, MAC_BYTES);
	client->here = true;
	wifi_event_ap_staconnected_t connected = {.aid = (uint8_t)(client - gClients + 1)};
	memcpy(connected.mac, mac, MAC_BYTES);
	eventPost(WIFI_EVENT, WIFI_EVENT_AP_STACONNECTED, &connected, sizeof(connected));
	uint32_t lease = netifLease(mac);
	if (lease) {
		ip_event_assigned_ip_to_client_t assigned = {.esp_netif = netifOfAccessPoint(), .ip.addr = lease};
		memcpy(assigned.mac, mac, MAC_BYTES);
		eventPost(IP_EVENT, IP_EVENT_ASSIGNED_IP_TO_CLIENT, &assigned, sizeof(assigned));
	}
	char address[16];
	addressText(lease, address);
	effectBegin("client");
	effectString("client", text);
	effectBool("joined", 1);
	if (lease)
		effectString("address", address);
	else
		effectString("why", "no address");
	effectEnd();
}

esp_err_t esp_wifi_deauth_sta(uint16_t aid)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiNotStarted())
		return ESP_ERR_WIFI_NOT_STARTED;
	if (!modeHas(gWiFi.mode, WIFI_IF_AP) && ruleHolds("deauth-mode"))
		return ESP_ERR_WIFI_MODE;
	if (aid > CLIENTS && ruleHolds("deauth-who"))
		return ESP_ERR_INVALID_ARG;
	for (int i = 0; i < CLIENTS; i++)
		if (gClients[i].here && (aid == i + 1 || (aid == 0 && ruleHolds("deauth-all"))))
			clientGone(&gClients[i], REASON_AUTH_LEAVE, true);
	return ESP_OK;
}

void onClientLeave(const Json *event)
{
	uint8_t mac[MAC_BYTES];
	if (!macParse(jsonString(event, "client", ""), mac))
		return;
	for (int i = 0; i < CLIENTS; i++)
		if (gClients[i].here && !memcmp(gClients[i].mac, mac, MAC_BYTES))
			clientGone(&gClients[i], REASON_ASSOC_LEAVE, false);
}
