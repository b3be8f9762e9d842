/* SPDX-License-Identifier: MIT */
/*
 * Stands in for the compiler's own header: hvmloader is built with -nostdinc.
 * Only what protocol/ may use: exact widths, and the one constant macro.
 */
#ifndef FREESTANDING_STDINT_H
#define FREESTANDING_STDINT_H

typedef __UINT8_TYPE__  uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __INT8_TYPE__   int8_t;
typedef __INT16_TYPE__  int16_t;
typedef __INT32_TYPE__  int32_t;
typedef __INT64_TYPE__  int64_t;
typedef __UINTPTR_TYPE__ uintptr_t;

#define UINT32_C(x) x##u
#define UINT64_C(x) x##ull
#define UINT16_MAX  0xffffu
#define UINT32_MAX  0xffffffffu
#define UINT64_MAX  (~UINT64_C(0))

#endif
