/*
	Wi-Fi for XS. The event loop calls back in its own task: there, events are only put into a fixed ring; one message at
	a time tells the XS task that something waits.
*/

#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"

#include "esp_event.h"
#include "esp_netif.h"
#include "esp_wifi.h"

#define kEventSlots 16
#define kMACBytes 6
#define kAddressText 16		/* "255.255.255.255" and NUL */
#define kMaxClients 4
#define kHostNameText 33		/* ESP_NETIF_HOSTNAME_MAX_SIZE and NUL */

/* WiFiEventKind of modules/wifi-roles/events.ts */
enum {
	kStationStarted = 1,
	kJoined,
	kLost,
	kAddress,
	kAPStarted,
	kAPStopped,
	kClientJoined,
	kClientLeft,
	kHomeChannel,
	kScanned,
	kBeaconTimeout,
	kAddressLost,
	kClientRefused,
	kStationStopped,
	kOverflow,
	kPostsRefused
};

typedef struct {
	uint8_t kind;
	uint8_t a;
	uint8_t b;
	uint8_t bytes[kMACBytes];		/* a client's MAC, or an IPv4 address */
} Event;

typedef struct xsWiFiRolesRecord {
	xsMachine *the;
	xsSlot obj;
	xsSlot *onEvent;
	uint32_t useCount;		/* the object itself, and the message on its way; within the critical section */
	uint8_t closed;			/* XS task only */
	uint8_t posted;
	uint8_t eventFirst;
	uint8_t eventCount;
	uint32_t eventsLost;
	uint32_t postsRefused;
	uint8_t wifiUp;
	esp_netif_t *ap;
	esp_event_handler_instance_t wifiHandler;
	esp_event_handler_instance_t ipHandler;
	Event events[kEventSlots];
} xsWiFiRolesRecord, *xsWiFiRoles;

/* One driver, so one user. Changed by the XS task only, within the critical section. */
static xsWiFiRoles gWiFi;

/*
	life time
*/

static void releaseWiFi(xsWiFiRoles wifi)
{
	uint32_t left;

	modCriticalSectionBegin();
	wifi->useCount -= 1;
	left = wifi->useCount;
	modCriticalSectionEnd();

	if (0 == left)
		c_free(wifi);
}

static void stopWiFi(xsWiFiRoles wifi)
{
	modCriticalSectionBegin();
	if (wifi == gWiFi)
		gWiFi = C_NULL;
	modCriticalSectionEnd();

	wifi->closed = 1;
	if (wifi->wifiHandler)
		esp_event_handler_instance_unregister(WIFI_EVENT, ESP_EVENT_ANY_ID, wifi->wifiHandler);
	if (wifi->ipHandler)
		esp_event_handler_instance_unregister(IP_EVENT, ESP_EVENT_ANY_ID, wifi->ipHandler);
	if (wifi->wifiUp) {
		esp_wifi_stop();
		esp_wifi_deinit();
	}
}

void xs_wifiroles_destructor(void *data)
{
	xsWiFiRoles wifi = data;
	if (!wifi)
		return;

	stopWiFi(wifi);
	releaseWiFi(wifi);
}

static void markWiFi(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	xsWiFiRoles wifi = it;
	if (wifi && wifi->onEvent)
		(*markRoot)(the, wifi->onEvent);
}

static const xsHostHooks gWiFiHooks = {
	xs_wifiroles_destructor,
	markWiFi,
	C_NULL
};

#define getWiFi() ((xsWiFiRoles)xsmcGetHostDataValidate(xsThis, (void *)&gWiFiHooks))

/*
	event task
*/

static void deliverEvents(void *machine, void *refcon, uint8_t *message, uint16_t messageLength)
{
	xsMachine *the = machine;
	xsWiFiRoles wifi = refcon;
	int waiting;

	(void)message;
	(void)messageLength;

	modCriticalSectionBegin();
	wifi->posted = 0;
	waiting = !wifi->closed && (wifi->eventCount || wifi->eventsLost);
	modCriticalSectionEnd();

	/* An open driver is held by its object as well, so it outlives this. An exception in the callback must find it released. */
	releaseWiFi(wifi);
	if (!waiting)
		return;

	xsBeginHost(the);
		xsCallFunction0(xsReference(wifi->onEvent), wifi->obj);
	xsEndHost(the);
}

static void queueEvent(const Event *event)
{
	int mustPost = 0;

	modCriticalSectionBegin();
	xsWiFiRoles wifi = gWiFi;
	if (wifi) {
		if (kEventSlots == wifi->eventCount)
			wifi->eventsLost += 1;
		else {
			wifi->events[(wifi->eventFirst + wifi->eventCount) % kEventSlots] = *event;
			wifi->eventCount += 1;
		}
		if (!wifi->posted) {
			wifi->posted = 1;
			wifi->useCount += 1;
			mustPost = 1;
		}
	}
	modCriticalSectionEnd();

	if (!mustPost || (0 == modMessagePostToMachine(wifi->the, C_NULL, 0, deliverEvents, wifi)))
		return;

	/* The event stays in the ring until the next one, or until somebody looks. */
	modCriticalSectionBegin();
	wifi->posted = 0;
	wifi->postsRefused += 1;
	modCriticalSectionEnd();
	releaseWiFi(wifi);
}

static void wifiEvent(void *arg, esp_event_base_t base, int32_t id, void *data)
{
	Event event = {0};

	(void)arg;
	(void)base;

	switch (id) {
		case WIFI_EVENT_STA_START:
			event.kind = kStationStarted;
			break;
		case WIFI_EVENT_STA_STOP:
			event.kind = kStationStopped;
			break;
		case WIFI_EVENT_STA_CONNECTED:
			event.kind = kJoined;
			event.a = ((const wifi_event_sta_connected_t *)data)->channel;
			break;
		case WIFI_EVENT_STA_DISCONNECTED:
			event.kind = kLost;
			event.a = ((const wifi_event_sta_disconnected_t *)data)->reason;
			break;
		case WIFI_EVENT_STA_BEACON_TIMEOUT:
			event.kind = kBeaconTimeout;
			break;
		case WIFI_EVENT_AP_START:
			event.kind = kAPStarted;
			break;
		case WIFI_EVENT_AP_STOP:
			event.kind = kAPStopped;
			break;
		case WIFI_EVENT_AP_STACONNECTED:
			event.kind = kClientJoined;
			c_memcpy(event.bytes, ((const wifi_event_ap_staconnected_t *)data)->mac, kMACBytes);
			break;
		case WIFI_EVENT_AP_STADISCONNECTED:
			event.kind = kClientLeft;
			c_memcpy(event.bytes, ((const wifi_event_ap_stadisconnected_t *)data)->mac, kMACBytes);
			break;
		case WIFI_EVENT_AP_WRONG_PASSWORD:
			event.kind = kClientRefused;
			c_memcpy(event.bytes, ((const wifi_event_ap_wrong_password_t *)data)->mac, kMACBytes);
			break;
		case WIFI_EVENT_HOME_CHANNEL_CHANGE: {
			const wifi_event_home_channel_change_t *change = data;
			/* Also posted when only the secondary channel changes. */
			if (change->old_chan == change->new_chan)
				return;
			event.kind = kHomeChannel;
			event.a = change->old_chan;
			event.b = change->new_chan;
			} break;
		case WIFI_EVENT_SCAN_DONE:
			/* The records are fetched by the XS task when it reads this. */
			event.kind = kScanned;
			break;
		default:
			return;
	}
	queueEvent(&event);
}

static void ipEvent(void *arg, esp_event_base_t base, int32_t id, void *data)
{
	Event event = {0};

	(void)arg;
	(void)base;

	if (IP_EVENT_STA_GOT_IP == id) {
		event.kind = kAddress;
		c_memcpy(event.bytes, &((const ip_event_got_ip_t *)data)->ip_info.ip.addr, sizeof(uint32_t));
	}
	else if (IP_EVENT_STA_LOST_IP == id)
		event.kind = kAddressLost;
	else
		return;
	queueEvent(&event);
}

/*
	bring-up
*/

static esp_err_t openWiFi(xsWiFiRoles wifi, const char *country, const char *hostName)
{
	wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
	esp_netif_t *station;
	esp_err_t err;

	err = esp_netif_init();
	if (ESP_OK != err)
		return err;
	err = esp_event_loop_create_default();
	if ((ESP_OK != err) && (ESP_ERR_INVALID_STATE != err))
		return err;

	/* Interfaces outlive the driver; making one twice would abort. */
	station = esp_netif_get_handle_from_ifkey("WIFI_STA_DEF");
	if (!station)
		station = esp_netif_create_default_wifi_sta();
	/* Before DHCP asks for an address: the router learns it then. */
	err = esp_netif_set_hostname(station, hostName);
	if (ESP_OK != err)
		return err;
	wifi->ap = esp_netif_get_handle_from_ifkey("WIFI_AP_DEF");
	if (!wifi->ap)
		wifi->ap = esp_netif_create_default_wifi_ap();

	config.nvs_enable = 0;
	/* On by default for ESP32, S2 and C6: an unconnected station could let its radio rest and miss frames. */
	config.sta_disconnected_pm = 0;
	err = esp_wifi_init(&config);
	if (ESP_OK != err)
		return err;
	wifi->wifiUp = 1;

	err = esp_wifi_set_storage(WIFI_STORAGE_RAM);
	if (ESP_OK == err)
		err = esp_event_handler_instance_register(WIFI_EVENT, ESP_EVENT_ANY_ID, wifiEvent, C_NULL, &wifi->wifiHandler);
	if (ESP_OK == err)
		err = esp_event_handler_instance_register(IP_EVENT, ESP_EVENT_ANY_ID, ipEvent, C_NULL, &wifi->ipHandler);
	if (ESP_OK == err)
		err = esp_wifi_set_country_code(country, true);
	return err;
}

/* The address of the access point: /24, gateway itself; clients are told a public DNS server, since there is none here. */
static esp_err_t setAddress(esp_netif_t *ap, uint32_t address)
{
	esp_netif_ip_info_t info;
	esp_netif_dns_info_t dns;
	uint8_t offerDNS = 0x02;		/* OFFER_DNS of dhcpserver.h */
	esp_err_t err, started;

	err = esp_netif_get_ip_info(ap, &info);
	if (ESP_OK != err)
		return err;
	if (address == info.ip.addr)
		return ESP_OK;

	err = esp_netif_dhcps_stop(ap);
	if ((ESP_OK != err) && (ESP_ERR_ESP_NETIF_DHCP_ALREADY_STOPPED != err))
		return err;

	info.ip.addr = address;
	info.gw.addr = address;
	info.netmask.addr = ESP_IP4TOADDR(255, 255, 255, 0);
	err = esp_netif_set_ip_info(ap, &info);
	if (ESP_OK == err)
		err = esp_netif_dhcps_option(ap, ESP_NETIF_OP_SET, ESP_NETIF_DOMAIN_NAME_SERVER, &offerDNS, sizeof(offerDNS));
	if (ESP_OK == err) {
		c_memset(&dns, 0, sizeof(dns));
		dns.ip.type = ESP_IPADDR_TYPE_V4;
		dns.ip.u_addr.ip4.addr = ESP_IP4TOADDR(8, 8, 8, 8);
		err = esp_netif_set_dns_info(ap, ESP_NETIF_DNS_MAIN, &dns);
	}

	/* Started in any case: clients must not be left without a server. */
	started = esp_netif_dhcps_start(ap);
	return (ESP_OK == err) ? started : err;
}

/* "192.168.9.1"; 0 for anything else. */
static uint32_t parseAddress(const char *text)
{
	uint8_t bytes[4];
	uint32_t address;
	int i;

	for (i = 0; i < 4; i++) {
		int value = 0, digits = 0;
		while (('0' <= *text) && (*text <= '9') && (digits < 3)) {
			value = (value * 10) + (*text++ - '0');
			digits += 1;
		}
		if (!digits || (value > 255) || (*text++ != ((i < 3) ? '.' : 0)))
			return 0;
		bytes[i] = (uint8_t)value;
	}
	c_memcpy(&address, bytes, sizeof(address));
	return address;
}

/*
	host functions
*/

/* Reads a text property of the first argument. Throws when it is missing or has more than size - 1 bytes. */
static void getText(xsMachine *the, xsIdentifier id, char *text, xsUnsignedValue size)
{
	xsmcGet(xsVar(0), xsArg(0), id);
	if (xsUndefinedType == xsmcTypeOf(xsVar(0)))
		xsTypeError("option missing");
	xsmcToStringBuffer(xsVar(0), text, size);
}

void xs_wifiroles(xsMachine *the)
{
	char country[3];
	char hostName[kHostNameText];
	xsWiFiRoles wifi;
	esp_err_t err;

	xsmcVars(1);
	getText(the, xsID_country, country, sizeof(country));
	getText(the, xsID_hostName, hostName, sizeof(hostName));
	xsmcGet(xsVar(0), xsArg(0), xsID_onEvent);
	if (!xsmcIsCallable(xsVar(0)))
		xsTypeError("onEvent required");
	if (gWiFi)
		xsUnknownError("wifi in use");

	wifi = c_calloc(1, sizeof(xsWiFiRolesRecord));
	if (!wifi)
		xsUnknownError("no memory");
	wifi->the = the;
	wifi->useCount = 1;

	modCriticalSectionBegin();
	gWiFi = wifi;
	modCriticalSectionEnd();

	err = openWiFi(wifi, country, hostName);
	if (ESP_OK != err) {
		xs_wifiroles_destructor(wifi);
		xsUnknownError("wifi %d", (int)err);
	}

	wifi->obj = xsThis;
	wifi->onEvent = xsmcToReference(xsVar(0));
	xsmcSetHostData(xsThis, wifi);
	xsSetHostHooks(xsThis, &gWiFiHooks);
	xsRemember(wifi->obj);
}

void xs_wifiroles_close(xsMachine *the)
{
	xsWiFiRoles wifi = getWiFi();
	if (!wifi)
		return;

	/* The hooks stay, with no data: a closed driver answers that it is not initialised. */
	xsmcSetHostData(xsThis, C_NULL);
	xsForget(wifi->obj);
	xs_wifiroles_destructor(wifi);
}

void xs_wifiroles_setMode(xsMachine *the)
{
	xsWiFiRoles wifi = getWiFi();
	int mode = xsmcToInteger(xsArg(0));

	if ((mode < WIFI_MODE_STA) || (mode > WIFI_MODE_APSTA))
		xsRangeError("invalid mode");
	xsmcSetInteger(xsResult, wifi ? esp_wifi_set_mode((wifi_mode_t)mode) : ESP_ERR_WIFI_NOT_INIT);
}

void xs_wifiroles_setAccessPoint(xsMachine *the)
{
	xsWiFiRoles wifi;
	char ssid[sizeof(((wifi_ap_config_t *)0)->ssid) + 1];
	char password[sizeof(((wifi_ap_config_t *)0)->password)];
	char text[kAddressText];
	uint32_t address;
	int channel, hidden;
	wifi_config_t config, before;
	esp_err_t err;

	xsmcVars(1);
	getText(the, xsID_ssid, ssid, sizeof(ssid));
	getText(the, xsID_password, password, sizeof(password));
	getText(the, xsID_address, text, sizeof(text));
	xsmcGet(xsVar(0), xsArg(0), xsID_channel);
	channel = xsmcToInteger(xsVar(0));
	xsmcGet(xsVar(0), xsArg(0), xsID_hidden);
	hidden = xsmcToBoolean(xsVar(0));
	address = parseAddress(text);
	if (!address)
		xsRangeError("invalid address");
	if ((channel < 1) || (channel > 14))
		xsRangeError("invalid channel");
	if (!ssid[0])
		xsRangeError("invalid ssid");

	/* Not before the options have been read: reading one may run a script, which may close the driver. */
	wifi = getWiFi();
	if (!wifi)
		err = ESP_ERR_WIFI_NOT_INIT;
	else
		err = setAddress(wifi->ap, address);
	if (ESP_OK == err)
		err = esp_wifi_get_config(WIFI_IF_AP, &config);
	if (ESP_OK == err) {
		/* Only our members are changed and compared: any difference at all restarts the access point and drops its clients. */
		before = config;
		c_memset(config.ap.ssid, 0, sizeof(config.ap.ssid));
		c_memcpy(config.ap.ssid, ssid, c_strlen(ssid));
		config.ap.ssid_len = (uint8_t)c_strlen(ssid);
		c_memset(config.ap.password, 0, sizeof(config.ap.password));
		c_memcpy(config.ap.password, password, c_strlen(password));
		config.ap.channel = (uint8_t)channel;
		config.ap.ssid_hidden = hidden ? 1 : 0;
		config.ap.authmode = WIFI_AUTH_WPA2_PSK;
		config.ap.max_connection = kMaxClients;
		if (c_memcmp(&config.ap, &before.ap, sizeof(config.ap)))
			err = esp_wifi_set_config(WIFI_IF_AP, &config);
	}
	xsmcSetInteger(xsResult, err);
}

void xs_wifiroles_setStation(xsMachine *the)
{
	xsWiFiRoles wifi = getWiFi();
	char ssid[sizeof(((wifi_sta_config_t *)0)->ssid) + 1];
	char password[sizeof(((wifi_sta_config_t *)0)->password) + 1];
	wifi_config_t config;

	xsmcVars(1);
	getText(the, xsID_ssid, ssid, sizeof(ssid));
	getText(the, xsID_password, password, sizeof(password));

	c_memset(&config, 0, sizeof(config));
	c_memcpy(config.sta.ssid, ssid, c_strlen(ssid));
	/* 64 hex digits fill it, without a NUL: the key itself (wpa_set_passphrase of rsn_supp/wpa.c). */
	c_memcpy(config.sta.password, password, c_strlen(password));
	/* The strongest access point of the name, and the next one if that refuses; by default it is the first one that answers. */
	config.sta.scan_method = WIFI_ALL_CHANNEL_SCAN;
	config.sta.sort_method = WIFI_CONNECT_AP_BY_SIGNAL;
	/* With a password never an open network of the same name. WPA3 is above WPA2. */
	config.sta.threshold.authmode = password[0] ? WIFI_AUTH_WPA2_PSK : WIFI_AUTH_OPEN;
	config.sta.pmf_cfg.capable = true;
	config.sta.pmf_cfg.required = false;
	config.sta.sae_pwe_h2e = WPA3_SAE_PWE_BOTH;
	xsmcSetInteger(xsResult, wifi ? esp_wifi_set_config(WIFI_IF_STA, &config) : ESP_ERR_WIFI_NOT_INIT);
}

void xs_wifiroles_start(xsMachine *the)
{
	xsmcSetInteger(xsResult, getWiFi() ? esp_wifi_start() : ESP_ERR_WIFI_NOT_INIT);
}

void xs_wifiroles_stop(xsMachine *the)
{
	xsmcSetInteger(xsResult, getWiFi() ? esp_wifi_stop() : ESP_ERR_WIFI_NOT_INIT);
}

void xs_wifiroles_connect(xsMachine *the)
{
	xsmcSetInteger(xsResult, getWiFi() ? esp_wifi_connect() : ESP_ERR_WIFI_NOT_INIT);
}

void xs_wifiroles_disconnect(xsMachine *the)
{
	xsmcSetInteger(xsResult, getWiFi() ? esp_wifi_disconnect() : ESP_ERR_WIFI_NOT_INIT);
}

void xs_wifiroles_scan(xsMachine *the)
{
	xsWiFiRoles wifi = getWiFi();
	char ssid[sizeof(((wifi_sta_config_t *)0)->ssid) + 1];
	wifi_scan_config_t config;
	int channel;
	esp_err_t err = ESP_ERR_WIFI_NOT_INIT;

	xsmcVars(1);
	getText(the, xsID_ssid, ssid, sizeof(ssid));
	xsmcGet(xsVar(0), xsArg(0), xsID_channel);
	channel = xsmcToInteger(xsVar(0));
	if ((channel < 0) || (channel > 14))
		xsRangeError("invalid channel");

	if (wifi) {
		c_memset(&config, 0, sizeof(config));
		config.ssid = ssid[0] ? (uint8_t *)ssid : C_NULL;
		config.channel = (uint8_t)channel;
		config.scan_type = WIFI_SCAN_TYPE_ACTIVE;
		/* Results that nobody fetched would be leaked by the driver. */
		esp_wifi_clear_ap_list();
		err = esp_wifi_scan_start(&config, false);
	}
	xsmcSetInteger(xsResult, err);
}

void xs_wifiroles_setChannel(xsMachine *the)
{
	xsWiFiRoles wifi = getWiFi();
	int channel = xsmcToInteger(xsArg(0));

	if ((channel < 1) || (channel > 14))
		xsRangeError("invalid channel");
	xsmcSetInteger(xsResult, wifi ? esp_wifi_set_channel((uint8_t)channel, WIFI_SECOND_CHAN_NONE) : ESP_ERR_WIFI_NOT_INIT);
}

void xs_wifiroles_putOutClients(xsMachine *the)
{
	/* 0: all of them. */
	xsmcSetInteger(xsResult, getWiFi() ? esp_wifi_deauth_sta(0) : ESP_ERR_WIFI_NOT_INIT);
}

void xs_wifiroles_getChannel(xsMachine *the)
{
	uint8_t primary = 0;
	wifi_second_chan_t second;

	if (!getWiFi() || (ESP_OK != esp_wifi_get_channel(&primary, &second)))
		primary = 0;
	xsmcSetInteger(xsResult, primary);
}

void xs_wifiroles_setPowerSave(xsMachine *the)
{
	xsWiFiRoles wifi = getWiFi();
	int type = xsmcToInteger(xsArg(0));

	if ((type < WIFI_PS_NONE) || (type > WIFI_PS_MAX_MODEM))
		xsRangeError("invalid type");
	xsmcSetInteger(xsResult, wifi ? esp_wifi_set_ps((wifi_ps_type_t)type) : ESP_ERR_WIFI_NOT_INIT);
}

void xs_wifiroles_stationRSSI(xsMachine *the)
{
	int rssi = 0;

	if (!getWiFi() || (ESP_OK != esp_wifi_sta_get_rssi(&rssi)))
		rssi = 0;
	xsmcSetInteger(xsResult, rssi);
}

/* Takes all records of the finished scan; returns the channel of the strongest, 0 for none. */
static int takeStrongest(int *rssi)
{
	wifi_ap_record_t record;
	int channel = 0;

	*rssi = 0;
	while (ESP_OK == esp_wifi_scan_get_ap_record(&record)) {
		if (!channel || (record.rssi > *rssi)) {
			channel = record.primary;
			*rssi = record.rssi;
		}
	}
	esp_wifi_clear_ap_list();
	return channel;
}

static void textOfEvent(const Event *event, char *text)
{
	static const char gDigits[] = "0123456789abcdef";
	int i;

	if (kAddress == event->kind) {
		const uint8_t *b = event->bytes;
		c_snprintf(text, kAddressText, "%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
	}
	else if ((kClientJoined == event->kind) || (kClientLeft == event->kind) || (kClientRefused == event->kind)) {
		for (i = 0; i < kMACBytes; i++) {
			*text++ = gDigits[event->bytes[i] >> 4];
			*text++ = gDigits[event->bytes[i] & 15];
		}
		*text = 0;
	}
	else
		*text = 0;
}

void xs_wifiroles_readEvent(xsMachine *the)
{
	xsWiFiRoles wifi = getWiFi();
	Event event = {0};
	char text[kAddressText];
	int32_t a, b;

	a = 0;
	if (wifi) {
		modCriticalSectionBegin();
		if (wifi->eventCount) {
			event = wifi->events[wifi->eventFirst];
			wifi->eventFirst = (wifi->eventFirst + 1) % kEventSlots;
			wifi->eventCount -= 1;
			a = event.a;
		}
		else if (wifi->eventsLost) {
			/* Told after what came before them. */
			event.kind = kOverflow;
			a = (int32_t)wifi->eventsLost;
			wifi->eventsLost = 0;
		}
		else if (wifi->postsRefused) {
			event.kind = kPostsRefused;
			a = (int32_t)wifi->postsRefused;
			wifi->postsRefused = 0;
		}
		modCriticalSectionEnd();
	}
	xsmcSetBoolean(xsResult, 0 != event.kind);
	if (!event.kind)
		return;

	b = event.b;
	if (kScanned == event.kind) {
		int rssi;
		a = takeStrongest(&rssi);
		b = rssi;
	}
	textOfEvent(&event, text);

	xsmcVars(1);
	xsmcSetInteger(xsVar(0), event.kind);
	xsmcSet(xsArg(0), xsID_kind, xsVar(0));
	xsmcSetInteger(xsVar(0), a);
	xsmcSet(xsArg(0), xsID_a, xsVar(0));
	xsmcSetInteger(xsVar(0), b);
	xsmcSet(xsArg(0), xsID_b, xsVar(0));
	xsmcSetString(xsVar(0), text);
	xsmcSet(xsArg(0), xsID_text, xsVar(0));
}
