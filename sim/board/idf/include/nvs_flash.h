/* Opening of the store's partition; the board's start has done it already. */
#pragma once

#include "nvs.h"

