/* The virtual boards stand for an ESP32-C3 with Moddable's settings; only what a header or a native asks for. */
#pragma once

#define CONFIG_IDF_TARGET_ESP32C3 1
#define CONFIG_FREERTOS_HZ 1000
#define CONFIG_ESP_WIFI_ESPNOW_MAX_ENCRYPT_NUM 7
