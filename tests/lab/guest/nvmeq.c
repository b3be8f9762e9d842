/* SPDX-License-Identifier: MIT */
/*
 * An NVMe controller's queues, from user space: just enough to have the controller move data on
 * command, wherever in the guest's address space. Linux' driver is kept off it (driver_override).
 *
 * Names and numbers are those of the NVM Express Base Specification 1.4: registers in 3.1, the
 * submission entry in 4.2, lists of pages in 4.3, the completion entry in 4.6, queues in 5.3 and 5.4,
 * Identify in 5.15, Timestamp in 5.21.1.14, Read and Write in 6.9 and 6.15.
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
#define PATIENCE  20            /* seconds */

#define ADMIN_CREATE_SQ    0x01
#define ADMIN_CREATE_CQ    0x05
#define ADMIN_IDENTIFY     0x06
#define ADMIN_SET_FEATURES 0x09
#define ADMIN_GET_FEATURES 0x0a
#define FEATURE_TIMESTAMP  0x0e
#define CNS_CONTROLLER     0x01
#define IO_WRITE           0x01
#define IO_READ            0x02
#define CONTIGUOUS         1u

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

static void microseconds(unsigned int us)
{
    struct timespec t = { us / 1000000, us % 1000000 * 1000l };

    nanosleep(&t, NULL);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
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
        microseconds(2000);
    }
    return false;
}

void nvmeq_stop(struct nvmeq *q)
{
    put(q, REG_CC, 0);
    wait_ready(q, 0);
}

static void ring_init(struct nvme_ring *r, unsigned int id, const struct nvme_page *sq,
                      const struct nvme_page *cq)
{
    memset(sq->p, 0, PAGE_SIZE);
    memset(cq->p, 0, PAGE_SIZE);
    *r = (struct nvme_ring){ .id = id, .phase = 1, .sq = sq->p, .cq = cq->p,
                             .sq_phys = sq->address, .cq_phys = cq->address };
}

bool nvmeq_start(struct nvmeq *q, volatile void *regs)
{
    struct nvme_page sq = { 0 }, cq = { 0 };

    memset(q, 0, sizeof(*q));
    q->regs = regs;
    sq.p = physmem_page(&sq.address);
    cq.p = physmem_page(&cq.address);
    q->data = physmem_page(&q->data_phys);
    if (!sq.p || !cq.p || !q->data) {
        snprintf(q->trouble, sizeof(q->trouble), "no locked pages for the queues");
        return false;
    }
    ring_init(&q->admin, 0, &sq, &cq);

    nvmeq_stop(q);
    put(q, REG_INTMS, ~0u);         /* completions are polled */
    put(q, REG_AQA, (ENTRIES - 1) << 16 | (ENTRIES - 1));
    put64(q, REG_ASQ, sq.address);
    put64(q, REG_ACQ, cq.address);
    put(q, REG_CC, CC_EN | CC_IOSQES | CC_IOCQES);
    if (!wait_ready(q, CSTS_RDY)) {
        snprintf(q->trouble, sizeof(q->trouble), "the controller does not become ready, "
                 "CSTS 0x%x", get(q, REG_CSTS));
        return false;
    }
    return true;
}

/* Have R's next entry, which is *E, done. */
static bool submit(struct nvmeq *q, struct nvme_ring *r, const struct nvme_sqe *e)
{
    unsigned int opcode = e->cdw0;
    uint16_t cid = (uint16_t)++q->cid;
    double until = now() + PATIENCE;

    r->sq[r->tail] = *e;
    r->sq[r->tail].cdw0 |= (uint32_t)cid << 16;
    r->tail = (r->tail + 1) % ENTRIES;
    __sync_synchronize();
    put(q, DOORBELLS + 8 * r->id, r->tail);

    for (bool late = false; ; ) {
        volatile struct nvme_cqe *c = &r->cq[r->head];
        uint16_t status = c->status;

        if ((status & 1) != r->phase) {
            if (late) {
                break;
            }
            microseconds(200);
            late = now() > until;       /* then it is looked at once more */
            continue;
        }
        __sync_synchronize();
        if (c->cid != cid) {
            snprintf(q->trouble, sizeof(q->trouble), "completion of command %u, not %u", c->cid,
                     cid);
            return false;
        }
        if (++r->head == ENTRIES) {
            r->head = 0;
            r->phase ^= 1;
        }
        put(q, DOORBELLS + 8 * r->id + 4, r->head);
        if (status >> 1) {
            snprintf(q->trouble, sizeof(q->trouble), "command 0x%x with PRP 0x%llx: status 0x%x",
                     opcode, (unsigned long long)e->prp1, status >> 1);
            return false;
        }
        return true;
    }
    snprintf(q->trouble, sizeof(q->trouble), "command 0x%x with PRP 0x%llx never completed "
             "(queues at 0x%llx and 0x%llx)", opcode, (unsigned long long)e->prp1,
             (unsigned long long)r->sq_phys, (unsigned long long)r->cq_phys);
    return false;
}

static bool command(struct nvmeq *q, uint8_t opcode, uint32_t cdw10, uint64_t prp)
{
    return submit(q, &q->admin, &(struct nvme_sqe){ .cdw0 = opcode, .prp1 = prp,
                                                    .cdw10 = { cdw10 } });
}

bool nvmeq_start_io(struct nvmeq *q, const struct nvme_page *sq, const struct nvme_page *cq)
{
    const uint32_t id = 1, size = (ENTRIES - 1) << 16 | id;

    ring_init(&q->io, id, sq, cq);
    return submit(q, &q->admin, &(struct nvme_sqe){
                      .cdw0 = ADMIN_CREATE_CQ, .prp1 = cq->address,
                      .cdw10 = { size, CONTIGUOUS } }) &&
           submit(q, &q->admin, &(struct nvme_sqe){
                      .cdw0 = ADMIN_CREATE_SQ, .prp1 = sq->address,
                      .cdw10 = { size, id << 16 | CONTIGUOUS } });
}

bool nvmeq_blocks(struct nvmeq *q, bool to_disk, const uint64_t *at, unsigned int nr, uint64_t lba,
                  unsigned int lbas, const struct nvme_page *list)
{
    struct nvme_sqe e = {
        .cdw0 = to_disk ? IO_WRITE : IO_READ, .nsid = 1, .prp1 = at[0],
        .cdw10 = { (uint32_t)lba, (uint32_t)(lba >> 32), nr * lbas - 1 },
    };

    if (nr == 2) {
        e.prp2 = at[1];
    } else if (nr > 2) {
        memcpy(list->p, &at[1], (nr - 1) * sizeof(*at));
        e.prp2 = list->address;
    }
    return submit(q, &q->io, &e);
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
