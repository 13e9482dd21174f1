/* Random numbers: seeded per board, so that a run can be repeated. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t esp_random(void);
void esp_fill_random(void *buffer, size_t length);
