/*
	The access point and the phones on it.
*/
#include <string.h>

#include "internal.h"
#include "rules.h"

#define PHONES 10
#define REASON_AUTH_LEAVE 3
#define REASON_ASSOC_LEAVE 8

typedef struct {
	uint8_t mac[MAC_BYTES];
	bool here;
} Phone;

static Phone gPhones[PHONES];

int accessPointPhones(void)
{
	int count = 0;
	for (int i = 0; i < PHONES; i++)
		count += gPhones[i].here;
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
	memset(gPhones, 0, sizeof(gPhones));
	radioReport();
	tellWorld();
	tellLog(gWiFi.ap.ssid_hidden && gWiFi.ap.ssid_len == 1 && gWiFi.ap.ssid[0] == '-' ? "ap-cloaked" : "ap-open");
	eventPost(WIFI_EVENT, WIFI_EVENT_AP_START, NULL, 0);
}

static void phoneGone(Phone *phone, int reason, bool kicked)
{
	phone->here = false;
	if (kicked) {
		char mac[13];
		macText(phone->mac, mac);
		effectBegin("phone-kicked");
		effectString("phone", mac);
		effectEnd();
	}
	wifi_event_ap_stadisconnected_t event = {.aid = (uint8_t)(phone - gPhones + 1), .reason = (uint16_t)reason};
	memcpy(event.mac, phone->mac, MAC_BYTES);
	eventPost(WIFI_EVENT, WIFI_EVENT_AP_STADISCONNECTED, &event, sizeof(event));
}

static void down(void)
{
	for (int i = 0; i < PHONES; i++)
		if (gPhones[i].here && ruleHolds("ap-stop-kicks"))
			phoneGone(&gPhones[i], REASON_AUTH_LEAVE, true);
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

/* Phones ---------------------------------------------------------------------------------------------------------- */

static void refuse(const char *phone, const char *why)
{
	effectBegin("phone");
	effectString("phone", phone);
	effectBool("joined", 0);
	effectString("why", why);
	effectEnd();
}

static Phone *placeFor(const uint8_t *mac)
{
	Phone *place = NULL;
	for (int i = 0; i < PHONES; i++) {
		if (gPhones[i].here && !memcmp(gPhones[i].mac, mac, MAC_BYTES))
			return &gPhones[i];
		if (!gPhones[i].here && !place)
			place = &gPhones[i];
	}
	return place;
}

static bool passwordFits(const char *password)
{
	char own[sizeof(gWiFi.ap.password) + 1] = "";
	memcpy(own, gWiFi.ap.password, sizeof(gWiFi.ap.password));
	return (gWiFi.ap.authmode == WIFI_AUTH_OPEN && ruleHolds("ap-open")) || !strcmp(own, password) || !ruleHolds("ap-password");
}

void onPhoneAuth(const Json *event)
{
	const char *text = jsonString(event, "phone", "");
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
	Phone *phone = placeFor(mac);
	if (!phone || (!phone->here && accessPointPhones() >= gWiFi.ap.max_connection && ruleHolds("ap-places"))) {
		refuse(text, "full");
		return;
	}
	if (phone->here)
		phoneGone(phone, REASON_ASSOC_LEAVE, false);
	memcpy(phone->mac, mac, MAC_BYTES);
	phone->here = true;
	wifi_event_ap_staconnected_t connected = {.aid = (uint8_t)(phone - gPhones + 1)};
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
	effectBegin("phone");
	effectString("phone", text);
	effectBool("joined", 1);
	if (lease)
		effectString("address", address);
	else
		effectString("why", "no address");
	effectEnd();
}

void onPhoneLeave(const Json *event)
{
	uint8_t mac[MAC_BYTES];
	if (!macParse(jsonString(event, "phone", ""), mac))
		return;
	for (int i = 0; i < PHONES; i++)
		if (gPhones[i].here && !memcmp(gPhones[i].mac, mac, MAC_BYTES))
			phoneGone(&gPhones[i], REASON_ASSOC_LEAVE, false);
}

esp_err_t esp_wifi_deauth_sta(uint16_t aid)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiNotStarted())
		return ESP_ERR_WIFI_NOT_STARTED;
	if (aid > PHONES && ruleHolds("deauth-range"))
		return ESP_ERR_INVALID_ARG;
	if (!modeHas(gWiFi.mode, WIFI_IF_AP) && ruleHolds("deauth-mode"))
		return ESP_ERR_WIFI_MODE;
	for (int i = 0; i < PHONES; i++)
		if (gPhones[i].here && ((!aid && ruleHolds("deauth-all")) || aid == i + 1))
			phoneGone(&gPhones[i], REASON_AUTH_LEAVE, true);
	return ESP_OK;
}
