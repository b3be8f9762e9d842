/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mapcache asks for it and uses nothing of it. */
