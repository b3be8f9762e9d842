/* SPDX-License-Identifier: MIT */
/* What an NVMe controller is told, against one that answers whatever is rung for. */
#include "test.h"

/* The layout of a submission entry (NVM Express 1.4, 4.2), of which nvmeq.c says no more. */
struct entry {
    uint32_t cdw0, nsid;
    uint64_t reserved, mptr, prp1, prp2;
    uint32_t cdw10[6];
};

struct completion {
    uint32_t dw0, reserved;
    uint16_t sq_head, sq_id, cid, status;
};

static uint32_t regs[0x1100 / 4];
static struct entry sq[2][64];
static struct completion cq[2][256];
static uint64_t listed[512];
static struct nvmeq q;
static const struct nvme_page list = { listed, 0x777000 };

/* Answers for everything to come: phases as they will be, command identifiers from 1 on. */
static void setup(void)
{
    memset(regs, 0, sizeof(regs));
    memset(&q, 0, sizeof(q));
    memset(sq, 0, sizeof(sq));
    memset(cq, 0, sizeof(cq));
    q.regs = regs;
    q.admin = (struct nvme_ring){ .phase = 1, .sq = (void *)sq[0], .cq = (void *)cq[0] };
    q.io = (struct nvme_ring){ .id = 1, .phase = 1, .sq = (void *)sq[1], .cq = (void *)cq[1] };
}

static void answer(unsigned int ring, unsigned int at, uint16_t cid, uint16_t status)
{
    cq[ring][at] = (struct completion){ .cid = cid, .status = status };
}

START_TEST(test_blocks)
{
    const uint64_t at[] = { 0x100000000, 0x13efff000, 0x8000000, 0xbefff000 };

    answer(1, 0, 1, 1);
    answer(1, 1, 2, 1);
    answer(1, 2, 3, 1);
    ck_assert_msg(nvmeq_blocks(&q, true, at, 4, 0x123456789ab, 8, &list), "%s", q.trouble);
    ck_assert_uint_eq(sq[1][0].cdw0, 0x10001);
    ck_assert_uint_eq(sq[1][0].nsid, 1);
    ck_assert_uint_eq(sq[1][0].prp1, at[0]);
    ck_assert_uint_eq(sq[1][0].prp2, list.address);
    ck_assert_int_eq(memcmp(listed, &at[1], 3 * sizeof(*at)), 0);
    ck_assert_uint_eq(listed[3], 0);
    ck_assert_uint_eq(sq[1][0].cdw10[0], 0x456789ab);
    ck_assert_uint_eq(sq[1][0].cdw10[1], 0x123);
    ck_assert_uint_eq(sq[1][0].cdw10[2], 31);
    /* Doorbells: the submission queue's tail, the completion queue's head. */
    ck_assert_uint_eq(regs[0x1008 / 4], 1);
    ck_assert_uint_eq(regs[0x100c / 4], 1);

    ck_assert(nvmeq_blocks(&q, false, at, 2, 16, 1, &list));
    ck_assert_uint_eq(sq[1][1].cdw0, 0x20002);
    ck_assert_uint_eq(sq[1][1].prp2, at[1]);
    ck_assert_uint_eq(sq[1][1].cdw10[2], 1);
    ck_assert(nvmeq_blocks(&q, false, at, 1, 16, 8, &list));
    ck_assert_uint_eq(sq[1][2].prp2, 0);
    ck_assert_uint_eq(sq[1][2].cdw10[2], 7);
    ck_assert_uint_eq(regs[0x1008 / 4], 3);
}
END_TEST

START_TEST(test_refused)
{
    const uint64_t at = 0x100000000;

    /* Data Transfer Error, "do not retry"; and somebody else's completion. */
    answer(1, 0, 1, 0x4004 << 1 | 1);
    ck_assert(!nvmeq_blocks(&q, true, &at, 1, 0, 8, &list));
    ck_assert_str_eq(q.trouble, "command 0x1 with PRP 0x100000000: status 0x4004");
    answer(1, 1, 7, 1);
    ck_assert(!nvmeq_blocks(&q, true, &at, 1, 0, 8, &list));
    ck_assert_str_eq(q.trouble, "completion of command 7, not 2");
}
END_TEST

/* The queues have 16 entries; the second time round the phase is the other. */
START_TEST(test_wraps)
{
    const uint64_t at = 0x100000000;

    for (unsigned int i = 0; i < 40; i++) {
        answer(1, i % 16, (uint16_t)(i + 1), i / 16 % 2 ? 0 : 1);
        ck_assert_msg(nvmeq_blocks(&q, true, &at, 1, i, 8, &list), "%u: %s", i, q.trouble);
        ck_assert_uint_eq(sq[1][i % 16].cdw10[0], i);
        ck_assert_uint_eq(regs[0x1008 / 4], (i + 1) % 16);
        ck_assert_uint_eq(regs[0x100c / 4], (i + 1) % 16);
    }
}
END_TEST

START_TEST(test_queues)
{
    static uint64_t two[2][512] = { { 1, 2 }, { 3, 4 } };
    const struct nvme_page pages[] = { { two[0], 0x13eff0000 }, { two[1], 0x13eff1000 } };

    answer(0, 0, 1, 1);
    answer(0, 1, 2, 1);
    ck_assert_msg(nvmeq_start_io(&q, &pages[0], &pages[1]), "%s", q.trouble);
    /* First the one for completions, which the other names. */
    ck_assert_uint_eq(sq[0][0].cdw0 & 0xff, 5);
    ck_assert_uint_eq(sq[0][0].prp1, 0x13eff1000);
    ck_assert_uint_eq(sq[0][0].cdw10[0], 0xf0001);
    ck_assert_uint_eq(sq[0][0].cdw10[1], 1);
    ck_assert_uint_eq(sq[0][1].cdw0 & 0xff, 1);
    ck_assert_uint_eq(sq[0][1].prp1, 0x13eff0000);
    ck_assert_uint_eq(sq[0][1].cdw10[0], 0xf0001);
    ck_assert_uint_eq(sq[0][1].cdw10[1], 0x10001);
    ck_assert_ptr_eq(q.io.sq, two[0]);
    ck_assert_uint_eq(two[0][0] | two[0][1] | two[1][0] | two[1][1], 0);
    ck_assert_uint_eq(regs[0x1000 / 4], 2);
}
END_TEST

TCase *nvmeq_tests(void)
{
    TCase *t = tcase_create("nvmeq");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, test_blocks);
    tcase_add_test(t, test_refused);
    tcase_add_test(t, test_wraps);
    tcase_add_test(t, test_queues);
    return t;
}
