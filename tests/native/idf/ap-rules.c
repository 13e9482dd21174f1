/* The access point, its clients and its network interface. */
#include <stdio.h>

#include "harness.h"

static esp_netif_t *accessPoint(void)
{
	return esp_netif_get_handle_from_ifkey("WIFI_AP_DEF");
}

static void open(void)
{
	startWiFi(WIFI_MODE_APSTA);
	configureAccessPoint(1);
	settle();
	forget();
}

static void client(int last, const char *password)
{
	char members[128];
	snprintf(members, sizeof(members), "'client':'0200000000%02x','password':'%s'", last, password);
	give("client-auth", members);
	settle();
}

RULE(clientJoins, "a client with the right password: AP_STACONNECTED, a lease from the address after the access point's on")
{
	open();
	client(1, "00000000");
	CHECK(!strcmp(gSeen, "client_joined lease"));
	CHECK(said("{'do':'client','client':'020000000001','joined':true,'address':'192.168.4.2'}"));
	client(2, "00000000");
	CHECK(said("'address':'192.168.4.3'"));
}

RULE(clientComesBack, "a client that comes back has its old address")
{
	open();
	client(1, "00000000");
	client(2, "00000000");
	give("client-leave", "'client':'020000000001'");
	settle();
	CHECK(strstr(gSeen, "client_left"));
	forget();
	client(1, "00000000");
	CHECK(said("'address':'192.168.4.2'"));
}

RULE(clientRefused, "a wrong password: AP_WRONG_PASSWORD, no place, no lease; while it is off: said so")
{
	open();
	client(1, "11111111");
	CHECK(!strcmp(gSeen, "wrong_password"));
	CHECK(said("{'do':'client','client':'020000000001','joined':false,'why':'wrong password'}"));
	forget();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_STA), ESP_OK);
	settle();
	client(1, "00000000");
	CHECK(said("'joined':false,'why':'access point off'"));
}

RULE(clientLimit, "no more clients than max_connection")
{
	open();
	for (int i = 1; i <= 4; i++)
		client(i, "00000000");
	client(5, "00000000");
	CHECK(said("{'do':'client','client':'020000000005','joined':false,'why':'full'}"));
	client(4, "00000000");
	CHECK_IS(timesSaid("'client':'020000000004','joined':true"), 2);
}

RULE(clientsKicked, "closing the access point puts its clients out before AP_STOP")
{
	open();
	client(1, "00000000");
	client(2, "00000000");
	forget();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_STA), ESP_OK);
	settle();
	CHECK(!strcmp(gSeen, "client_left client_left ap_stop"));
	CHECK_IS(timesSaid("{'do':'client-kicked'"), 2);
	CHECK(said("{'do':'ap','state':'off'}"));
}

RULE(addressRules, "the access point's address changes only with its DHCP server stopped, also before the start")
{
	esp_netif_ip_info_t info;
	openWiFi();
	CHECK_IS(esp_netif_get_ip_info(accessPoint(), &info), ESP_OK);
	CHECK_IS(info.ip.addr, ESP_IP4TOADDR(192, 168, 4, 1));
	info.ip.addr = info.gw.addr = ESP_IP4TOADDR(192, 168, 9, 1);
	CHECK_IS(esp_netif_set_ip_info(NULL, &info), ESP_ERR_INVALID_STATE);
	CHECK_IS(esp_netif_set_ip_info(accessPoint(), &info), ESP_ERR_ESP_NETIF_DHCP_NOT_STOPPED);
	CHECK_IS(esp_netif_dhcps_stop(NULL), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_netif_dhcps_stop(accessPoint()), ESP_OK);
	CHECK_IS(esp_netif_dhcps_stop(accessPoint()), ESP_ERR_ESP_NETIF_DHCP_ALREADY_STOPPED);
	CHECK_IS(esp_netif_set_ip_info(accessPoint(), &info), ESP_OK);
	CHECK_IS(esp_netif_dhcps_start(accessPoint()), ESP_OK);
	esp_netif_dhcp_status_t status;
	CHECK_IS(esp_netif_dhcps_get_status(accessPoint(), &status), ESP_OK);
	CHECK_IS(status, ESP_NETIF_DHCP_INIT);
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	configureAccessPoint(1);
	CHECK_IS(esp_wifi_start(), ESP_OK);
	settle();
	CHECK_IS(esp_netif_dhcps_start(accessPoint()), ESP_ERR_ESP_NETIF_DHCP_ALREADY_STARTED);
	client(1, "00000000");
	CHECK(said("'joined':true,'address':'192.168.9.2'"));
}

RULE(noServer, "a client on an access point whose DHCP server is stopped gets no address")
{
	open();
	CHECK_IS(esp_netif_dhcps_stop(accessPoint()), ESP_OK);
	client(1, "00000000");
	CHECK(!strcmp(gSeen, "client_joined"));
	CHECK(said("'joined':true,'why':'no address'"));
}

static int gCalls;
static esp_event_handler_instance_t gInstance;

static void onceOnly(void *arg, esp_event_base_t base, int32_t id, void *data)
{
	(void)arg;
	(void)base;
	(void)id;
	(void)data;
	gCalls++;
	CHECK_IS(esp_event_handler_instance_unregister(WIFI_EVENT, WIFI_EVENT_AP_START, gInstance), ESP_OK);
}

RULE(handlerTakesItselfOff, "a handler may take itself off; events are never handled inside the call that posts them")
{
	openWiFi();
	CHECK_IS(esp_event_handler_instance_register(WIFI_EVENT, WIFI_EVENT_AP_START, onceOnly, NULL, &gInstance), ESP_OK);
	CHECK_IS(esp_event_post(WIFI_EVENT, WIFI_EVENT_AP_START, NULL, 0, 0), ESP_OK);
	CHECK_IS(gCalls, 0);
	CHECK_IS(esp_event_post(WIFI_EVENT, WIFI_EVENT_AP_START, NULL, 0, 0), ESP_OK);
	settle();
	CHECK_IS(gCalls, 1);
	CHECK_IS(esp_event_handler_instance_unregister(WIFI_EVENT, WIFI_EVENT_AP_START, gInstance), ESP_ERR_NOT_FOUND);
}

RULE(loopTwice, "a second default event loop is INVALID_STATE; without one nothing can be registered")
{
	CHECK_IS(esp_event_handler_instance_register(WIFI_EVENT, ESP_EVENT_ANY_ID, onceOnly, NULL, NULL), ESP_ERR_INVALID_STATE);
	CHECK_IS(esp_event_loop_create_default(), ESP_OK);
	CHECK_IS(esp_event_loop_create_default(), ESP_ERR_INVALID_STATE);
}

RULE(handlerHearsNothingOld, "a handler hears nothing that was posted before it was registered")
{
	openWiFi();
	CHECK_IS(esp_event_post(WIFI_EVENT, WIFI_EVENT_AP_START, NULL, 0, 0), ESP_OK);
	CHECK_IS(esp_event_handler_instance_register(WIFI_EVENT, WIFI_EVENT_AP_START, onceOnly, NULL, &gInstance), ESP_OK);
	settle();
	CHECK_IS(gCalls, 0);
	CHECK(!strcmp(gSeen, "ap_start"));
}

RULE(handlerArguments, "a handler of NULL, or any base with one id, is INVALID_ARG")
{
	openWiFi();
	CHECK_IS(esp_event_handler_instance_register(WIFI_EVENT, ESP_EVENT_ANY_ID, NULL, NULL, NULL), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_event_handler_instance_register(NULL, 1, onceOnly, NULL, NULL), ESP_ERR_INVALID_ARG);
}

RULE(deauth, "deauth_sta: not initialised, no access point, no such client; 0 puts out all, and the world is told")
{
	CHECK_IS(esp_wifi_deauth_sta(0), ESP_ERR_WIFI_NOT_INIT);
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_wifi_deauth_sta(0), ESP_ERR_WIFI_MODE);
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	configureAccessPoint(1);
	settle();
	CHECK_IS(esp_wifi_deauth_sta(11), ESP_ERR_INVALID_ARG);
	client(1, "00000000");
	CHECK_IS(esp_wifi_set_channel(6, WIFI_SECOND_CHAN_NONE), ESP_FAIL);
	CHECK_IS(esp_wifi_deauth_sta(0), ESP_OK);
	settle();
	CHECK(said("{'do':'client-kicked'"));
	CHECK_IS(esp_wifi_set_channel(6, WIFI_SECOND_CHAN_NONE), ESP_OK);
}
