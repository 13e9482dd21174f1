/* Placement attributes. What is kept over a restart goes to a section of its own, so that the board can save and load it. */
#pragma once

#define IRAM_ATTR
#define DRAM_ATTR
#define RTC_NOINIT_ATTR __attribute__((section("rtc_noinit")))
#define IDF_DEPRECATED(reason) __attribute__((deprecated(reason)))
