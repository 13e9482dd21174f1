# The board program: the XS engine, the shipping natives, the fake ESP-IDF and the host that drives them.
# To be included from the top Makefile; paths are relative to the repository.
#
#   build/board/board          release
#   build/board-asan/board     AddressSanitizer, and UBSan on all but the engine
#   build/board-debug/board    -O0 -g
#   build/board-xsbug/board    as a debug build on the chip: the chip's C knows whether a debugger is there
#   build/board-m32/board      with the chip's 32-bit words, for heap figures; needs gcc's 32-bit libraries (Debian: gcc-multilib)
#   build/board-gc-stress/board  a collection at every allocation, each chunk a malloc of its own, AddressSanitizer: finds
#                              natives that keep a pointer into the engine's memory for too long
#
# MODDABLE=<SDK> builds with the SDK's own engine instead of the one from npm, into build/board-sdk*.

BOARD_DIR ?= sim/board
BOARD_BUILD ?= build
BOARD_IDF ?= $(BOARD_DIR)/idf
BOARD_NATIVES ?= $(wildcard modules/*/esp32/*.c)
BOARD_CC ?= gcc

ifdef MODDABLE
BOARD_XS ?= $(MODDABLE)/xs
BOARD_NAME ?= board-sdk
else
BOARD_XS ?= node_modules/@agoric/xsnap/moddable/xs
BOARD_NAME ?= board
endif

# Lockdown, snapshots and the profiler are not on the device.
BOARD_XS_SOURCES := $(filter-out xsLockdown.c xsSnapshot.c xsProfile.c,$(notdir $(wildcard $(BOARD_XS)/sources/xs*.c)))
BOARD_HOST_SOURCES := $(wildcard $(BOARD_DIR)/*.c)
BOARD_IDF_SOURCES := $(wildcard $(BOARD_IDF)/*.c)

BOARD_XS_FLAGS := -DINCLUDE_XSPLATFORM=1 -DXSPLATFORM='"board_xs.h"' -DmxParse=1 -DmxRun=1 -DmxMetering=1 -DmxBoundsCheck=1 \
	-I$(BOARD_XS)/includes -I$(BOARD_XS)/platforms -I$(BOARD_XS)/sources -I$(BOARD_DIR)
# The engine's own warnings are its authors' affair; xsum.c of newer engines does not include the platform header itself.
BOARD_XS_CFLAGS := $(BOARD_XS_FLAGS) -w -include $(BOARD_DIR)/board_xs.h -DmxFallThrough='__attribute__((fallthrough))' -fno-common -ffunction-sections -fdata-sections
BOARD_CFLAGS := -std=gnu17 -Wall -Wextra -Werror -fno-common -ffunction-sections -fdata-sections
# The natives see what they see on the device: the SDK's three headers (wrapped) and the IDF's.
BOARD_NATIVE_INCLUDES = -I$(1)/gen -I$(BOARD_DIR)/include -I$(BOARD_DIR) -I$(BOARD_IDF)/include -I$(BOARD_IDF)
# Mbed TLS (Debian: libmbedtls-dev) has the PSA that ESP-IDF v6.0 has a newer one of. Its archive: a 32-bit board then needs no loader of its own for it.
# crypto-meter.c stands before some of its functions.
BOARD_METERED := psa_aead_encrypt psa_aead_decrypt psa_mac_sign_setup psa_key_derivation_setup psa_raw_key_agreement
BOARD_LINK := -Wl,--gc-sections $(BOARD_METERED:%=-Wl,--wrap=%) -l:libmbedcrypto.a -lm -lpthread

BOARD_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
# The engine measures texts by the word, beyond their end, and says so to AddressSanitizer in clang's words only.
BOARD_ADDRESS_XS := '-D__has_feature(name)=1'
# UBSan watches the natives and the host. Watching the engine, too, doubles the time that it takes to compile, for faults of its authors'.
BOARD_SANITIZE_XS := $(BOARD_ADDRESS_XS) -fno-sanitize=undefined

# What a board program consists of, in its build folder.
BOARD_OBJECTS = $(BOARD_XS_SOURCES:%.c=xs/%.o) $(patsubst %.c,host/%.o,$(notdir $(BOARD_HOST_SOURCES))) \
	$(patsubst %.c,idf/%.o,$(notdir $(BOARD_IDF_SOURCES))) $(patsubst %.c,native/%.o,$(notdir $(BOARD_NATIVES))) gen/nativeTable.o

# $(1) build folder, $(2) flags for every file, $(3) flags for the engine's.
# Compiling the engine takes most of the time, so programs share objects: $(4) is the folder of another program that lends all its objects
# but $(5), patterns of those that this program has of its own.
define BOARD_VARIANT
$(1)/xs/%.o: $(BOARD_XS)/sources/%.c $(BOARD_DIR)/board_xs.h $(BOARD_DIR)/board.mk
	@mkdir -p $$(@D)
	$(BOARD_CC) $(2) $(3) $(BOARD_XS_CFLAGS) $$(if $$(filter xsPlatforms,$$*),-DfxBuildKeys=fxBuildEngineKeys) -MMD -MP -c $$< -o $$@

$(1)/gen/xs-ids.txt: $(BOARD_XS)/sources/xsCommon.c $(BOARD_DIR)/board.mk
	@mkdir -p $$(@D)
	$(BOARD_CC) $(BOARD_XS_FLAGS) -E -P $$< -o $$@

$(1)/gen/stamp: $(BOARD_DIR)/genids.mjs $(1)/gen/xs-ids.txt $(BOARD_HOST_SOURCES) $(BOARD_NATIVES)
	node $(BOARD_DIR)/genids.mjs $(1)/gen $(1)/gen/xs-ids.txt $(BOARD_HOST_SOURCES) $(BOARD_NATIVES)
	@touch $$@

# Left alone when nothing in them changes, so that not everything is compiled again.
$(1)/gen/mc.xs.h $(1)/gen/nativeTable.c: $(1)/gen/stamp ;

$(1)/host/%.o: $(BOARD_DIR)/%.c | $(1)/gen/stamp
	@mkdir -p $$(@D)
	$(BOARD_CC) $(2) $(BOARD_CFLAGS) $(call BOARD_NATIVE_INCLUDES,$(1)) $(BOARD_XS_FLAGS) -MMD -MP -c $$< -o $$@

$(1)/idf/%.o: $(BOARD_IDF)/%.c | $(1)/gen/stamp
	@mkdir -p $$(@D)
	$(BOARD_CC) $(2) $(BOARD_CFLAGS) $(call BOARD_NATIVE_INCLUDES,$(1)) -MMD -MP -c $$< -o $$@

$(foreach native,$(BOARD_NATIVES),
$(1)/native/$(notdir $(native:.c=.o)): $(native) | $(1)/gen/stamp
	@mkdir -p $$(@D)
	$(BOARD_CC) $(2) $(BOARD_CFLAGS) $(call BOARD_NATIVE_INCLUDES,$(1)) -I$(BOARD_XS)/includes -I$(BOARD_XS)/platforms -I$(BOARD_XS)/sources \
		-DINCLUDE_XSPLATFORM=1 -DXSPLATFORM='"board_xs.h"' -DmxMetering=1 -DmxBoundsCheck=1 -MMD -MP -c $$< -o $$@
)
$(1)/gen/nativeTable.o: $(1)/gen/nativeTable.c
	$(BOARD_CC) $(2) $(BOARD_CFLAGS) $(call BOARD_NATIVE_INCLUDES,$(1)) -c $(1)/gen/nativeTable.c -o $$@

$(1)/board: $(if $(4),$(addprefix $(1)/,$(filter $(5),$(BOARD_OBJECTS))) $(addprefix $(4)/,$(filter-out $(5),$(BOARD_OBJECTS))),$(addprefix $(1)/,$(BOARD_OBJECTS)))
	$(BOARD_CC) $(2) $$^ $(BOARD_LINK) -o $$@

-include $(wildcard $(1)/*/*.d)
endef

$(eval $(call BOARD_VARIANT,$(BOARD_BUILD)/$(BOARD_NAME),-O2 -g1))
$(eval $(call BOARD_VARIANT,$(BOARD_BUILD)/$(BOARD_NAME)-asan,-O1 -g1 $(BOARD_SANITIZE),$(BOARD_SANITIZE_XS)))
$(eval $(call BOARD_VARIANT,$(BOARD_BUILD)/$(BOARD_NAME)-debug,-O0 -g))
# Three files differ where every allocation collects.
$(eval $(call BOARD_VARIANT,$(BOARD_BUILD)/$(BOARD_NAME)-gc-stress,-O1 -g1 $(BOARD_SANITIZE) -DmxNoChunks=1 -DmxStress=1 -DmxPoisonSlots=1,\
	$(BOARD_SANITIZE_XS),$(BOARD_BUILD)/$(BOARD_NAME)-asan,xs/xsMemory.o host/machine.o host/chip.o))
# One file of the chip's C differs in debug builds.
$(eval $(call BOARD_VARIANT,$(BOARD_BUILD)/$(BOARD_NAME)-xsbug,-O2 -g1 -DmxDebug=1,,$(BOARD_BUILD)/$(BOARD_NAME),native/board-esp32.o))
# SSE, as the old coprocessor calculates with other precision.
$(eval $(call BOARD_VARIANT,$(BOARD_BUILD)/$(BOARD_NAME)-m32,-O2 -g1 -m32 -msse2 -mfpmath=sse))
