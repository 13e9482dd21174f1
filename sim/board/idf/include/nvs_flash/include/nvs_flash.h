/* The path under which Moddable's modules include it. */
#pragma once

#include "../../nvs_flash.h"
