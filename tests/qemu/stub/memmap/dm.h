/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The series puts protocol/ here. */
#include <dm.h>
