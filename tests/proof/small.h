/* SPDX-License-Identifier: MIT */
/*
 * The files that ship, unchanged, with room for fewer entries: what a proof's bound is.
 * To be included before anything else (-include).
 */
#include <stdint.h>

#include "memmap.h"

#undef MEMMAP_MAX_ENTRIES
#define MEMMAP_MAX_ENTRIES ENTRIES

/* Its contents are the codec's, so it need not be long. */
#undef MEMMAP_BUFFER_BYTES
#define MEMMAP_BUFFER_BYTES 64u
