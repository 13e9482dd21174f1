/* ESP-NOW. Results in their order: fake-espnow.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "esp_err.h"
#include "esp_wifi_types.h"

#define ESP_ERR_ESPNOW_BASE (ESP_ERR_WIFI_BASE + 100)
#define ESP_ERR_ESPNOW_NOT_INIT (ESP_ERR_ESPNOW_BASE + 1)
#define ESP_ERR_ESPNOW_ARG (ESP_ERR_ESPNOW_BASE + 2)
#define ESP_ERR_ESPNOW_NO_MEM (ESP_ERR_ESPNOW_BASE + 3)
#define ESP_ERR_ESPNOW_FULL (ESP_ERR_ESPNOW_BASE + 4)
#define ESP_ERR_ESPNOW_NOT_FOUND (ESP_ERR_ESPNOW_BASE + 5)
#define ESP_ERR_ESPNOW_INTERNAL (ESP_ERR_ESPNOW_BASE + 6)
#define ESP_ERR_ESPNOW_EXIST (ESP_ERR_ESPNOW_BASE + 7)
#define ESP_ERR_ESPNOW_IF (ESP_ERR_ESPNOW_BASE + 8)
#define ESP_ERR_ESPNOW_CHAN (ESP_ERR_ESPNOW_BASE + 9)

#define ESP_NOW_ETH_ALEN 6
#define ESP_NOW_KEY_LEN 16
#define ESP_NOW_MAX_TOTAL_PEER_NUM 20
#define ESP_NOW_MAX_ENCRYPT_PEER_NUM 6
#define ESP_NOW_MAX_IE_DATA_LEN 250
#define ESP_NOW_MAX_DATA_LEN ESP_NOW_MAX_IE_DATA_LEN
#define ESP_NOW_MAX_DATA_LEN_V2 1470

typedef enum { ESP_NOW_SEND_SUCCESS = WIFI_SEND_SUCCESS, ESP_NOW_SEND_FAIL = WIFI_SEND_FAIL } esp_now_send_status_t;

typedef struct esp_now_peer_info {
	uint8_t peer_addr[ESP_NOW_ETH_ALEN];
	uint8_t lmk[ESP_NOW_KEY_LEN];
	uint8_t channel;
	wifi_interface_t ifidx;
	bool encrypt;
	void *priv;
} esp_now_peer_info_t;

typedef struct esp_now_peer_num {
	int total_num;
	int encrypt_num;
} esp_now_peer_num_t;

typedef struct esp_now_recv_info {
	uint8_t *src_addr;
	uint8_t *des_addr;
	wifi_pkt_rx_ctrl_t *rx_ctrl;
} esp_now_recv_info_t;

typedef wifi_tx_info_t esp_now_send_info_t;

typedef struct {
	wifi_action_tx_t type;
	uint8_t channel;
	wifi_second_chan_t sec_channel;
	uint32_t wait_time_ms;
	uint8_t op_id;
	uint8_t dest_mac[6];
	uint16_t data_len;
	uint8_t data[0];
} esp_now_switch_channel_t;

typedef void (*esp_now_recv_cb_t)(const esp_now_recv_info_t *info, const uint8_t *data, int data_len);
typedef void (*esp_now_send_cb_t)(const esp_now_send_info_t *tx_info, esp_now_send_status_t status);

esp_err_t esp_now_init(void);
esp_err_t esp_now_deinit(void);
esp_err_t esp_now_get_version(uint32_t *version);
esp_err_t esp_now_register_recv_cb(esp_now_recv_cb_t cb);
esp_err_t esp_now_register_send_cb(esp_now_send_cb_t cb);
esp_err_t esp_now_send(const uint8_t *peer_addr, const uint8_t *data, size_t len);
esp_err_t esp_now_add_peer(const esp_now_peer_info_t *peer);
esp_err_t esp_now_del_peer(const uint8_t *peer_addr);
bool esp_now_is_peer_exist(const uint8_t *peer_addr);
esp_err_t esp_now_switch_channel_tx(esp_now_switch_channel_t *config);
