# The board program for libFuzzer (fuzz.c): clang, AddressSanitizer, and UBSan on all but the engine.
# Paths are relative to the repository.

BOARD_CC := clang
BOARD_NATIVES := $(wildcard modules/*/esp32/*.c) tests/fuzz/fuzz.c
FUZZ_BUILD := build/board-fuzz
FUZZ_FLAGS := -O1 -g1 -DBOARD_FUZZ -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
# Which parts of the engine ran says little; which way the firmware's bytecode went says all (fuzzBranch).
FUZZ_FLAGS_XS := -fno-sanitize=fuzzer-no-link,undefined

all: $(FUZZ_BUILD)/board

include sim/board/board.mk

BOARD_LINK += -fsanitize=fuzzer
$(eval $(call BOARD_VARIANT,$(FUZZ_BUILD),$(FUZZ_FLAGS),$(FUZZ_FLAGS_XS)))

# The interpreter tells each branch that it takes and each function that it enters.
$(FUZZ_BUILD)/xs/xsRun.o: $(BOARD_XS)/sources/xsRun.c $(BOARD_DIR)/board_xs.h tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	sed -e 's/^\t\tmxNextCode((txS4)INDEX + OFFSET)$$/& fuzzBranch(mxCode)/' \
		-e '/#define mxFirstCode()/{n;s/^/\t\tfuzzBranch(mxCode); \\\n/}' $< > $(FUZZ_BUILD)/xsRun.c
	@grep -c 'fuzzBranch(mxCode)' $(FUZZ_BUILD)/xsRun.c | grep -qx 4 || { echo "tests/fuzz/fuzz.mk does not fit this engine" >&2; exit 1; }
	$(BOARD_CC) $(FUZZ_FLAGS) $(FUZZ_FLAGS_XS) $(BOARD_XS_CFLAGS) -include tests/fuzz/branches.h -c $(FUZZ_BUILD)/xsRun.c -o $@
