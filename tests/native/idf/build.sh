#!/bin/sh
# Builds the tests of the fake ESP-IDF, with AddressSanitizer and UBSan, as the program named. Run from the repository's root.
set -e
mkdir -p "$(dirname "$1")"
exec gcc -std=gnu17 -O0 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
	-Isim/board -Isim/board/idf -Isim/board/idf/include -Itests/native/idf \
	sim/board/idf/*.c tests/native/idf/*.c sim/board/json.c sim/board/effects.c -o "$1"
