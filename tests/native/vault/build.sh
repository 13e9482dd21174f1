#!/bin/sh
# Builds the vault's C with its own tests over the fake ESP-IDF, with AddressSanitizer and UBSan, as the program named, unless it is newer than
# its sources. Run from the repository's root.
set -e
xs=node_modules/@agoric/xsnap/moddable/xs
sources="modules/sealing/esp32/vault-backup-esp32.c modules/sealing/esp32/vault-crypto-esp32.c modules/sealing/esp32/vault-sessions-esp32.c
	modules/sealing/esp32/vault-store-esp32.c tests/native/vault/*.c"
fake="sim/board/idf/*.c sim/board/json.c sim/board/effects.c tests/native/idf/harness.c"
[ -x "$1" ] && [ -z "$(find sim/board tests/native/idf tests/native/vault modules/sealing -newer "$1" -name '*.[ch]')" ] && exit
mkdir -p "$(dirname "$1")"
exec gcc -std=gnu17 -O1 -g1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
	-DINCLUDE_XSPLATFORM=1 -DXSPLATFORM='"board_xs.h"' -DmxMetering=1 \
	-Isim/board/include -Isim/board -Isim/board/idf -Isim/board/idf/include -Itests/native/idf -Imodules/sealing/esp32 \
	-I$xs/includes -I$xs/platforms -I$xs/sources $sources $fake -l:libmbedcrypto.a -lm -lpthread -o "$1"
