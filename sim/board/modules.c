/*
	ES modules, one file each, under the specifiers of app.json. The engine asks here for what `import` means.
*/
#include "xsAll.h"
#include "xsScript.h"

#include "flash.h"
#include "host.h"
#include "modules.h"

static void dropExtension(char *specifier)
{
	char *dot = strrchr(specifier, '.');
	if (dot && !strchr(dot, '/') && (!strcmp(dot, ".js") || !strcmp(dot, ".mjs") || !strcmp(dot, ".ts")))
		*dot = 0;
}

bool moduleResolve(const char *importer, const char *name, char *specifier)
{
	if (name[0] != '.') {
		if (strlen(name) >= SPECIFIER_MAX)
			return false;
		strcpy(specifier, name);
		dropExtension(specifier);
		return true;
	}
	if (!importer || strlen(importer) + strlen(name) + 2 > SPECIFIER_MAX)
		return false;
	strcpy(specifier, importer);
	char *slash = strrchr(specifier, '/');
	size_t length = slash ? (size_t)(slash - specifier) : 0;
	specifier[length] = 0;
	while (name[0] == '.') {
		if (name[1] == '/')
			name += 2;
		else if (name[1] == '.' && name[2] == '/') {
			if (!length)
				return false;
			slash = strrchr(specifier, '/');
			length = slash ? (size_t)(slash - specifier) : 0;
			specifier[length] = 0;
			name += 3;
		}
		else
			break;
	}
	if (length)
		specifier[length++] = '/';
	strcpy(specifier + length, name);
	dropExtension(specifier);
	return true;
}

const char *modulePath(const char *specifier)
{
	return jsonString(gApp.modules, specifier, NULL);
}

bool moduleIsKnown(const char *specifier)
{
	return modulePath(specifier) || (!strcmp(specifier, MODULE_CONFIG) && jsonGet(gApp.root, "config"));
}

txID fxFindModule(txMachine *the, txSlot *realm, txID moduleID, txSlot *slot)
{
	char name[SPECIFIER_MAX], specifier[SPECIFIER_MAX];
	(void)realm;
	const char *importer = moduleID == XS_NO_ID ? NULL : fxGetKeyName(the, moduleID);
	fxToStringBuffer(the, slot, name, sizeof(name));
	if (!moduleResolve(importer, name, specifier) || !moduleIsKnown(specifier))
		mxReferenceError("module \"%s\": import of unknown module \"%s\"", importer ? importer : "(host)", name);
	return fxNewNameC(the, specifier);
}

/* mc/config as mcconfig makes it: the manifest's config object, frozen. */
static char *configSource(size_t *size)
{
	static const char head[] = "export default Object.freeze(", tail[] = ", true);\n";
	size_t begin, end;
	jsonSpan(jsonGet(gApp.root, "config"), &begin, &end);
	size_t length = end - begin;
	char *text = malloc(sizeof(head) + length + sizeof(tail));
	if (!text)
		abort();
	memcpy(text, head, sizeof(head) - 1);
	memcpy(text + sizeof(head) - 1, gApp.text + begin, length);
	memcpy(text + sizeof(head) - 1 + length, tail, sizeof(tail));
	*size = sizeof(head) - 1 + length + sizeof(tail) - 1;
	return text;
}

txScript *moduleParse(txMachine *the, const char *specifier)
{
	const char *path = modulePath(specifier);
	txStringCStream stream = {.offset = 0};
	size_t size = 0;
	char *text = path ? fileRead(path, &size) : configSource(&size);
	if (!text)
		mxReferenceError("module \"%s\": cannot read %s", specifier, path);
	stream.buffer = text;
	stream.size = (txSize)size;
#ifdef mxDebug
	txUnsigned flags = mxDebugFlag;
#else
	txUnsigned flags = 0;
#endif
	txParser parser;
	txParserJump jump;
	txScript *script = NULL;
	fxInitializeParser(&parser, the, the->parserBufferSize, the->parserTableModulo);
	parser.firstJump = &jump;
	if (c_setjmp(jump.jmp_buf) == 0) {
		parser.path = fxNewParserSymbol(&parser, path ? (txString)path : MODULE_CONFIG);
		fxParserTree(&parser, &stream, fxStringCGetter, flags, NULL);
		fxParserHoist(&parser);
		fxParserBind(&parser);
		script = fxParserCode(&parser);
	}
	fxTerminateParser(&parser);
	free(text);
	if (!script)
		mxSyntaxError("module \"%s\": does not parse", specifier);
	return script;
}

void fxLoadModule(txMachine *the, txSlot *module, txID moduleID)
{
	const char *specifier = fxGetKeyName(the, moduleID);
	txScript *script = gApp.chip ? flashScript(specifier) : moduleParse(the, specifier);
	fxResolveModule(the, module, moduleID, script, NULL, NULL);
}

static void importFailed(txMachine *the)
{
	mxException = *mxArgv(0);
	fxAbort(the, XS_UNHANDLED_EXCEPTION_EXIT);
}

void moduleImport(txMachine *the, const char *specifier, txCallback done)
{
	txSlot *realm = mxModuleInstanceInternal(mxProgram.value.reference)->value.module.realm;
	mxPushStringC((txString)specifier);
#if XS_MAJOR_VERSION >= 17
	mxPushUndefined(); /* import attributes */
	fxRunImport(the, realm, NULL);
#else
	fxRunImport(the, realm, XS_NO_ID);
#endif
	mxDub();
	mxGetID(mxID(_then));
	mxCall();
	fxNewHostFunction(the, done, 1, XS_NO_ID, XS_NO_ID);
	fxNewHostFunction(the, importFailed, 1, XS_NO_ID, XS_NO_ID);
	mxRunCount(2);
	mxPop();
}
