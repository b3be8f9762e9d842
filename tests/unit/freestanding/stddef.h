/* SPDX-License-Identifier: MIT */
/* Stands in for the compiler's own header: hvmloader is built with -nostdinc. */
#ifndef FREESTANDING_STDDEF_H
#define FREESTANDING_STDDEF_H

typedef __SIZE_TYPE__ size_t;
#define NULL ((void *)0)

#endif
