#pragma once

#include "freertos/FreeRTOS.h"

typedef struct tskTaskControlBlock *TaskHandle_t;

/* In bytes, as ESP-IDF has it. */
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);
