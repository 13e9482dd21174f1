/* IPv4 addresses, kept in network byte order as in lwIP. The boards are little-endian, here as on the chip. */
#pragma once

#include <stdint.h>

#define ESP_IP4TOADDR(a, b, c, d) \
	(((uint32_t)((a)&0xFF)) | ((uint32_t)((b)&0xFF) << 8) | ((uint32_t)((c)&0xFF) << 16) | ((uint32_t)((d)&0xFF) << 24))
#define ESP_IPADDR_TYPE_V4 0U

#define IPSTR "%d.%d.%d.%d"
#define esp_ip4_addr_get_byte(ipaddr, idx) (((const uint8_t *)(&(ipaddr)->addr))[idx])
#define IP2STR(ipaddr) \
	esp_ip4_addr_get_byte(ipaddr, 0), esp_ip4_addr_get_byte(ipaddr, 1), esp_ip4_addr_get_byte(ipaddr, 2), esp_ip4_addr_get_byte(ipaddr, 3)

typedef struct esp_ip4_addr {
	uint32_t addr;
} esp_ip4_addr_t;

typedef struct esp_ip6_addr {
	uint32_t addr[4];
	uint8_t zone;
} esp_ip6_addr_t;

typedef struct _ip_addr {
	union {
		esp_ip6_addr_t ip6;
		esp_ip4_addr_t ip4;
	} u_addr;
	uint8_t type;
} esp_ip_addr_t;
