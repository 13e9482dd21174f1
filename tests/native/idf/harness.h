/*
	Tests of the fake ESP-IDF in C: each rule runs in a process of its own on a board that has just booted.
*/
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "esp_event.h"
#include "esp_netif.h"
#include "esp_now.h"
#include "esp_wifi.h"
#include "idf.h"

/* RULE(peersAreTwenty, "text of the rule") { CHECK(...); } The name is what the table in sim/board/README.md says it by. */
#define RULE(id, text) \
	static void id(void); \
	__attribute__((constructor)) static void id##Register(void) \
	{ \
		ruleAdd(#id, text, id); \
	} \
	static void id(void)

#define CHECK(condition) ruleCheck((condition) ? 1 : 0, #condition, __FILE__, __LINE__)
#define CHECK_IS(value, expected) ruleCheckIs((long long)(value), (long long)(expected), #value, __FILE__, __LINE__)

void ruleAdd(const char *name, const char *text, void (*rule)(void));
void ruleCheck(int holds, const char *text, const char *file, int line);
void ruleCheckIs(long long value, long long expected, const char *text, const char *file, int line);

/* Gives the board an event: type and the other members as JSON text with ' for ". */
void give(const char *type, const char *members);
/* Runs the callbacks that are due now. */
void settle(void);
/* Lets time pass in which nobody comes to do anything. */
void oversleep(int ms);
/* Lets time pass; everything due on the way happens at its time. */
void pass(int ms);
/* Effects since the last forget(), as the board writes them. */
const char *effects(void);
bool said(const char *part);
int timesSaid(const char *part);
void forget(void);
/* Runs `act`; returns the reason of the restart that it ended in, or NULL. */
const char *endOf(void (*act)(void));
extern char gWords[128];
/* Switches a rule of the fake off, for what only shows without it. */
void ruleBreak(const char *rule);

/* Events of the default loop as they come: "sta_start", "home 0>6", ...; separated by spaces. */
extern char gSeen[1024];
/* netif, loop, interfaces, init, the watching handler. */
void openWiFi(void);
/* openWiFi(), mode, start. */
void startWiFi(wifi_mode_t mode);
/* A started access point: SSID RBR, password 00000000. */
void configureAccessPoint(int channel);
/* Joins the router House on a channel: scan, handshake, address. */
void joinRouter(int channel);

#define STATION_MAC "a0b1c2d3e4f0"

#endif
