/* SPDX-License-Identifier: MIT */
/*
 * model.h - a layout as an array with one element for each page.
 *
 * Too simple to be wrong in the way the algebra could be.  The unit tests, the
 * fuzzers and the property tests all judge the algebra by it.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "layout.h"

#define MODEL_PAGES 48
#define MODEL_ROOM  64      /* more ranges than MODEL_PAGES pages can make */

struct model {
    struct {
        uint64_t source;
        uint32_t aux;
        uint16_t type, flags;
    } page[MODEL_PAGES];
};

enum model_op { MODEL_SET, MODEL_CLEAR, MODEL_MOVE };

/*
 * Do @op, on [r->gfn, r->gfn + r->pages) and for a move to @to, to both.  All of
 * it lies inside the model's pages.  Returns NULL, or what is wrong: that the
 * call succeeded where it must not, failed where it must not, changed something
 * though it failed, or left something else than the model has.  *@done: the call
 * succeeded.
 */
const char *model_step(struct memmap_layout *l, struct model *m,
                       enum model_op op, const struct memmap_range *r,
                       uint64_t to, bool *done);

/* Ask @l all there is to ask about [gfn, gfn + pages); returns as above. */
const char *model_ask(const struct memmap_layout *l, const struct model *m,
                      unsigned int type, uint64_t gfn, uint64_t pages);

/* Sorted, disjoint, no range empty, no two that should be one? */
const char *layout_flaw(const struct memmap_layout *l);

#endif /* TESTS_MODEL_H */
