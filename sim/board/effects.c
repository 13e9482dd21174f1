/*
	The effects of the present event, collected as JSON text.
*/
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

static char *gText;
static size_t gLength;
static size_t gCapacity;

static void append(const char *text, size_t length)
{
	if (gLength + length + 1 > gCapacity) {
		gCapacity = (gLength + length + 1) * 2;
		gText = realloc(gText, gCapacity);
		if (!gText)
			abort();
	}
	memcpy(gText + gLength, text, length);
	gLength += length;
	gText[gLength] = 0;
}

static void appendText(const char *text)
{
	append(text, strlen(text));
}

static void appendQuoted(const char *text, size_t length)
{
	append("\"", 1);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\') {
			append("\\", 1);
			append(text + i, 1);
		}
		else if (c < 0x20) {
			char escape[8];
			snprintf(escape, sizeof(escape), "\\u%04x", c);
			appendText(escape);
		}
		else
			append(text + i, 1);
	}
	append("\"", 1);
}

static void appendKey(const char *key)
{
	append(",", 1);
	appendQuoted(key, strlen(key));
	append(":", 1);
}

void effectBegin(const char *name)
{
	appendText(gLength ? ",{\"do\":" : "{\"do\":");
	appendQuoted(name, strlen(name));
}

void effectInt(const char *key, int64_t value)
{
	char digits[24];
	appendKey(key);
	snprintf(digits, sizeof(digits), "%" PRId64, value);
	appendText(digits);
}

void effectBool(const char *key, int value)
{
	appendKey(key);
	appendText(value ? "true" : "false");
}

void effectString(const char *key, const char *value)
{
	effectStringN(key, value, strlen(value));
}

void effectStringN(const char *key, const char *value, size_t length)
{
	appendKey(key);
	appendQuoted(value, length);
}

void effectHex(const char *key, const void *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = bytes;
	appendKey(key);
	append("\"", 1);
	for (size_t i = 0; i < count; i++) {
		char pair[2] = {digits[p[i] >> 4], digits[p[i] & 15]};
		append(pair, 2);
	}
	append("\"", 1);
}

void effectEnd(void)
{
	append("}", 1);
}

const char *effectsTake(size_t *length)
{
	*length = gLength;
	gLength = 0;
	return gText ? gText : "";
}
