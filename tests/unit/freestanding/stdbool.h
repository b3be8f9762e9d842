/* SPDX-License-Identifier: MIT */
/* Stands in for the compiler's own header: hvmloader is built with -nostdinc. */
#ifndef FREESTANDING_STDBOOL_H
#define FREESTANDING_STDBOOL_H

#define bool  _Bool
#define true  1
#define false 0

#endif
