#!/bin/sh
# Builds the tests of the fake ESP-IDF, with AddressSanitizer and UBSan, as the program named, unless it is newer than its sources.
# Run from the repository's root.
set -e
sources="sim/board/idf/*.c tests/native/idf/*.c sim/board/json.c sim/board/effects.c"
[ -x "$1" ] && [ -z "$(find sim/board tests/native/idf -newer "$1" -name '*.[ch]')" ] && exit
mkdir -p "$(dirname "$1")"
exec gcc -std=gnu17 -O0 -g1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
	-Isim/board -Isim/board/idf -Isim/board/idf/include -Itests/native/idf $sources -o "$1"
