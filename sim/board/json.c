/*
	JSON reader for events and app.json: one flat list of nodes over the text, strings decoded in place.
*/
#include <stdlib.h>
#include <string.h>

#include "host.h"

enum { NUL = 0, BOOL, NUMBER, STRING, ARRAY, OBJECT };

#define DEPTH 64

struct Json {
	int kind;
	int64_t number;
	char *key;
	char *string;
	Json *first;
	Json *next;
	size_t begin;
	size_t end;
	Json *allocated; /* chain of all nodes of a parse, for jsonFree */
};

typedef struct {
	char *text;
	size_t length;
	size_t at;
	Json *all;
	int bad;
} Reader;

static Json *readValue(Reader *r, int depth);

static void skipSpace(Reader *r)
{
	while (r->at < r->length && strchr(" \t\r\n", r->text[r->at]) && r->text[r->at])
		r->at++;
}

static int take(Reader *r, char c)
{
	skipSpace(r);
	if (r->at < r->length && r->text[r->at] == c) {
		r->at++;
		return 1;
	}
	return 0;
}

static int hexDigit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static unsigned readUnit(Reader *r)
{
	unsigned unit = 0;
	for (int i = 0; i < 4; i++) {
		int digit = r->at < r->length ? hexDigit(r->text[r->at]) : -1;
		if (digit < 0) {
			r->bad = 1;
			return 0;
		}
		unit = unit * 16 + (unsigned)digit;
		r->at++;
	}
	return unit;
}

static char *putUtf8(char *out, unsigned code)
{
	if (code < 0x80)
		*out++ = (char)code;
	else if (code < 0x800) {
		*out++ = (char)(0xC0 | (code >> 6));
		*out++ = (char)(0x80 | (code & 0x3F));
	}
	else if (code < 0x10000) {
		*out++ = (char)(0xE0 | (code >> 12));
		*out++ = (char)(0x80 | ((code >> 6) & 0x3F));
		*out++ = (char)(0x80 | (code & 0x3F));
	}
	else {
		*out++ = (char)(0xF0 | (code >> 18));
		*out++ = (char)(0x80 | ((code >> 12) & 0x3F));
		*out++ = (char)(0x80 | ((code >> 6) & 0x3F));
		*out++ = (char)(0x80 | (code & 0x3F));
	}
	return out;
}

/* The decoded text is never longer than the escaped one, so it overwrites it. */
static char *readString(Reader *r)
{
	static const char escapes[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	char *begin = r->text + r->at, *out = begin;
	while (r->at < r->length) {
		char c = r->text[r->at++];
		if (c == '"') {
			*out = 0;
			return begin;
		}
		if (c != '\\') {
			*out++ = c;
			continue;
		}
		c = r->at < r->length ? r->text[r->at++] : 0;
		if (c == 'u') {
			unsigned code = readUnit(r);
			if (code >= 0xD800 && code < 0xDC00 && r->at + 1 < r->length && r->text[r->at] == '\\' && r->text[r->at + 1] == 'u') {
				r->at += 2;
				code = 0x10000 + ((code - 0xD800) << 10) + ((readUnit(r) - 0xDC00) & 0x3FF);
			}
			out = putUtf8(out, code);
		}
		else {
			const char *found = c ? strchr(escapes, c) : NULL;
			if (!found)
				break;
			*out++ = meanings[found - escapes];
		}
	}
	r->bad = 1;
	return begin;
}

static Json *newNode(Reader *r, int kind)
{
	Json *node = calloc(1, sizeof(Json));
	if (!node)
		abort();
	node->kind = kind;
	node->begin = r->at;
	node->allocated = r->all;
	r->all = node;
	return node;
}

static void readMembers(Reader *r, Json *container, char close, int depth)
{
	Json **link = &container->first;
	r->at++;
	if (take(r, close))
		return;
	do {
		char *key = NULL;
		if (close == '}') {
			if (!take(r, '"')) {
				r->bad = 1;
				return;
			}
			key = readString(r);
			if (!take(r, ':'))
				r->bad = 1;
		}
		Json *item = r->bad ? NULL : readValue(r, depth + 1);
		if (!item)
			return;
		item->key = key;
		*link = item;
		link = &item->next;
	} while (take(r, ','));
	if (!take(r, close))
		r->bad = 1;
}

static Json *readWord(Reader *r)
{
	static const struct {
		const char *word;
		int kind;
		int number;
	} words[] = {{"true", BOOL, 1}, {"false", BOOL, 0}, {"null", NUL, 0}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i].word);
		if (r->length - r->at >= length && !strncmp(r->text + r->at, words[i].word, length)) {
			Json *node = newNode(r, words[i].kind);
			node->number = words[i].number;
			r->at += length;
			return node;
		}
	}
	char *end;
	double number = strtod(r->text + r->at, &end);
	if (end == r->text + r->at) {
		r->bad = 1;
		return NULL;
	}
	Json *node = newNode(r, NUMBER);
	node->number = (int64_t)number;
	r->at = (size_t)(end - r->text);
	return node;
}

static Json *readValue(Reader *r, int depth)
{
	skipSpace(r);
	if (r->at >= r->length || depth > DEPTH) {
		r->bad = 1;
		return NULL;
	}
	char c = r->text[r->at];
	Json *node;
	if (c == '{' || c == '[') {
		node = newNode(r, c == '{' ? OBJECT : ARRAY);
		readMembers(r, node, c == '{' ? '}' : ']', depth);
	}
	else if (c == '"') {
		node = newNode(r, STRING);
		r->at++;
		node->string = readString(r);
	}
	else
		node = readWord(r);
	if (node)
		node->end = r->at;
	return node;
}

static void freeNodes(Json *node)
{
	while (node) {
		Json *next = node->allocated;
		free(node);
		node = next;
	}
}

Json *jsonParse(char *text, size_t length)
{
	Reader reader = {.text = text, .length = length};
	Json *root = readValue(&reader, 0);
	skipSpace(&reader);
	if (reader.bad || !root || reader.at != length) {
		freeNodes(reader.all);
		return NULL;
	}
	/* The root is the oldest node: the chain is turned so that it can be freed from there. */
	Json *chain = NULL;
	for (Json *node = reader.all; node;) {
		Json *next = node->allocated;
		node->allocated = chain;
		chain = node;
		node = next;
	}
	return root;
}

void jsonFree(Json *root)
{
	freeNodes(root);
}

void jsonSpan(const Json *value, size_t *begin, size_t *end)
{
	*begin = value->begin;
	*end = value->end;
}

const Json *jsonGet(const Json *object, const char *key)
{
	for (const Json *item = jsonFirst(object); item; item = item->next)
		if (item->key && !strcmp(item->key, key))
			return item;
	return NULL;
}

const char *jsonString(const Json *object, const char *key, const char *fallback)
{
	return jsonText(jsonGet(object, key), fallback);
}

int64_t jsonInt(const Json *object, const char *key, int64_t fallback)
{
	return jsonNumber(jsonGet(object, key), fallback);
}

int jsonBool(const Json *object, const char *key, int fallback)
{
	const Json *item = jsonGet(object, key);
	return item && (item->kind == BOOL || item->kind == NUMBER) ? item->number != 0 : fallback;
}

size_t jsonHex(const Json *object, const char *key, uint8_t *out, size_t max)
{
	return jsonHexValue(jsonGet(object, key), out, max);
}

size_t jsonHexValue(const Json *value, uint8_t *out, size_t max)
{
	const char *text = jsonText(value, "");
	size_t count = 0;
	for (; text[0] && text[1]; text += 2, count++) {
		int high = hexDigit(text[0]), low = hexDigit(text[1]);
		if (high < 0 || low < 0)
			return 0;
		if (count < max)
			out[count] = (uint8_t)(high * 16 + low);
	}
	return text[0] ? 0 : count;
}

const Json *jsonFirst(const Json *container)
{
	return container ? container->first : NULL;
}

const Json *jsonNext(const Json *item)
{
	return item ? item->next : NULL;
}

const char *jsonKey(const Json *item)
{
	return item && item->key ? item->key : "";
}

const char *jsonText(const Json *item, const char *fallback)
{
	return item && item->kind == STRING ? item->string : fallback;
}

int64_t jsonNumber(const Json *item, int64_t fallback)
{
	return item && (item->kind == NUMBER || item->kind == BOOL) ? item->number : fallback;
}

int jsonIsNull(const Json *item)
{
	return !item || item->kind == NUL;
}
