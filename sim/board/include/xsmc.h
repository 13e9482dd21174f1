/*
	The engine's own xsmc.h, plus what newer engines have in it, so that natives are the same for both.
*/
#ifndef BOARD_XSMC_H
#define BOARD_XSMC_H

#include <stddef.h>

#include_next "xsmc.h"

#ifndef xsmcToUnsigned
#undef xsToUnsigned
#define xsmcToUnsigned(_SLOT) fxToUnsigned(the, &_SLOT)
#endif
#ifndef xsmcSetUnsigned
#define xsmcSetUnsigned(_SLOT, _VALUE) fxUnsigned(the, &_SLOT, _VALUE)
#endif
#ifndef xsmcSetStringX
#define xsmcSetStringX(_SLOT, _VALUE) fxStringX(the, &_SLOT, _VALUE)
#endif
#ifndef xsmcToReference
#undef xsToReference
#define xsmcToReference(_SLOT) fxToReference(the, &_SLOT)
#endif

#endif
