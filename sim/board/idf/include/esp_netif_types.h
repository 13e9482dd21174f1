/* Network interface types. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "esp_err.h"
#include "esp_event_base.h"
#include "esp_netif_ip_addr.h"

#define ESP_ERR_ESP_NETIF_BASE 0x5000
#define ESP_ERR_ESP_NETIF_INVALID_PARAMS (ESP_ERR_ESP_NETIF_BASE + 0x01)
#define ESP_ERR_ESP_NETIF_IF_NOT_READY (ESP_ERR_ESP_NETIF_BASE + 0x02)
#define ESP_ERR_ESP_NETIF_DHCP_ALREADY_STARTED (ESP_ERR_ESP_NETIF_BASE + 0x04)
#define ESP_ERR_ESP_NETIF_DHCP_ALREADY_STOPPED (ESP_ERR_ESP_NETIF_BASE + 0x05)
#define ESP_ERR_ESP_NETIF_DHCP_NOT_STOPPED (ESP_ERR_ESP_NETIF_BASE + 0x07)

typedef struct esp_netif_obj esp_netif_t;

typedef enum { ESP_NETIF_DNS_MAIN, ESP_NETIF_DNS_BACKUP, ESP_NETIF_DNS_FALLBACK, ESP_NETIF_DNS_MAX } esp_netif_dns_type_t;
typedef enum { ESP_NETIF_DHCP_INIT, ESP_NETIF_DHCP_STARTED, ESP_NETIF_DHCP_STOPPED, ESP_NETIF_DHCP_STATUS_MAX } esp_netif_dhcp_status_t;
typedef enum { ESP_NETIF_OP_START, ESP_NETIF_OP_SET, ESP_NETIF_OP_GET, ESP_NETIF_OP_MAX } esp_netif_dhcp_option_mode_t;
typedef enum { ESP_NETIF_SUBNET_MASK = 1, ESP_NETIF_DOMAIN_NAME_SERVER = 6, ESP_NETIF_IP_ADDRESS_LEASE_TIME = 51 } esp_netif_dhcp_option_id_t;
typedef enum { IP_EVENT_STA_GOT_IP, IP_EVENT_STA_LOST_IP, IP_EVENT_ASSIGNED_IP_TO_CLIENT, IP_EVENT_GOT_IP6 } ip_event_t;

ESP_EVENT_DECLARE_BASE(IP_EVENT);

typedef struct {
	esp_ip_addr_t ip;
} esp_netif_dns_info_t;

typedef struct {
	esp_ip4_addr_t ip;
	esp_ip4_addr_t netmask;
	esp_ip4_addr_t gw;
} esp_netif_ip_info_t;

typedef struct {
	esp_netif_t *esp_netif;
	esp_netif_ip_info_t ip_info;
	bool ip_changed;
} ip_event_got_ip_t;

typedef struct {
	esp_netif_t *esp_netif;
	esp_ip4_addr_t ip;
	uint8_t mac[6];
	char hostname[1];
} ip_event_assigned_ip_to_client_t;
