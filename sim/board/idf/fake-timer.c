/*
	esp_timer: microseconds since boot, one-shot and periodic timers.
*/
#include <stdlib.h>

#include "esp_timer.h"
#include "internal.h"
#include "rules.h"

struct esp_timer {
	Alarm alarm; /* first, so that an alarm is its timer */
	esp_timer_create_args_t args;
	int64_t period; /* µs, 0 for one-shot */
	struct esp_timer *next;
};

static struct esp_timer *gTimers;
static const char *gRunning;

int64_t esp_timer_get_time(void)
{
	static int64_t stopped;
	if (faultHolds(FAULT_CLOCK_STOPS))
		return stopped;
	stopped = boardTimeUs() - (ruleHolds("timer-since-boot") ? boardBootUs() : 0);
	return stopped;
}

const char *timerRunning(void)
{
	return gRunning;
}

static void timerRing(Alarm *alarm)
{
	struct esp_timer *timer = (struct esp_timer *)alarm;
	esp_timer_create_args_t args = timer->args;
	if (timer->period)
		alarmSet(alarm, (ruleHolds("timer-no-drift") ? alarm->at : boardTimeUs()) + timer->period);
	/* The callback may delete its timer. */
	gRunning = args.name ? args.name : "timer";
	(*args.callback)(args.arg);
	gRunning = NULL;
}

esp_err_t esp_timer_create(const esp_timer_create_args_t *args, esp_timer_handle_t *out)
{
	if (!args || !out || (!args->callback && ruleHolds("timer-callback")))
		return ESP_ERR_INVALID_ARG;
	struct esp_timer *timer = calloc(1, sizeof(struct esp_timer));
	if (!timer)
		return ESP_ERR_NO_MEM;
	timer->args = *args;
	timer->alarm.ring = timerRing;
	timer->next = gTimers;
	gTimers = timer;
	*out = timer;
	return ESP_OK;
}

static esp_err_t start(esp_timer_handle_t timer, uint64_t us, bool periodic)
{
	if (!timer)
		return ESP_ERR_INVALID_ARG;
	if (timer->alarm.set && ruleHolds("timer-start-once"))
		return ESP_ERR_INVALID_STATE;
	timer->period = periodic || !ruleHolds("timer-one-shot") ? (int64_t)us : 0;
	alarmSet(&timer->alarm, boardTimeUs() + (int64_t)us);
	return ESP_OK;
}

esp_err_t esp_timer_start_once(esp_timer_handle_t timer, uint64_t timeout_us)
{
	return start(timer, timeout_us, false);
}

esp_err_t esp_timer_start_periodic(esp_timer_handle_t timer, uint64_t period_us)
{
	return start(timer, period_us, true);
}

esp_err_t esp_timer_stop(esp_timer_handle_t timer)
{
	if (!timer)
		return ESP_ERR_INVALID_ARG;
	if (!timer->alarm.set && ruleHolds("timer-stop-running"))
		return ESP_ERR_INVALID_STATE;
	alarmClear(&timer->alarm);
	return ESP_OK;
}

esp_err_t esp_timer_delete(esp_timer_handle_t timer)
{
	if (!timer)
		return ESP_ERR_INVALID_ARG;
	if (timer->alarm.set && ruleHolds("timer-delete-stopped"))
		return ESP_ERR_INVALID_STATE;
	alarmClear(&timer->alarm);
	for (struct esp_timer **link = &gTimers; *link; link = &(*link)->next) {
		if (*link == timer) {
			*link = timer->next;
			break;
		}
	}
	free(timer);
	return ESP_OK;
}

bool esp_timer_is_active(esp_timer_handle_t timer)
{
	return timer && timer->alarm.set;
}

void timersDown(void)
{
	while (gTimers) {
		struct esp_timer *timer = gTimers;
		gTimers = timer->next;
		alarmClear(&timer->alarm);
		free(timer);
	}
}
