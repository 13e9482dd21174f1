/*
	Types of the Wi-Fi driver: the members and values the firmware uses, named and ordered as in v6.0.
	wifi_pkt_rx_ctrl_t and wifi_sta_list_t stay incomplete, as they are in a Moddable build.
*/
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_event_base.h"
#include "sdkconfig.h"

typedef struct wifi_pkt_rx_ctrl_t wifi_pkt_rx_ctrl_t;

typedef enum { WIFI_MODE_NULL, WIFI_MODE_STA, WIFI_MODE_AP, WIFI_MODE_APSTA, WIFI_MODE_NAN, WIFI_MODE_MAX } wifi_mode_t;
typedef enum { WIFI_IF_STA, WIFI_IF_AP, WIFI_IF_MAX } wifi_interface_t;
typedef enum { WIFI_SECOND_CHAN_NONE, WIFI_SECOND_CHAN_ABOVE, WIFI_SECOND_CHAN_BELOW } wifi_second_chan_t;
typedef enum { WIFI_PS_NONE, WIFI_PS_MIN_MODEM, WIFI_PS_MAX_MODEM } wifi_ps_type_t;
typedef enum { WIFI_OFFCHAN_TX_CANCEL, WIFI_OFFCHAN_TX_REQ } wifi_action_tx_t;
typedef enum { WIFI_STORAGE_FLASH, WIFI_STORAGE_RAM } wifi_storage_t;
typedef enum { WIFI_SCAN_TYPE_ACTIVE, WIFI_SCAN_TYPE_PASSIVE } wifi_scan_type_t;
typedef enum { WIFI_FAST_SCAN, WIFI_ALL_CHANNEL_SCAN } wifi_scan_method_t;
typedef enum { WIFI_CONNECT_AP_BY_SIGNAL, WIFI_CONNECT_AP_BY_SECURITY } wifi_sort_method_t;
typedef enum { WIFI_COUNTRY_POLICY_AUTO, WIFI_COUNTRY_POLICY_MANUAL } wifi_country_policy_t;
typedef enum { WIFI_ANT_ANT0, WIFI_ANT_ANT1, WIFI_ANT_MAX } wifi_ant_t;
typedef enum { WIFI_BW20 = 1, WIFI_BW40, WIFI_BW80, WIFI_BW160, WIFI_BW80_BW80 } wifi_bandwidth_t;
typedef enum { WIFI_SEND_SUCCESS, WIFI_SEND_FAIL } wifi_tx_status_t;

typedef enum {
	WIFI_AUTH_OPEN,
	WIFI_AUTH_WEP,
	WIFI_AUTH_WPA_PSK,
	WIFI_AUTH_WPA2_PSK,
	WIFI_AUTH_WPA_WPA2_PSK,
	WIFI_AUTH_ENTERPRISE,
	WIFI_AUTH_WPA3_PSK,
	WIFI_AUTH_WPA2_WPA3_PSK
} wifi_auth_mode_t;

typedef enum {
	WIFI_CIPHER_TYPE_NONE,
	WIFI_CIPHER_TYPE_WEP40,
	WIFI_CIPHER_TYPE_WEP104,
	WIFI_CIPHER_TYPE_TKIP,
	WIFI_CIPHER_TYPE_CCMP
} wifi_cipher_type_t;

typedef enum { WIFI_PHY_RATE_1M_L = 0x00, WIFI_PHY_RATE_6M = 0x0B, WIFI_PHY_RATE_LORA_500K = 0x2A } wifi_phy_rate_t;
typedef enum { WIFI_PHY_MODE_LR, WIFI_PHY_MODE_11B, WIFI_PHY_MODE_11G, WIFI_PHY_MODE_11A, WIFI_PHY_MODE_HT20 } wifi_phy_mode_t;
typedef enum { WPA3_SAE_PWE_UNSPECIFIED, WPA3_SAE_PWE_HUNT_AND_PECK, WPA3_SAE_PWE_HASH_TO_ELEMENT, WPA3_SAE_PWE_BOTH } wifi_sae_pwe_method_t;

/* Why a station lost, or did not get, its access point. */
typedef enum {
	WIFI_REASON_UNSPECIFIED = 1,
	WIFI_REASON_AUTH_EXPIRE = 2,
	WIFI_REASON_AUTH_LEAVE = 3,
	WIFI_REASON_DISASSOC_DUE_TO_INACTIVITY = 4,
	WIFI_REASON_ASSOC_TOOMANY = 5,
	WIFI_REASON_ASSOC_LEAVE = 8,
	WIFI_REASON_4WAY_HANDSHAKE_TIMEOUT = 15,
	WIFI_REASON_BEACON_TIMEOUT = 200,
	WIFI_REASON_NO_AP_FOUND = 201,
	WIFI_REASON_AUTH_FAIL = 202,
	WIFI_REASON_ASSOC_FAIL = 203,
	WIFI_REASON_HANDSHAKE_TIMEOUT = 204,
	WIFI_REASON_CONNECTION_FAIL = 205,
	WIFI_REASON_NO_AP_FOUND_W_COMPATIBLE_SECURITY = 210,
	WIFI_REASON_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD = 211,
	WIFI_REASON_NO_AP_FOUND_IN_RSSI_THRESHOLD = 212
} wifi_err_reason_t;

typedef enum {
	WIFI_EVENT_WIFI_READY = 0,
	WIFI_EVENT_SCAN_DONE = 1,
	WIFI_EVENT_STA_START = 2,
	WIFI_EVENT_STA_STOP = 3,
	WIFI_EVENT_STA_CONNECTED = 4,
	WIFI_EVENT_STA_DISCONNECTED = 5,
	WIFI_EVENT_AP_START = 12,
	WIFI_EVENT_AP_STOP = 13,
	WIFI_EVENT_AP_STACONNECTED = 14,
	WIFI_EVENT_AP_STADISCONNECTED = 15,
	WIFI_EVENT_AP_PROBEREQRECVED = 16,
	WIFI_EVENT_STA_BEACON_TIMEOUT = 21,
	WIFI_EVENT_HOME_CHANNEL_CHANGE = 43,
	WIFI_EVENT_AP_WRONG_PASSWORD = 45
} wifi_event_t;

ESP_EVENT_DECLARE_BASE(WIFI_EVENT);

typedef struct {
	char cc[3];
	uint8_t schan;
	uint8_t nchan;
	int8_t max_tx_power;
	wifi_country_policy_t policy;
} wifi_country_t;

typedef struct {
	uint32_t min;
	uint32_t max;
} wifi_active_scan_time_t;

typedef struct {
	wifi_active_scan_time_t active;
	uint32_t passive;
} wifi_scan_time_t;

typedef struct {
	uint16_t ghz_2_channels;
	uint32_t ghz_5_channels;
} wifi_scan_channel_bitmap_t;

typedef struct {
	uint8_t *ssid;
	uint8_t *bssid;
	uint8_t channel;
	bool show_hidden;
	wifi_scan_type_t scan_type;
	wifi_scan_time_t scan_time;
	uint8_t home_chan_dwell_time;
	wifi_scan_channel_bitmap_t channel_bitmap;
	bool coex_background_scan;
} wifi_scan_config_t;

typedef struct {
	uint8_t bssid[6];
	uint8_t ssid[33];
	uint8_t primary;
	wifi_second_chan_t second;
	int8_t rssi;
	wifi_auth_mode_t authmode;
	wifi_cipher_type_t pairwise_cipher;
	wifi_cipher_type_t group_cipher;
	wifi_ant_t ant;
	wifi_country_t country;
	wifi_bandwidth_t bandwidth;
} wifi_ap_record_t;

typedef struct {
	int8_t rssi;
	wifi_auth_mode_t authmode;
	uint8_t rssi_5g_adjustment;
} wifi_scan_threshold_t;

typedef struct {
	bool capable;
	bool required;
} wifi_pmf_config_t;

typedef struct {
	uint16_t period;
	bool protected_keep_alive;
} wifi_bss_max_idle_config_t;

typedef struct {
	uint8_t ssid[32];
	uint8_t password[64];
	uint8_t ssid_len;
	uint8_t channel;
	wifi_auth_mode_t authmode;
	uint8_t ssid_hidden;
	uint8_t max_connection;
	uint16_t beacon_interval;
	uint8_t csa_count;
	uint8_t dtim_period;
	wifi_cipher_type_t pairwise_cipher;
	bool ftm_responder;
	wifi_pmf_config_t pmf_cfg;
	wifi_sae_pwe_method_t sae_pwe_h2e;
	uint8_t transition_disable : 1;
	uint8_t sae_ext : 1;
	uint8_t wpa3_compatible_mode : 1;
	uint8_t reserved : 5;
	wifi_bss_max_idle_config_t bss_max_idle_cfg;
	uint16_t gtk_rekey_interval;
} wifi_ap_config_t;

typedef struct {
	uint8_t ssid[32];
	uint8_t password[64];
	wifi_scan_method_t scan_method;
	bool bssid_set;
	uint8_t bssid[6];
	uint8_t channel;
	uint16_t listen_interval;
	wifi_sort_method_t sort_method;
	wifi_scan_threshold_t threshold;
	wifi_pmf_config_t pmf_cfg;
	wifi_sae_pwe_method_t sae_pwe_h2e;
	uint8_t failure_retry_cnt;
} wifi_sta_config_t;

typedef union {
	wifi_ap_config_t ap;
	wifi_sta_config_t sta;
} wifi_config_t;

typedef struct {
	uint32_t status;
	uint8_t number;
	uint8_t scan_id;
} wifi_event_sta_scan_done_t;

typedef struct {
	uint8_t ssid[32];
	uint8_t ssid_len;
	uint8_t bssid[6];
	uint8_t channel;
	wifi_auth_mode_t authmode;
	uint16_t aid;
} wifi_event_sta_connected_t;

typedef struct {
	uint8_t ssid[32];
	uint8_t ssid_len;
	uint8_t bssid[6];
	uint8_t reason;
	int8_t rssi;
} wifi_event_sta_disconnected_t;

typedef struct {
	uint8_t mac[6];
	uint8_t aid;
	bool is_mesh_child;
} wifi_event_ap_staconnected_t;

typedef struct {
	uint8_t mac[6];
	uint8_t aid;
	bool is_mesh_child;
	uint16_t reason;
} wifi_event_ap_stadisconnected_t;

typedef struct {
	uint8_t old_chan;
	wifi_second_chan_t old_snd;
	uint8_t new_chan;
	wifi_second_chan_t new_snd;
} wifi_event_home_channel_change_t;

typedef struct {
	uint8_t mac[6];
} wifi_event_ap_wrong_password_t;

typedef struct {
	wifi_phy_mode_t phymode;
	wifi_phy_rate_t rate;
	bool ersu;
	bool dcm;
} wifi_tx_rate_config_t;

typedef struct {
	uint8_t *des_addr;
	uint8_t *src_addr;
	wifi_interface_t ifidx;
	uint8_t *data;
	uint8_t data_len;
	wifi_phy_rate_t rate;
	wifi_tx_status_t tx_status;
} wifi_tx_info_t;
