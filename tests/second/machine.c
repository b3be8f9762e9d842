/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *buffer(struct machine *m)
{
    return m->ram + (MACHINE_BUF_GFN << 12);
}

/* What the device model asks of it. */

static bool op_read(void *opaque, uint64_t addr, void *dst, uint32_t bytes)
{
    struct machine *m = opaque;

    if ( m->fail_read || addr + bytes > sizeof(m->ram) )
        return false;
    memcpy(dst, m->ram + addr, bytes);
    return true;
}

static bool op_write(void *opaque, uint64_t addr, const void *src, uint32_t bytes)
{
    struct machine *m = opaque;

    if ( m->fail_write || addr + bytes > sizeof(m->ram) )
        return false;
    memcpy(m->ram + addr, src, bytes);
    return true;
}

static unsigned int op_check(void *opaque, unsigned int cmd,
                             const struct memmap_record *r, uint16_t *index)
{
    struct machine *m = opaque;

    (void)cmd;
    (void)r;
    *index = m->check_index;
    return m->check_err;
}

static unsigned int op_apply(void *opaque, const struct memmap_record *r,
                             uint16_t *index)
{
    struct machine *m = opaque;

    *index = m->apply_index;
    if ( m->apply_err )
        return m->apply_err;
    memmap_layout_copy(&m->force.layout, &r->layout);
    m->force.flags = r->flags;
    m->force.gfn_limit = r->gfn_limit;
    return MEMMAP_OK;
}

static bool op_constraints(void *opaque, struct memmap_layout *l)
{
    struct machine *m = opaque;
    unsigned int i;

    if ( MEMMAP_OFFER_FEATURES(m->dm.accepted) & MEMMAP_FEAT_RDM )
        for ( i = 0; i < m->nr_want; i++ )
            if ( !memmap_layout_set(l, &m->want[i]) )
                return false;
    /* Whatever a device needs, what is owned is owned. */
    for ( i = 0; i < m->nr_own; i++ )
        if ( !memmap_layout_set(l, &m->own[i]) )
            return false;

    return !m->fail_own;
}

static const struct memmap_dm_ops ops = {
    .read = op_read,
    .write = op_write,
    .check = op_check,
    .apply = op_apply,
    .constraints = op_constraints,
};

/* Steps. */

static const char *flaw(struct machine *m, const char *what, const char *of)
{
    snprintf(m->text, sizeof(m->text), "%s: %.80s", what, of);
    return m->flaw = m->text;
}

static uint64_t number(struct machine *m, const char *text)
{
    char *end;
    uint64_t val = text ? strtoull(text, &end, 0) : 0;

    if ( !text || end == text || *end )
        flaw(m, "no number", text ? text : "");
    return val;
}

static uint32_t next(struct machine *m)
{
    return number(m, strtok(NULL, " \n"));
}

/* GFN+PAGES[:AUX],... */
static unsigned int ranges(struct machine *m, struct memmap_range *r, char *text,
                           unsigned int type)
{
    unsigned int nr = 0;

    while ( *text && nr < MACHINE_RANGES )
    {
        struct memmap_range e = { .source = MEMMAP_NO_SOURCE, .type = type };
        char *end;

        e.gfn = strtoull(text, &end, 0);
        if ( *end == '+' )
            e.pages = strtoull(end + 1, &end, 0);
        if ( *end == ':' )
            e.aux = strtoul(end + 1, &end, 0);
        if ( !e.pages || (*end && *end != ',') )
            flaw(m, "no range", text);
        r[nr++] = e;
        text = end + (*end == ',');
    }
    return nr;
}

static void fresh(struct machine *m)
{
    m->dm = (struct memmap_dm){
        .ops = &ops, .opaque = m, .ram_pages = 131040, .gfn_limit = 0x1000000,
        .features = MEMMAP_FEAT_PUBLISH | MEMMAP_FEAT_RDM,
    };
    m->own[0] = (struct memmap_range){ 0x140000, 0x1000, MEMMAP_NO_SOURCE,
                                       MEMMAP_TYPE_OWNED, 0, 0 };
    m->nr_own = 1;
    m->nr_want = 0;
    m->check_err = m->apply_err = 0;
    m->fail_own = m->fail_read = m->fail_write = false;
    m->force.kind = MEMMAP_KIND_LAYOUT;
    memmap_layout_init(&m->force.layout, m->range, MEMMAP_MAX_ENTRIES);
}

static void machine(struct machine *m)
{
    uint32_t generation = 0;
    char *key;

    fresh(m);
    while ( (key = strtok(NULL, " \n")) )
    {
        char *val = strchr(key, '=');

        if ( !val )
        {
            flaw(m, "no value", key);
            return;
        }
        *val++ = '\0';
        if ( !strcmp(key, "built") )
            m->dm.ram_pages = number(m, val);
        else if ( !strcmp(key, "limit") )
            m->dm.gfn_limit = number(m, val);
        else if ( !strcmp(key, "offer") )
            m->dm.features = number(m, val);
        else if ( !strcmp(key, "generation") )
            generation = number(m, val);
        else if ( !strcmp(key, "own") )
            m->nr_own = ranges(m, m->own, val, MEMMAP_TYPE_OWNED);
        else if ( !strcmp(key, "want") )
            m->nr_want = ranges(m, m->want, val, MEMMAP_TYPE_RDM);
        else
            flaw(m, "no such key", key);
    }
    memmap_dm_reset(&m->dm);
    m->dm.generation = generation;
    memset(m->ram, 0, sizeof(m->ram));
}

/* The bytes of NAME.hex, or of hexadecimal digits; how many. */
static uint32_t load(struct machine *m, const char *name, uint8_t *bytes)
{
    char path[4096], line[512];
    uint32_t nr = 0;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s.hex", m->vectors, name ? name : "");
    f = fopen(path, "r");
    if ( !f )
    {
        flaw(m, "no such vector", name ? name : "");
        return 0;
    }
    while ( fgets(line, sizeof(line), f) )
    {
        char *at = line, *end;

        while ( *line != '#' && nr < MEMMAP_BUFFER_BYTES )
        {
            bytes[nr] = strtoul(at, &end, 16);
            if ( end == at )
                break;
            at = end;
            nr++;
        }
    }
    fclose(f);
    return nr;
}

static void put(struct machine *m)
{
    memset(buffer(m), 0, MEMMAP_BUFFER_BYTES);
    load(m, strtok(NULL, " \n"), buffer(m));
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The same, without a file. */
static void bytes(struct machine *m)
{
    const char *at = strtok(NULL, " \n");
    uint8_t *p = buffer(m), *end = p + MEMMAP_BUFFER_BYTES;

    for ( ; at && p < end && digit(at[0]) >= 0 && digit(at[1]) >= 0; at += 2 )
        *p++ = digit(at[0]) << 4 | digit(at[1]);
    memset(p, 0, end - p);
}

static void holds(struct machine *m)
{
    static uint8_t want[MEMMAP_BUFFER_BYTES];
    const char *name = strtok(NULL, " \n");

    m->held = load(m, name, want);
    if ( memcmp(want, buffer(m), m->held) )
        flaw(m, "the buffer is not", name);
}

static void fill(struct machine *m)
{
    memset(buffer(m), next(m), MEMMAP_BUFFER_BYTES);
}

static void rest(struct machine *m)
{
    const uint8_t val = next(m);

    for ( uint32_t i = m->held; i < MEMMAP_BUFFER_BYTES; i++ )
        if ( buffer(m)[i] != val )
        {
            flaw(m, "written behind the record", "");
            return;
        }
}

static void read_register(struct machine *m)
{
    const uint32_t val = memmap_dm_read(&m->dm, next(m));
    const char *text = strtok(NULL, " \n");
    char is[16];

    if ( !text )
        fprintf(m->out, "%08x\n", val);
    else if ( number(m, text) != val )
    {
        snprintf(is, sizeof(is), "%#010x", val);
        flaw(m, "the register reads", is);
    }
}

static void write_register(struct machine *m)
{
    const uint32_t reg = next(m);

    memmap_dm_write(&m->dm, reg, next(m));
}

static void dump(struct machine *m)
{
    const uint32_t nr = next(m);

    for ( uint32_t i = 0; i < nr && i < MEMMAP_BUFFER_BYTES; i++ )
        fprintf(m->out, "%02x", buffer(m)[i]);
    fputc('\n', m->out);
}

/* What a reader of @kind makes of the buffer. */
static void parse(struct machine *m)
{
    struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    struct memmap_record r;
    uint16_t index;
    unsigned int err;

    memmap_layout_init(&r.layout, storage, MEMMAP_MAX_ENTRIES);
    err = memmap_unpack(&r, next(m), buffer(m), MEMMAP_BUFFER_BYTES, &index);
    fprintf(m->out, "%u %u\n", err, index);
}

static void fault(struct machine *m)
{
    const char *what = strtok(NULL, " \n");

    if ( !what )
        flaw(m, "fault of what", "");
    else if ( !strcmp(what, "check") )
    {
        m->check_err = next(m);
        m->check_index = next(m);
    }
    else if ( !strcmp(what, "apply") )
    {
        m->apply_err = next(m);
        m->apply_index = next(m);
    }
    else if ( !strcmp(what, "own") )
        m->fail_own = true;
    else if ( !strcmp(what, "read") )
        m->fail_read = true;
    else if ( !strcmp(what, "write") )
        m->fail_write = true;
    else if ( !strcmp(what, "none") )
    {
        m->check_err = m->apply_err = 0;
        m->fail_own = m->fail_read = m->fail_write = false;
    }
    else
        flaw(m, "no such fault", what);
}

/* As QEMU does it: the layout as a record, checked when it arrives. */
static void restore(struct machine *m)
{
    static uint8_t stream[MEMMAP_BUFFER_BYTES];
    struct memmap_dm old = m->dm;
    struct memmap_record r;
    uint16_t index;
    uint32_t len;

    m->force.generation = old.generation;
    len = old.generation && m->force.layout.nr
          ? memmap_pack(&m->force, stream, sizeof(stream)) : 0;
    memmap_dm_reset(&m->dm);
    memmap_layout_init(&r.layout, m->dm.range, MEMMAP_MAX_ENTRIES);
    if ( len && (memmap_unpack(&r, MEMMAP_KIND_LAYOUT, stream, len, &index) ||
                 memmap_dm_validate(&m->dm, &r, &index)) )
        flaw(m, "the layout does not arrive", "");
    m->dm.state = old.state;
    m->dm.error = old.error;
    m->dm.index = old.index;
    m->dm.accepted = old.accepted;
    m->dm.generation = old.generation;
}

void machine_init(struct machine *m, const char *vectors, FILE *out)
{
    memset(m, 0, sizeof(*m));
    m->vectors = vectors;
    m->out = out;
    fresh(m);
    memmap_dm_reset(&m->dm);
}

const char *machine_step(struct machine *m, char *line)
{
    static const struct { const char *name; void (*step)(struct machine *m); } steps[] = {
        { "write", write_register }, { "read", read_register }, { "bytes", bytes },
        { "machine", machine }, { "put", put }, { "fill", fill },
        { "holds", holds }, { "rest", rest }, { "dump", dump }, { "parse", parse },
        { "fault", fault }, { "restore", restore },
    };
    const char *name;

    m->flaw = NULL;
    if ( *line == '#' || !(name = strtok(line, " \n")) )
        return NULL;
    for ( unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++ )
        if ( !strcmp(name, steps[i].name) )
        {
            steps[i].step(m);
            return m->flaw;
        }
    return flaw(m, "no such step", name);
}
