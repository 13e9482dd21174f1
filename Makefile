# RBR-Now for Moddable. `make start` brings up the desk, `make test` proves it; both do their own set-up.
# The board program has its own rules in sim/board/board.mk; it is included by a second make, since what it
# compiles is only there once the npm packages are. What the set-up says goes to stderr: stdout is the desk's.

SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export NODE_OPTIONS := --experimental-vm-modules --no-warnings
MAKEFLAGS += --no-print-directory
# As many at once as there are cores, over all makes that the first one starts.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

PACKAGES := node_modules/.package-lock.json
DESK := build/desk
ORIGINAL_BOARD := build/original/board.mjs
FIRMWARE := main.ts manifest.json $(shell find modules web sim/shim sim/sdk.json -type f \( -name '*.ts' -o -name '*.json' -o -name '*.html' \) 2>/dev/null)
TOOL_SOURCES := $(shell find sim tests bench tools modules/common modules/config -name '*.ts' -not -name '*.test.ts' 2>/dev/null)

ESBUILD_NODE := esbuild --bundle --platform=node --format=esm --target=node20 --packages=external --log-level=warning

# The programs that the commands run: each is one file in $(DESK), made of its entry here.
ENTRY_start := sim/world/start.ts
ENTRY_app := sim/build/app.ts
ENTRY_heap := sim/heap/heap.ts
ENTRY_sizes := sim/sizes/sizes.ts
ENTRY_sdk-check := sim/sdk/check.ts
ENTRY_soak := tests/soak/run.ts
ENTRY_attacks := tests/attacks/run.ts
ENTRY_properties := tests/properties/run.ts
ENTRY_fuzz := tests/fuzz/run.ts
ENTRY_bench := bench/bench.ts
ENTRY_bench-channels := bench/channels.ts
ENTRY_hardware-check := tools/hardware-check/main.ts
ENTRY_hardware-reference := tools/hardware-check/reference.ts

# Types are checked of the firmware, its desktop build, the desk and the stand-ins for the SDK.
PROJECTS := tsconfig.json tsconfig.desktop.json tsconfig.desk.json sim/shim

.PHONY: help start programs test nightly lint format types mutants fuzz board board-m32 asan gc-stress fuzz-board app original heap sizes bench bench-channels \
	properties sdk-check soak attacks hardware-check hardware-reference clean tools $(PROJECTS:%=types-of-%)

help:
	@echo "make start [ARGS=\"--port 8000 --devices 3 --seed 1 --json\"]   the desk: a router, a hub and its devices, in real time"
	@echo "make test       every test      make lint      format, lint and types      make mutants   rules broken on purpose"
	@echo "make sdk-check  where MODDABLE is set: the Moddable SDK builds the firmware, and runs it beside virtual boards"
	@echo "make hardware-check HUB=http://192.168.1.50   a real network is put to the test over HTTP; ARGS=--help tells more"
	@echo "make soak [ARGS=\"--minutes 60 --boards 20 --loss 30 --seed 1\"]   an hour of virtual time under loss, resets and faults"
	@echo "make properties [ARGS=\"--runs 2000 --seed 1\"]   random houses, over and over: rules that must hold whatever happens"
	@echo "make attacks [ARGS=\"--minutes 60 --boards 20 --seed 1 --only flood\"]   an hour with a stranger beside the house and in its network"
	@echo "make heap       what is in the heap of a hub and a device at rest, what modules and requests take of it"
	@echo "make sizes      writes the sizes in docs/hardware.md; those that need the SDK where MODDABLE is set and make sdk-check has run"
	@echo "make nightly    everything large: all mutants, properties, soak, fuzzing, attacks and the bench"
	@echo "make bench      how fast, beside the original's code and the physical floor: a table, and bench/results.json"
	@echo "make bench-channels   how long devices take to answer their hub again when the router has moved"
	@echo "make fuzz       five minutes of made-up frames and configurations"
	@echo "make board      the board program      make app   the firmware's modules      make clean"

start: board app $(DESK)/start.mjs
	@node $(DESK)/start.mjs $(ARGS)

# What the tests run: all board programs, the firmware's modules, the original's code.
programs: board asan gc-stress fuzz-board board-m32 app original

test: programs
	@PROPERTY_RUNS=$${PROPERTY_RUNS:-30} jest --json --outputFile=build/test-results.json $(ARGS)

lint: $(PACKAGES) types
	@biome check .

types: $(PROJECTS:%=types-of-%)

$(PROJECTS:%=types-of-%): types-of-%: $(PACKAGES)
	@tsc -p $*

format: $(PACKAGES)
	@biome check --write .

# An hour of virtual time under loss, resets and faults: every request settles once, the heap stays flat.
soak: board app $(DESK)/soak.mjs
	@node $(DESK)/soak.mjs $(ARGS)

# An hour of virtual time with a stranger who tries everything: nothing restarts, nothing is changed, the owner is answered.
attacks: board app $(DESK)/attacks.mjs
	@node $(DESK)/attacks.mjs $(ARGS)

# Random houses, over and over: rules that must hold whatever happens. ARGS="--runs 2000 --seed 1"
properties: board app $(DESK)/properties.mjs
	@node $(DESK)/properties.mjs $(ARGS)

mutants: board asan gc-stress fuzz-board app original
	@node tests/mutants/run.mjs $(ARGS)

# Everything large, for the night: what CI does in small.
nightly: test
	@PROPERTY_RUNS=1000 jest tests/unit/espnow-properties.test.ts
	@node tests/mutants/run.mjs
	@$(MAKE) properties ARGS="--runs 2000"
	@$(MAKE) soak ARGS="--minutes 60"
	@$(MAKE) fuzz ARGS="--seconds 300"
	@$(MAKE) attacks
	@ROUNDS=1000 jest -w 2 tests/attacks/inputs
	@RESTARTS=10000 jest tests/network/sealed-restarts.test.ts
	@$(MAKE) bench
	@$(MAKE) bench-channels ARGS="--save yes"
	@$(MAKE) bench-channels ARGS="--runs 1000 --lines announced,announced-loss,silent"

# With the Moddable SDK in MODDABLE: its builds of this firmware, and its own runtime against the virtual boards.
ifeq ($(MODDABLE),)
sdk-check:
	@echo "MODDABLE is not set: skipped"
else
sdk-check: board app $(DESK)/sdk-check.mjs
	@node $(DESK)/sdk-check.mjs
endif

# A real network over HTTP alone: neither SDK nor compiler is needed. The password goes by the environment, where others do not see it.
export PASSWORD
hardware-check: $(DESK)/hardware-check.mjs
	@node $< $(if $(HUB),--hub "$(HUB)") $(if $(DEVICES),--devices "$(DEVICES)") $(ARGS)

# What virtual boards come to in the same list, to be printed beside it.
hardware-reference: board app $(DESK)/start.mjs $(DESK)/hardware-check.mjs $(DESK)/hardware-reference.mjs
	@node $(DESK)/hardware-reference.mjs $(ARGS)

# The board program, and the same under AddressSanitizer and UBSan. On the engine from npm, also where an SDK is at hand.
board: tools $(PACKAGES)
	@$(MAKE) -s -f sim/board/board.mk MODDABLE= build/board/board build/board-xsbug/board >&2

asan: tools $(PACKAGES)
	@$(MAKE) -s -f sim/board/board.mk MODDABLE= build/board-asan/board >&2

# The board program that collects garbage at every allocation. It and the fuzzer's take the engine's objects from build/board-asan.
gc-stress: asan
	@$(MAKE) -s -f sim/board/board.mk MODDABLE= build/board-gc-stress/board >&2

# libFuzzer over what the radio hears and over configurations (tests/fuzz): five minutes, or as ARGS="--seconds 60 --seed 2" says.
FUZZER := command -v clang >/dev/null && [ -f "$$(clang -print-runtime-dir)/libclang_rt.fuzzer-$$(uname -m).a" ]

fuzz: fuzz-board app
	@$(FUZZER) || { echo "Fuzzing needs clang and its runtime: install clang (Debian: apt-get install clang libclang-rt-14-dev)." >&2; exit 1; }
	@node $(DESK)/fuzz.mjs $(ARGS)

# Without clang there is nothing to build, and the other tests run.
fuzz-board: $(DESK)/fuzz.mjs asan
	@if $(FUZZER); then $(MAKE) -s -f tests/fuzz/fuzz.mk >&2; \
		else echo "No clang with its runtime here: fuzzing will be skipped." >&2; fi

$(DESK)/%.mjs: $(TOOL_SOURCES) $(PACKAGES)
	@$(ESBUILD_NODE) $(ENTRY_$*) --outfile=$@

# The firmware as the manifests say, compiled file by file for the virtual boards.
app: build/virtual/app.json

build/virtual/app.json: $(DESK)/app.mjs $(FIRMWARE)
	@node $(DESK)/app.mjs >&2

# Heap figures with the chip's 32-bit words, where gcc and Mbed TLS have libraries for them and the kernel, or else qemu, runs such programs.
M32_PROBE := printf '%s\n' '\#include <psa/crypto.h>' 'int main(void) { return psa_crypto_init(); }' | \
	gcc -m32 -x c - -l:libmbedcrypto.a -o build/m32-probe 2>/dev/null

# Where 32-bit programs run, tests of memory have the chip's words; elsewhere the desk's.
board-m32: tools $(PACKAGES)
	@mkdir -p build; if $(M32_PROBE) && build/m32-probe 2>/dev/null; then \
		$(MAKE) -s -f sim/board/board.mk MODDABLE= build/board-m32/board >&2; \
		else echo "No 32-bit programs here (Debian: gcc-multilib, and libmbedtls-dev of the architecture i386): memory is tested with 64-bit words." >&2; fi

sizes: app $(DESK)/sizes.mjs
	@$(MAKE) heap MEASURE=$(DESK)/sizes.mjs

MEASURE = $(DESK)/heap.mjs

heap: app $(DESK)/heap.mjs
	@if $(M32_PROBE) && { build/m32-probe 2>/dev/null || qemu-i386 build/m32-probe 2>/dev/null; }; then \
		$(MAKE) -s -f sim/board/board.mk MODDABLE= build/board-m32/board >&2; \
		program=build/board-m32/board; \
		build/m32-probe 2>/dev/null || { program=build/board-m32/under-qemu; \
			printf '#!/bin/sh\nexec qemu-i386 build/board-m32/board "$$@"\n' > $$program && chmod +x $$program; }; \
		node $(MEASURE) $$program; \
	else \
		echo "For figures with 32-bit words as on the chip install gcc's 32-bit libraries, and qemu where the kernel does not run" \
			"32-bit programs (Debian: apt-get install gcc-multilib qemu-user)." >&2; \
		$(MAKE) board && node $(MEASURE) build/board/board; \
	fi

# Times and costs (bench/README.md). SEED=7 asks on another air.
bench: board app original $(DESK)/bench.mjs
	@node $(DESK)/bench.mjs

# How long devices take to answer their hub again when the router has moved. ARGS="--runs 10 --lines announced,silent --seed 2"
bench-channels: board app original $(DESK)/bench-channels.mjs
	@node $(DESK)/bench-channels.mjs $(ARGS)

# The board that runs the original's own code (sim/original); it is a program like build/board/board.
original: $(ORIGINAL_BOARD)

$(ORIGINAL_BOARD): $(shell find sim/original -type f 2>/dev/null) $(TOOL_SOURCES) $(PACKAGES)
	@$(ESBUILD_NODE) sim/original/board.ts --loader:.py=text --banner:js='#!/usr/bin/env node' --outfile=$@ && chmod +x $@

# Not `npm ci`: it fails where a registry lacks packages for platforms that are not ours. The lock file holds all the
# same, and stays as it is (--no-save): npm would write into it what another registry has.
$(PACKAGES): package.json package-lock.json
	@npm install --no-save --no-audit --no-fund --loglevel=error >&2
	@touch $@

tools:
	@command -v gcc >/dev/null || { echo "RBR-Now needs a C compiler for the virtual boards: install gcc (Debian: apt-get install gcc)." >&2; exit 1; }
	@echo '#include <psa/crypto.h>' | gcc -E -x c - >/dev/null 2>&1 || { echo "RBR-Now needs Mbed TLS for the virtual boards' cryptography: install its headers and library (Debian: apt-get install libmbedtls-dev)." >&2; exit 1; }

clean:
	@rm -rf build
