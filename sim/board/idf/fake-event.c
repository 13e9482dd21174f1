/*
	The default event loop. Handlers run in the order of their registration, after the network interfaces' own.
*/
#include <string.h>

#include "internal.h"
#include "rules.h"

#define HANDLERS 16

ESP_EVENT_DEFINE_BASE(WIFI_EVENT);
ESP_EVENT_DEFINE_BASE(IP_EVENT);

typedef struct {
	esp_event_handler_t handler;
	esp_event_base_t base;
	int32_t id;
	void *arg;
	uint64_t since;
} Handler;

typedef struct {
	esp_event_base_t base;
	int32_t id;
	uint64_t number;
	uint64_t data[];
} Event;

static bool gLoop;
static Handler gHandlers[HANDLERS];
static uint64_t gNumber;

static void dispatch(void *payload)
{
	Event *event = payload;
	if (ruleHolds("netif-first"))
		netifOnEvent(event->base, event->id, event->data);
	for (int i = 0; i < HANDLERS; i++) {
		Handler *h = &gHandlers[i];
		/*
			Read anew each time: a handler may take itself or another one off. On the chip the loop's task goes before the one
			that registers, so what was posted earlier has been served by then.
		*/
		if (h->handler && (h->since <= event->number || !ruleHolds("loop-no-history")) && (!h->base || h->base == event->base) && (h->id == ESP_EVENT_ANY_ID || h->id == event->id))
			(*h->handler)(h->arg, event->base, event->id, event->data);
	}
	if (!ruleHolds("netif-first"))
		netifOnEvent(event->base, event->id, event->data);
}

esp_err_t esp_event_post(esp_event_base_t base, int32_t id, const void *data, size_t size, TickType_t wait)
{
	(void)wait;
	if (!gLoop && ruleHolds("loop-needed"))
		return ESP_ERR_INVALID_STATE;
	if (!base || id == ESP_EVENT_ANY_ID)
		return ESP_ERR_INVALID_ARG;
	Event *event = taskQueue(TASK_EVENTS, dispatch, sizeof(Event) + size);
	event->base = base;
	event->id = id;
	event->number = gNumber++;
	if (size)
		memcpy(event->data, data, size);
	if (!ruleHolds("loop-later"))
		dispatch(event);
	return ESP_OK;
}

void eventStorm(int64_t count)
{
	while (count-- > 0)
		esp_event_post(WIFI_EVENT, WIFI_EVENT_STA_BEACON_TIMEOUT, NULL, 0, portMAX_DELAY);
}

void eventPost(esp_event_base_t base, int32_t id, const void *data, size_t size)
{
	eventStorm(faultStormAhead());
	esp_event_post(base, id, data, size, portMAX_DELAY);
}

esp_err_t esp_event_loop_create_default(void)
{
	if (gLoop && ruleHolds("loop-once"))
		return ESP_ERR_INVALID_STATE;
	gLoop = true;
	return ESP_OK;
}

esp_err_t esp_event_handler_instance_register(esp_event_base_t base, int32_t id, esp_event_handler_t handler, void *arg,
	esp_event_handler_instance_t *instance)
{
	if ((!handler || (!base && id != ESP_EVENT_ANY_ID)) && ruleHolds("loop-arguments"))
		return ESP_ERR_INVALID_ARG;
	if (!gLoop && ruleHolds("loop-needed"))
		return ESP_ERR_INVALID_STATE;
	for (int i = 0; i < HANDLERS; i++) {
		if (gHandlers[i].handler)
			continue;
		gHandlers[i] = (Handler){handler, base, id, arg, gNumber};
		if (instance)
			*instance = &gHandlers[i];
		return ESP_OK;
	}
	return ESP_ERR_NO_MEM;
}

esp_err_t esp_event_handler_instance_unregister(esp_event_base_t base, int32_t id, esp_event_handler_instance_t instance)
{
	Handler *handler = instance;
	if (!handler || (!base && id != ESP_EVENT_ANY_ID))
		return ESP_ERR_INVALID_ARG;
	if (!gLoop)
		return ESP_ERR_INVALID_STATE;
	if ((!handler->handler || handler->base != base || handler->id != id) && ruleHolds("loop-registered"))
		return ESP_ERR_NOT_FOUND;
	memset(handler, 0, sizeof(*handler));
	return ESP_OK;
}
