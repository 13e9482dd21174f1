/* Network interfaces: addresses, DHCP, DNS; and the clients that they serve. */
#include <stdio.h>

#include "harness.h"

static esp_netif_t *station(void)
{
	return esp_netif_get_handle_from_ifkey("WIFI_STA_DEF");
}

static esp_netif_t *accessPoint(void)
{
	return esp_netif_get_handle_from_ifkey("WIFI_AP_DEF");
}

static void client(int last, const char *password)
{
	char members[128];
	snprintf(members, sizeof(members), "'client':'0200000000%02x','password':'%s'", last, password);
	give("client-auth", members);
	settle();
}

static void openAccessPoint(wifi_auth_mode_t auth, int places)
{
	wifi_config_t config;
	startWiFi(WIFI_MODE_APSTA);
	configureAccessPoint(1);
	CHECK_IS(esp_wifi_get_config(WIFI_IF_AP, &config), ESP_OK);
	config.ap.authmode = auth;
	config.ap.max_connection = (uint8_t)places;
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, &config), ESP_OK);
	settle();
	forget();
}

RULE(netifAbsent, "there is no handle of an interface that was not made")
{
	CHECK(!station());
	CHECK(!accessPoint());
	openWiFi();
	CHECK(station() && accessPoint());
}

RULE(stationAddress, "the station's address cannot be set while its DHCP client is not stopped, nor can it serve DHCP")
{
	esp_netif_ip_info_t info;
	memset(&info, 0, sizeof(info));
	openWiFi();
	CHECK_IS(esp_netif_set_ip_info(station(), &info), ESP_ERR_ESP_NETIF_DHCP_NOT_STOPPED);
	CHECK_IS(esp_netif_dhcps_stop(station()), ESP_ERR_ESP_NETIF_INVALID_PARAMS);
	CHECK_IS(esp_netif_dhcps_start(station()), ESP_ERR_ESP_NETIF_INVALID_PARAMS);
}

RULE(dhcpOption, "the DHCP server's options change only while it is not running")
{
	uint8_t offer = 2;
	openAccessPoint(WIFI_AUTH_WPA2_PSK, 4);
	CHECK_IS(esp_netif_dhcps_option(accessPoint(), ESP_NETIF_OP_SET, ESP_NETIF_DOMAIN_NAME_SERVER, &offer, 1), ESP_ERR_ESP_NETIF_DHCP_ALREADY_STARTED);
	CHECK_IS(esp_netif_dhcps_stop(accessPoint()), ESP_OK);
	CHECK_IS(esp_netif_dhcps_option(accessPoint(), ESP_NETIF_OP_SET, ESP_NETIF_DOMAIN_NAME_SERVER, &offer, 1), ESP_OK);
}

RULE(dnsServers, "a DNS server needs an address; an access point offers two of them, not the fallback")
{
	esp_netif_dns_info_t dns;
	memset(&dns, 0, sizeof(dns));
	openWiFi();
	CHECK_IS(esp_netif_set_dns_info(accessPoint(), ESP_NETIF_DNS_MAIN, &dns), ESP_ERR_ESP_NETIF_INVALID_PARAMS);
	dns.ip.u_addr.ip4.addr = ESP_IP4TOADDR(8, 8, 8, 8);
	CHECK_IS(esp_netif_set_dns_info(accessPoint(), ESP_NETIF_DNS_MAIN, &dns), ESP_OK);
	CHECK_IS(esp_netif_set_dns_info(accessPoint(), ESP_NETIF_DNS_FALLBACK, &dns), ESP_ERR_ESP_NETIF_INVALID_PARAMS);
	CHECK_IS(esp_netif_set_dns_info(station(), ESP_NETIF_DNS_FALLBACK, &dns), ESP_OK);
}

static int gChanged = -1;
static bool gUp;

static void watchAddress(void *arg, esp_event_base_t base, int32_t id, void *data)
{
	(void)arg;
	(void)base;
	(void)id;
	gChanged = ((ip_event_got_ip_t *)data)->ip_changed;
}

RULE(addressBack, "an address that is had again within 120 s is neither reported lost nor as changed")
{
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_event_handler_instance_register(IP_EVENT, IP_EVENT_STA_GOT_IP, watchAddress, NULL, NULL), ESP_OK);
	joinRouter(6);
	CHECK_IS(gChanged, 1);
	CHECK_IS(esp_wifi_disconnect(), ESP_OK);
	pass(60000);
	forget();
	joinRouter(6);
	CHECK_IS(gChanged, 0);
	pass(200000);
	CHECK(!strstr(gSeen, "lost_ip"));
}

static void watchUp(void *arg, esp_event_base_t base, int32_t id, void *data)
{
	(void)arg;
	(void)base;
	(void)id;
	(void)data;
	gUp = esp_netif_is_netif_up(accessPoint());
}

RULE(netifFirst, "who hears AP_START finds the interface up: its own handlers have run before")
{
	openWiFi();
	CHECK_IS(esp_event_handler_instance_register(WIFI_EVENT, WIFI_EVENT_AP_START, watchUp, NULL, NULL), ESP_OK);
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_AP), ESP_OK);
	CHECK_IS(esp_wifi_start(), ESP_OK);
	settle();
	CHECK(gUp);
}

RULE(leases, "the DHCP server remembers 8 clients; for a ninth it forgets the one that was not seen for longest")
{
	openAccessPoint(WIFI_AUTH_WPA2_PSK, 10);
	for (int i = 1; i <= 8; i++)
		client(i, "00000000");
	client(1, "00000000");
	CHECK(said("'client':'020000000001','joined':true,'address':'192.168.4.2'"));
	client(9, "00000000");
	CHECK(said("'client':'020000000009','joined':true,'address':'192.168.4.10'"));
	/* The second was the one, and is a new client again. */
	client(1, "00000000");
	CHECK_IS(timesSaid("'client':'020000000001','joined':true,'address':'192.168.4.2'"), 3);
	client(2, "00000000");
	CHECK(said("'client':'020000000002','joined':true,'address':'192.168.4.11'"));
}

RULE(leasesForgotten, "a DHCP server that was stopped, or whose access point was, begins with its first address")
{
	openAccessPoint(WIFI_AUTH_WPA2_PSK, 4);
	client(1, "00000000");
	CHECK(said("'client':'020000000001','joined':true,'address':'192.168.4.2'"));
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_STA), ESP_OK);
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	settle();
	client(2, "00000000");
	CHECK(said("'client':'020000000002','joined':true,'address':'192.168.4.2'"));
	CHECK_IS(esp_netif_dhcps_stop(accessPoint()), ESP_OK);
	CHECK_IS(esp_netif_dhcps_start(accessPoint()), ESP_OK);
	client(3, "00000000");
	CHECK(said("'client':'020000000003','joined':true,'address':'192.168.4.2'"));
}

RULE(openNetwork, "an open access point asks for no password")
{
	openAccessPoint(WIFI_AUTH_OPEN, 4);
	client(1, "");
	CHECK(said("'joined':true"));
}

RULE(apWhileJoined, "an access point that starts while the station is joined goes to the router's channel")
{
	wifi_config_t config;
	startWiFi(WIFI_MODE_STA);
	joinRouter(6);
	forget();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	CHECK_IS(esp_wifi_get_config(WIFI_IF_AP, &config), ESP_OK);
	CHECK_IS(config.ap.channel, 1);
	settle();
	CHECK(!strcmp(gSeen, "ap_start"));
	CHECK(said("{'do':'ap','state':'on'"));
	CHECK(said("'channel':6,'hidden'"));
}

RULE(apDefaults, "set_config of the access point: channel 0 becomes 1, more places than there are become 10")
{
	wifi_config_t config;
	startWiFi(WIFI_MODE_APSTA);
	CHECK_IS(esp_wifi_get_config(WIFI_IF_AP, &config), ESP_OK);
	config.ap.channel = 0;
	config.ap.max_connection = 200;
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, &config), ESP_OK);
	CHECK_IS(esp_wifi_get_config(WIFI_IF_AP, &config), ESP_OK);
	CHECK_IS(config.ap.channel, 1);
	CHECK_IS(config.ap.max_connection, 10);
}

RULE(apAuthmodeAltered, "a password that is refused as too short leaves the access point's security altered")
{
	wifi_config_t config;
	startWiFi(WIFI_MODE_APSTA);
	CHECK_IS(esp_wifi_get_config(WIFI_IF_AP, &config), ESP_OK);
	CHECK_IS(config.ap.authmode, WIFI_AUTH_OPEN);
	config.ap.authmode = WIFI_AUTH_WPA2_PSK;
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, &config), ESP_ERR_WIFI_PASSWORD);
	CHECK_IS(esp_wifi_get_config(WIFI_IF_AP, &config), ESP_OK);
	CHECK_IS(config.ap.authmode, WIFI_AUTH_WPA2_PSK);
}

RULE(dhcpAsks, "without an answer DHCP asks again after 2, 4, 8, 16, 32 and every 60 s, with the host name, until there is one")
{
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_netif_set_hostname(esp_netif_get_handle_from_ifkey("WIFI_STA_DEF"), "rbr-hall"), ESP_OK);
	wifi_config_t config;
	memset(&config, 0, sizeof(config));
	memcpy(config.sta.ssid, "House", 5);
	CHECK_IS(esp_wifi_set_config(WIFI_IF_STA, &config), ESP_OK);
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	give("beacon", "'ssid':'House','bssid':'e4faed000001','channel':1,'rssi':-48,'auth':'open'");
	pass(120);
	forget();
	give("join-result", "'ok':true,'reason':0,'channel':1,'bssid':'e4faed000001','rssi':-48");
	settle();
	CHECK_IS(timesSaid("{'do':'dhcp','hostname':'rbr-hall'}"), 1);
	pass(1999);
	CHECK_IS(timesSaid("{'do':'dhcp'"), 1);
	pass(1);
	CHECK_IS(timesSaid("{'do':'dhcp'"), 2);
	pass(4000 + 8000 + 16000 + 32000 + 60000);
	CHECK_IS(timesSaid("{'do':'dhcp'"), 7);
	give("dhcp", "'ip':'192.168.1.50','mask':'255.255.255.0','gateway':'192.168.1.1'");
	pass(120000);
	CHECK_IS(timesSaid("{'do':'dhcp'"), 7);
	CHECK(strstr(gSeen, "got_ip"));
}

RULE(hostName, "a host name has at most 32 characters; another is INVALID_PARAMS and the old one stays")
{
	const char *name;
	openWiFi();
	esp_netif_t *station = esp_netif_get_handle_from_ifkey("WIFI_STA_DEF");
	CHECK_IS(esp_netif_set_hostname(station, "123456789-123456789-123456789-12"), ESP_OK);
	CHECK_IS(esp_netif_set_hostname(station, "123456789-123456789-123456789-123"), ESP_ERR_ESP_NETIF_INVALID_PARAMS);
	CHECK_IS(esp_netif_get_hostname(station, &name), ESP_OK);
	CHECK(!strcmp(name, "123456789-123456789-123456789-12"));
}
