/*
	Pins of an ESP32-C3. What an output shows becomes an effect when it changes; what an input sees comes as an event.
*/
#include <stdlib.h>

#include "driver/gpio.h"
#include "internal.h"
#include "rules.h"

#define PINS GPIO_NUM_MAX
#define FLASH_PINS (0x3FULL << 12) /* 12 to 17: MSPI_IOMUX_PIN_NUM_* of soc/esp32c3/include/soc/spi_pins.h */

static struct {
	gpio_mode_t mode;
	uint8_t latch; /* what it shows as an output */
	int8_t outside; /* what is tied to it: 0, 1, or -1 for nothing */
	uint8_t pullUp;
	int8_t shown; /* told to the world: 0, 1, or -1 for nothing */
} gPins[PINS];

void gpioBoot(const Json *pins)
{
	for (int i = 0; i < PINS; i++)
		gPins[i].outside = gPins[i].shown = -1;
	for (const Json *item = jsonFirst(pins); item; item = jsonNext(item)) {
		int pin = atoi(jsonKey(item));
		if (pin >= 0 && pin < PINS)
			gPins[pin].outside = (int8_t)jsonNumber(item, 0);
	}
}

void onPin(const Json *event)
{
	int64_t pin = jsonInt(event, "pin", -1);
	if (pin >= 0 && pin < PINS)
		gPins[pin].outside = (int8_t)jsonInt(event, "level", 0);
}

static void show(int pin)
{
	if (!(gPins[pin].mode & GPIO_MODE_OUTPUT) && ruleHolds("pin-output-only"))
		return;
	if (gPins[pin].shown == gPins[pin].latch && ruleHolds("pin-changes-only"))
		return;
	gPins[pin].shown = (int8_t)gPins[pin].latch;
	effectBegin("pin");
	effectInt("pin", pin);
	effectInt("level", gPins[pin].latch);
	effectEnd();
}

esp_err_t gpio_config(const gpio_config_t *config)
{
	if (!config || ((!config->pin_bit_mask || config->pin_bit_mask >> PINS) && ruleHolds("pin-exists")))
		return ESP_ERR_INVALID_ARG;
	/* The real one warns at most, and the chip then stands still with the next instruction it wants from flash. */
	if (config->pin_bit_mask & FLASH_PINS && ruleHolds("strict-flash-pin"))
		idfPanic("gpio_config of a pin that the flash hangs on");
	for (int pin = 0; pin < PINS; pin++) {
		if (!(config->pin_bit_mask >> pin & 1))
			continue;
		gPins[pin].mode = config->mode;
		gPins[pin].pullUp = config->pull_up_en == GPIO_PULLUP_ENABLE;
		show(pin);
	}
	return ESP_OK;
}

esp_err_t gpio_set_level(gpio_num_t pin, uint32_t level)
{
	if (pin < 0 || pin >= PINS)
		return ruleHolds("pin-exists") ? ESP_ERR_INVALID_ARG : ESP_OK;
	gPins[pin].latch = level ? 1 : 0;
	show(pin);
	return ESP_OK;
}

int gpio_get_level(gpio_num_t pin)
{
	/* A pin that is no input reads 0. */
	if (pin < 0 || pin >= PINS || (!(gPins[pin].mode & GPIO_MODE_INPUT) && ruleHolds("pin-input-only")))
		return 0;
	if (gPins[pin].mode & GPIO_MODE_OUTPUT)
		return faultHolds(FAULT_PIN_STUCK) ? 1 : gPins[pin].latch;
	return gPins[pin].outside >= 0 ? gPins[pin].outside : gPins[pin].pullUp && ruleHolds("pin-pull-up");
}
