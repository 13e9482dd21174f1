/*
	UTF-8 for XS: texts from bytes and back.
*/

#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"

/* Whether the bytes are text for XS: UTF-8 in its shortest form, no surrogates, no NUL. */
static int isText(const uint8_t *bytes, int length)
{
	int i = 0;

	while (i < length) {
		uint8_t c = bytes[i++];
		uint32_t code, least;
		int more;

		if (c < 0x80) {
			if (0 == c)
				return 0;
			continue;
		}
		if (0xC0 == (c & 0xE0)) {
			more = 1;
			code = c & 0x1F;
			least = 0x80;
		}
		else if (0xE0 == (c & 0xF0)) {
			more = 2;
			code = c & 0x0F;
			least = 0x800;
		}
		else if (0xF0 == (c & 0xF8)) {
			more = 3;
			code = c & 0x07;
			least = 0x10000;
		}
		else
			return 0;

		if (more > length - i)
			return 0;
		while (more--) {
			c = bytes[i++];
			if (0x80 != (c & 0xC0))
				return 0;
			code = (code << 6) | (c & 0x3F);
		}
		if ((code < least) || (code > 0x10FFFF) || ((0xD800 <= code) && (code <= 0xDFFF)))
			return 0;
	}
	return 1;
}

void xs_utf8_decode(xsMachine *the)
{
	int length = xsmcToInteger(xsArg(1));
	int start = (xsmcArgc > 2) ? xsmcToInteger(xsArg(2)) : 0;
	void *bytes;
	xsUnsignedValue size;

	xsmcGetBufferReadable(xsArg(0), &bytes, &size);
	if ((length < 0) || (start < 0) || ((xsUnsignedValue)start > size) || ((xsUnsignedValue)length > size - (xsUnsignedValue)start)
		|| !isText((uint8_t *)bytes + start, length)) {
		xsmcSetNull(xsResult);
		return;
	}
	/* The engine may move the bytes while it makes room for the text: it copies them from their new place. */
	xsmcSetStringBuffer(xsResult, NULL, length);
	xsmcGetBufferReadable(xsArg(0), &bytes, &size);
	c_memcpy(xsmcToString(xsResult), (uint8_t *)bytes + start, (size_t)length);
}

void xs_utf8_encode(xsMachine *the)
{
	const char *text;
	size_t length;
	void *bytes;
	xsUnsignedValue size;

	text = xsmcToString(xsArg(0));
	length = c_strlen(text);
	xsmcGetBufferWritable(xsArg(1), &bytes, &size);
	if (length > size) {
		xsmcSetInteger(xsResult, -1);
		return;
	}
	c_memcpy(bytes, text, length);
	xsmcSetInteger(xsResult, (xsIntegerValue)length);
}
