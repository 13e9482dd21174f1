/*
	Network interfaces: addresses, the DHCP client of the station, the DHCP server of the access point. The default
	handlers run in the event loop, before anybody else's.
*/
#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "rules.h"

#define LOST_IP_MS 120000 /* CONFIG_ESP_NETIF_IP_LOST_TIMER_INTERVAL */
#define HOSTNAME_MAX 32 /* ESP_NETIF_HOSTNAME_MAX_SIZE */

struct esp_netif_obj {
	const char *key;
	bool exists;
	bool up;
	esp_netif_ip_info_t ip;
	esp_netif_dhcp_status_t dhcp; /* access point: server; station: client */
	esp_netif_dns_info_t dns[ESP_NETIF_DNS_MAX];
	uint8_t offerDns;
	char hostname[HOSTNAME_MAX + 1];
};

static esp_netif_t gStation = {.key = "WIFI_STA_DEF"};
static esp_netif_t gAccessPoint = {.key = "WIFI_AP_DEF"};

static void lostRing(Alarm *alarm);
static Alarm gLostAlarm = {.ring = lostRing};

static void discoverRing(Alarm *alarm);
static Alarm gDiscoverAlarm = {.ring = discoverRing};
static int gDiscovers; /* since it has joined */

void addressText(uint32_t address, char text[16])
{
	esp_ip4_addr_t ip = {address};
	snprintf(text, 16, IPSTR, IP2STR(&ip));
}

static uint32_t parseAddress(const char *text)
{
	unsigned a, b, c, d;
	return sscanf(text, "%u.%u.%u.%u", &a, &b, &c, &d) == 4 ? ESP_IP4TOADDR(a, b, c, d) : 0;
}

static bool missing(const void *argument)
{
	return !argument && ruleHolds("netif-null");
}

/* Life ------------------------------------------------------------------------------------------------------------ */

esp_err_t esp_netif_init(void)
{
	return ESP_OK;
}

static esp_netif_t *create(esp_netif_t *netif)
{
	/* The real one asserts. */
	if (netif->exists && ruleHolds("netif-once"))
		idfPanic("duplicate network interface");
	const char *key = netif->key;
	memset(netif, 0, sizeof(*netif));
	netif->key = key;
	netif->exists = true;
	/* CONFIG_LWIP_LOCAL_HOSTNAME */
	strcpy(netif->hostname, "espressif");
	return netif;
}

esp_netif_t *esp_netif_create_default_wifi_sta(void)
{
	return create(&gStation);
}

esp_netif_t *esp_netif_create_default_wifi_ap(void)
{
	create(&gAccessPoint);
	gAccessPoint.ip.ip.addr = gAccessPoint.ip.gw.addr = ruleHolds("netif-default-address") ? ESP_IP4TOADDR(192, 168, 4, 1) : 0;
	gAccessPoint.ip.netmask.addr = ESP_IP4TOADDR(255, 255, 255, 0);
	return &gAccessPoint;
}

esp_netif_t *esp_netif_get_handle_from_ifkey(const char *if_key)
{
	bool absent = !ruleHolds("netif-absent");
	if ((gStation.exists || absent) && !strcmp(if_key, gStation.key))
		return &gStation;
	return (gAccessPoint.exists || absent) && !strcmp(if_key, gAccessPoint.key) ? &gAccessPoint : NULL;
}

bool esp_netif_is_netif_up(esp_netif_t *netif)
{
	return netif && netif->up;
}

esp_err_t esp_netif_set_hostname(esp_netif_t *netif, const char *hostname)
{
	if (missing(netif))
		return ESP_ERR_INVALID_ARG;
	if (strlen(hostname) > HOSTNAME_MAX && ruleHolds("hostname-length"))
		return ESP_ERR_ESP_NETIF_INVALID_PARAMS;
	snprintf(netif->hostname, sizeof(netif->hostname), "%s", hostname);
	return ESP_OK;
}

esp_err_t esp_netif_get_hostname(esp_netif_t *netif, const char **hostname)
{
	if (missing(netif))
		return ESP_ERR_INVALID_ARG;
	*hostname = netif->hostname;
	return ESP_OK;
}

void netifDown(void)
{
	alarmClear(&gDiscoverAlarm);
	gStation.exists = gAccessPoint.exists = false;
}

/* Addresses ------------------------------------------------------------------------------------------------------- */

esp_err_t esp_netif_get_ip_info(esp_netif_t *netif, esp_netif_ip_info_t *ip_info)
{
	if (missing(netif) || missing(ip_info))
		return ESP_ERR_INVALID_ARG;
	*ip_info = netif->ip;
	return ESP_OK;
}

esp_err_t esp_netif_set_ip_info(esp_netif_t *netif, const esp_netif_ip_info_t *ip_info)
{
	if (missing(netif) || missing(ip_info))
		return ESP_ERR_INVALID_STATE;
	if (netif->dhcp != ESP_NETIF_DHCP_STOPPED && ruleHolds("netif-address-stopped"))
		return ESP_ERR_ESP_NETIF_DHCP_NOT_STOPPED;
	netif->ip = *ip_info;
	if (netif == &gAccessPoint && gWiFi.accessPointUp)
		accessPointMoved();
	return ESP_OK;
}

uint32_t netifAccessPointAddress(void)
{
	return gAccessPoint.ip.ip.addr;
}

esp_netif_t *netifOfAccessPoint(void)
{
	return &gAccessPoint;
}

uint32_t netifLease(const uint8_t *mac)
{
	if (!gAccessPoint.exists || !gAccessPoint.up || (gAccessPoint.dhcp != ESP_NETIF_DHCP_STARTED && ruleHolds("dhcps-needed")))
		return 0;
	uint8_t bytes[4];
	memcpy(bytes, &gAccessPoint.ip.ip.addr, 4);
	return ESP_IP4TOADDR(bytes[0], bytes[1], bytes[2], bytes[3] + leaseFor(mac));
}

/* DHCP server ----------------------------------------------------------------------------------------------------- */

esp_err_t esp_netif_dhcps_stop(esp_netif_t *netif)
{
	if (missing(netif))
		return ESP_ERR_INVALID_ARG;
	if (netif != &gAccessPoint && ruleHolds("dhcps-ap-only"))
		return ESP_ERR_ESP_NETIF_INVALID_PARAMS;
	if (netif->dhcp == ESP_NETIF_DHCP_STOPPED && ruleHolds("dhcps-stopped"))
		return ESP_ERR_ESP_NETIF_DHCP_ALREADY_STOPPED;
	netif->dhcp = ESP_NETIF_DHCP_STOPPED;
	leasesForget();
	return ESP_OK;
}

esp_err_t esp_netif_dhcps_start(esp_netif_t *netif)
{
	if (missing(netif))
		return ESP_ERR_INVALID_ARG;
	if (netif != &gAccessPoint && ruleHolds("dhcps-ap-only"))
		return ESP_ERR_ESP_NETIF_INVALID_PARAMS;
	if (netif->dhcp == ESP_NETIF_DHCP_STARTED && ruleHolds("dhcps-started"))
		return ESP_ERR_ESP_NETIF_DHCP_ALREADY_STARTED;
	/* With the interface down it waits for AP_START. */
	netif->dhcp = netif->up || !ruleHolds("dhcps-waits") ? ESP_NETIF_DHCP_STARTED : ESP_NETIF_DHCP_INIT;
	return ESP_OK;
}

esp_err_t esp_netif_dhcps_get_status(esp_netif_t *netif, esp_netif_dhcp_status_t *status)
{
	if (!netif || !status)
		return ESP_ERR_ESP_NETIF_INVALID_PARAMS;
	*status = netif->dhcp;
	return ESP_OK;
}

esp_err_t esp_netif_dhcps_option(esp_netif_t *netif, esp_netif_dhcp_option_mode_t mode, esp_netif_dhcp_option_id_t id, void *value, uint32_t length)
{
	if (!netif || netif != &gAccessPoint || !value || !length || id != ESP_NETIF_DOMAIN_NAME_SERVER)
		return ESP_ERR_ESP_NETIF_INVALID_PARAMS;
	if (mode == ESP_NETIF_OP_GET) {
		if (netif->dhcp == ESP_NETIF_DHCP_STOPPED)
			return ESP_ERR_ESP_NETIF_DHCP_ALREADY_STOPPED;
		*(uint8_t *)value = netif->offerDns;
		return ESP_OK;
	}
	if (mode != ESP_NETIF_OP_SET)
		return ESP_ERR_ESP_NETIF_INVALID_PARAMS;
	if (netif->dhcp == ESP_NETIF_DHCP_STARTED && ruleHolds("dhcps-option-stopped"))
		return ESP_ERR_ESP_NETIF_DHCP_ALREADY_STARTED;
	netif->offerDns = *(uint8_t *)value;
	return ESP_OK;
}

esp_err_t esp_netif_set_dns_info(esp_netif_t *netif, esp_netif_dns_type_t type, esp_netif_dns_info_t *dns)
{
	/* A DHCP server offers two at most; no server at all is told by leaving the offer out. */
	if (missing(netif) || missing(dns) || (!dns->ip.u_addr.ip4.addr && ruleHolds("dns-address")))
		return ESP_ERR_ESP_NETIF_INVALID_PARAMS;
	if (type >= (netif == &gAccessPoint && ruleHolds("dns-two") ? ESP_NETIF_DNS_FALLBACK : ESP_NETIF_DNS_MAX))
		return ESP_ERR_ESP_NETIF_INVALID_PARAMS;
	netif->dns[type] = *dns;
	return ESP_OK;
}

/* Default handlers ------------------------------------------------------------------------------------------------ */

static void lostRing(Alarm *alarm)
{
	(void)alarm;
	if (!gStation.ip.ip.addr)
		return;
	memset(&gStation.ip, 0, sizeof(gStation.ip));
	eventPost(IP_EVENT, IP_EVENT_STA_LOST_IP, NULL, 0);
}

/* Asks until there is an answer: again after 2, 4, 8, 16, 32, then every 60 s (DHCP_REQUEST_TIMEOUT_SEQUENCE). */
static void discover(void)
{
	effectBegin("dhcp");
	effectString("hostname", ruleHolds("dhcp-hostname") ? gStation.hostname : "");
	effectEnd();
	gDiscovers++;
	if (ruleHolds("dhcp-asks-again"))
		alarmSet(&gDiscoverAlarm, boardTimeUs() + (gDiscovers < 6 ? 1 << gDiscovers : 60) * 1000 * MS);
}

static void discoverRing(Alarm *alarm)
{
	(void)alarm;
	discover();
}

static void stationConnected(void)
{
	/* It may be over by the time the event is served. */
	if (gWiFi.station != STATION_CONNECTED)
		return;
	gStation.up = true;
	gDiscovers = 0;
	if (ruleHolds("address-asked"))
		discover();
}

void netifOnEvent(esp_event_base_t base, int32_t id, void *data)
{
	(void)data;
	if (base != WIFI_EVENT)
		return;
	if (gStation.exists && id == WIFI_EVENT_STA_CONNECTED)
		stationConnected();
	else if (gStation.exists && (id == WIFI_EVENT_STA_DISCONNECTED || id == WIFI_EVENT_STA_STOP)) {
		if (gStation.up && gStation.ip.ip.addr)
			alarmSet(&gLostAlarm, boardTimeUs() + (ruleHolds("address-lost-late") ? LOST_IP_MS * MS : 0));
		gStation.up = false;
		alarmClear(&gDiscoverAlarm);
	}
	else if (gAccessPoint.exists && id == WIFI_EVENT_AP_START) {
		gAccessPoint.up = true;
		if (gAccessPoint.dhcp == ESP_NETIF_DHCP_INIT && ruleHolds("dhcps-with-ap"))
			gAccessPoint.dhcp = ESP_NETIF_DHCP_STARTED;
	}
	else if (gAccessPoint.exists && id == WIFI_EVENT_AP_STOP) {
		gAccessPoint.up = false;
		leasesForget();
		if (gAccessPoint.dhcp == ESP_NETIF_DHCP_STARTED)
			gAccessPoint.dhcp = ESP_NETIF_DHCP_INIT;
	}
}

/* The router's DHCP server has answered. */
void onDhcp(const Json *event)
{
	if (!gStation.exists || !gStation.up)
		return;
	ip_event_got_ip_t got;
	memset(&got, 0, sizeof(got));
	got.esp_netif = &gStation;
	got.ip_info.ip.addr = parseAddress(jsonString(event, "ip", ""));
	got.ip_info.netmask.addr = parseAddress(jsonString(event, "mask", "255.255.255.0"));
	got.ip_info.gw.addr = parseAddress(jsonString(event, "gateway", ""));
	got.ip_changed = got.ip_info.ip.addr != gStation.ip.ip.addr || !ruleHolds("address-changed");
	gStation.ip = got.ip_info;
	alarmClear(&gDiscoverAlarm);
	if (ruleHolds("address-back"))
		alarmClear(&gLostAlarm);
	eventPost(IP_EVENT, IP_EVENT_STA_GOT_IP, &got, sizeof(got));
}
