/* SPDX-License-Identifier: MIT */
/*
 * An NVMe controller's admin queue, from user space: just enough to have the controller move
 * data on command. Linux' driver is kept off it (driver_override).
 *
 * Names and numbers are those of the NVM Express Base Specification 1.4: registers in 3.1, the
 * submission entry in 4.2, the completion entry in 4.6, Identify in 5.15, Timestamp in 5.21.1.14.
 */
#include "guest.h"

#include <stdio.h>
#include <string.h>
#include <time.h>           /* nanosleep */

#define REG_INTMS 0x0c
#define REG_CC    0x14
#define REG_CSTS  0x1c
#define REG_AQA   0x24
#define REG_ASQ   0x28
#define REG_ACQ   0x30
#define DOORBELLS 0x1000

#define CC_EN     (1u << 0)
#define CC_IOSQES (6u << 16)        /* 2^6 bytes in a submission entry */
#define CC_IOCQES (4u << 20)        /* 2^4 in a completion entry */
#define CSTS_RDY  (1u << 0)
#define CSTS_CFS  (1u << 1)

#define ENTRIES   16

#define ADMIN_IDENTIFY     0x06
#define ADMIN_SET_FEATURES 0x09
#define ADMIN_GET_FEATURES 0x0a
#define FEATURE_TIMESTAMP  0x0e
#define CNS_CONTROLLER     0x01

struct nvme_sqe {
    uint32_t cdw0, nsid;
    uint64_t reserved, mptr, prp1, prp2;
    uint32_t cdw10[6];
};

struct nvme_cqe {
    uint32_t dw0, reserved;
    uint16_t sq_head, sq_id, cid, status;
};

_Static_assert(sizeof(struct nvme_sqe) == 64, "a submission entry is 64 bytes");
_Static_assert(sizeof(struct nvme_cqe) == 16, "a completion entry is 16 bytes");

static uint32_t get(const struct nvmeq *q, unsigned int reg)
{
    return q->regs[reg / 4];
}

static void put(struct nvmeq *q, unsigned int reg, uint32_t v)
{
    q->regs[reg / 4] = v;
}

static void put64(struct nvmeq *q, unsigned int reg, uint64_t v)
{
    put(q, reg, (uint32_t)v);
    put(q, reg + 4, (uint32_t)(v >> 32));
}

static void milliseconds(unsigned int ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000l };

    nanosleep(&t, NULL);
}

static bool wait_ready(const struct nvmeq *q, uint32_t want)
{
    for (unsigned int i = 0; i < 5000; i++) {
        uint32_t csts = get(q, REG_CSTS);

        if (csts & CSTS_CFS) {
            return false;
        }
        if ((csts & CSTS_RDY) == want) {
            return true;
        }
        milliseconds(2);
    }
    return false;
}

void nvmeq_stop(struct nvmeq *q)
{
    put(q, REG_CC, 0);
    wait_ready(q, 0);
}

bool nvmeq_start(struct nvmeq *q, volatile void *regs)
{
    memset(q, 0, sizeof(*q));
    q->regs = regs;
    q->sq = physmem_page(&q->sq_phys);
    q->cq = physmem_page(&q->cq_phys);
    q->data = physmem_page(&q->data_phys);
    q->phase = 1;
    if (!q->sq || !q->cq || !q->data) {
        snprintf(q->trouble, sizeof(q->trouble), "no locked pages for the queues");
        return false;
    }

    nvmeq_stop(q);
    put(q, REG_INTMS, ~0u);         /* completions are polled */
    put(q, REG_AQA, (ENTRIES - 1) << 16 | (ENTRIES - 1));
    put64(q, REG_ASQ, q->sq_phys);
    put64(q, REG_ACQ, q->cq_phys);
    put(q, REG_CC, CC_EN | CC_IOSQES | CC_IOCQES);
    if (!wait_ready(q, CSTS_RDY)) {
        snprintf(q->trouble, sizeof(q->trouble), "the controller does not become ready, "
                 "CSTS 0x%x", get(q, REG_CSTS));
        return false;
    }
    return true;
}

static bool command(struct nvmeq *q, uint8_t opcode, uint32_t cdw10, uint64_t prp)
{
    struct nvme_sqe *e = &q->sq[q->tail];
    uint16_t cid = (uint16_t)++q->cid;

    memset(e, 0, sizeof(*e));
    e->cdw0 = opcode | (uint32_t)cid << 16;
    e->prp1 = prp;
    e->cdw10[0] = cdw10;
    q->tail = (q->tail + 1) % ENTRIES;
    __sync_synchronize();
    put(q, DOORBELLS, q->tail);

    for (unsigned int i = 0; i < 2500; i++) {
        volatile struct nvme_cqe *c = &q->cq[q->head];
        uint16_t status = c->status;

        if ((status & 1) != q->phase) {
            milliseconds(2);
            continue;
        }
        __sync_synchronize();
        if (c->cid != cid) {
            snprintf(q->trouble, sizeof(q->trouble), "completion of command %u, not %u", c->cid,
                     cid);
            return false;
        }
        if (++q->head == ENTRIES) {
            q->head = 0;
            q->phase ^= 1;
        }
        put(q, DOORBELLS + 4, q->head);
        if (status >> 1) {
            snprintf(q->trouble, sizeof(q->trouble), "command 0x%x with PRP 0x%llx: status 0x%x",
                     opcode, (unsigned long long)prp, status >> 1);
            return false;
        }
        return true;
    }
    snprintf(q->trouble, sizeof(q->trouble), "command 0x%x with PRP 0x%llx never completed "
             "(queues at 0x%llx and 0x%llx)", opcode, (unsigned long long)prp,
             (unsigned long long)q->sq_phys, (unsigned long long)q->cq_phys);
    return false;
}

bool nvmeq_identify(struct nvmeq *q, uint64_t prp)
{
    return command(q, ADMIN_IDENTIFY, CNS_CONTROLLER, prp);
}

bool nvmeq_set_timestamp(struct nvmeq *q, uint64_t prp)
{
    return command(q, ADMIN_SET_FEATURES, FEATURE_TIMESTAMP, prp);
}

bool nvmeq_get_timestamp(struct nvmeq *q, uint64_t prp)
{
    return command(q, ADMIN_GET_FEATURES, FEATURE_TIMESTAMP, prp);
}
