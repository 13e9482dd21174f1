# The board program for libFuzzer (fuzz.c): AddressSanitizer, UBSan on all but the engine; clang for all but the engine.
# Paths are relative to the repository.

FUZZ_BUILD := build/board-fuzz
FUZZ_FLAGS := -O1 -g1 -DBOARD_FUZZ -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined

all: $(FUZZ_BUILD)/board

include sim/board/board.mk

BOARD_CC := clang
BOARD_NATIVES := $(BOARD_NATIVES) tests/fuzz/fuzz.c
BOARD_LINK += -fsanitize=fuzzer
# The engine is that of build/board-asan, compiled by gcc: both compilers speak to AddressSanitizer in the same way. libFuzzer does not
# count which of the engine's parts ran. It counts which way the firmware's byte code went (fuzzBranch), so the interpreter is another one.
$(eval $(call BOARD_VARIANT,$(FUZZ_BUILD),$(FUZZ_FLAGS),,$(BOARD_BUILD)/board-asan,xs/xsRun.o host/% idf/% native/% gen/%))

# The interpreter tells each branch that it takes and each function that it enters. clang would need five times as long to compile it.
$(FUZZ_BUILD)/xs/xsRun.o: $(BOARD_XS)/sources/xsRun.c $(BOARD_DIR)/board_xs.h tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	sed -e 's/^\t\tmxNextCode((txS4)INDEX + OFFSET)$$/& fuzzBranch(mxCode)/' \
		-e '/#define mxFirstCode()/{n;s/^/\t\tfuzzBranch(mxCode); \\\n/}' $< > $(FUZZ_BUILD)/xsRun.c
	@grep -c 'fuzzBranch(mxCode)' $(FUZZ_BUILD)/xsRun.c | grep -qx 4 || { echo "tests/fuzz/fuzz.mk does not fit this engine" >&2; exit 1; }
	gcc -O1 -g1 -fsanitize=address $(BOARD_XS_CFLAGS) -include tests/fuzz/branches.h -c $(FUZZ_BUILD)/xsRun.c -o $@
