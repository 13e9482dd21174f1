/*
	Coverage of the firmware's bytecode: pairs of places reached one after the other, counted in libFuzzer's extra counters.
*/
#ifndef FUZZ_BRANCHES_H
#define FUZZ_BRANCHES_H

#include <stdint.h>

#define FUZZ_COUNTERS 0x10000

extern uint8_t fuzzCounters[FUZZ_COUNTERS];
extern uintptr_t fuzzFrom;

#define fuzzBranch(CODE) \
	do { \
		fuzzCounters[((uintptr_t)(CODE) ^ fuzzFrom) % FUZZ_COUNTERS]++; \
		fuzzFrom = (uintptr_t)(CODE) >> 1; \
	} while (0)

#endif
