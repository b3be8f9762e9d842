/* SPDX-License-Identifier: MIT */
/*
 * The committed test vectors.
 *
 * Someone else's implementation was tested against the files under tests/vectors
 * and the table in PROTOCOL.md.  So the code must make those bytes and no others,
 * and must answer each as the table says: a difference is a change of the
 * protocol, to be made on purpose (`make vectors`), never by accident.
 */
#include "suites.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "../second/machine.h"
#include "../vectors/vectors.h"

/* Where tests/ is: the tests run from build/. */
static const char *source(void)
{
    const char *path = getenv("TESTS_SRC");

    return path ? path : "tests";
}

static char *slurp(const char *path)
{
    static char text[1 << 20];
    FILE *f = fopen(path, "r");
    size_t len;

    if ( !f )
        return NULL;
    len = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[len] = '\0';
    return text;
}

static uint32_t parse_hex(const char *text, uint8_t *buf)
{
    uint32_t len = 0;

    while ( *text )
    {
        char *end;
        unsigned long val;

        if ( *text == '#' )
        {
            text = strchr(text, '\n');
            ck_assert_ptr_nonnull(text);
            text++;
            continue;
        }
        val = strtoul(text, &end, 16);
        REQUIRE(end == text + 2 && val < 256 && len < MEMMAP_BUFFER_BYTES);
        REQUIRE(*end == ' ' || *end == '\n');
        buf[len++] = val;
        text = end + 1;
    }
    return len;
}

START_TEST(committed_vector)
{
    const struct vector *v = &vectors[_i];
    static uint8_t file[MEMMAP_BUFFER_BYTES], made[MEMMAP_BUFFER_BYTES];
    uint32_t len = vector_make(v, made), status;
    char path[4096], *text;

    snprintf(path, sizeof(path), "%s/vectors/%s.hex", source(), v->name);
    text = slurp(path);
    ck_assert_msg(text != NULL, "%s is missing: make vectors", path);
    ck_assert_msg(parse_hex(text, file) == len && !memcmp(file, made, len),
                  "%s is not what the code makes; if the protocol was to "
                  "change: make vectors", v->name);

    status = vector_try(v, file, len);
    ck_assert_msg(status == v->status, "%s: status %#x, not %#x", v->name,
                  status, v->status);
    if ( v->cmd == MEMMAP_CMD_QUERY )
        ck_assert_mem_eq(file, made, len);
}
END_TEST

/* Comments and all, each file is what `make vectors` would write. */
START_TEST(files_are_fresh)
{
    char path[4096], *want, *text;
    size_t size;
    FILE *f;

    for ( unsigned int i = 0; i <= nr_vectors; i++ )
    {
        snprintf(path, sizeof(path), "%s/vectors/%s", source(),
                 i < nr_vectors ? vectors[i].name : "table.md");
        if ( i < nr_vectors )
            strcat(path, ".hex");
        f = open_memstream(&want, &size);
        if ( i < nr_vectors )
            vector_print(f, &vectors[i]);
        else
            vector_table(f);
        fclose(f);
        text = slurp(path);
        ck_assert_msg(text && !strcmp(text, want), "%s: make vectors", path);
        free(want);
    }
}
END_TEST

/* A file that the code does not make any more is nobody's vector. */
START_TEST(no_other_files)
{
    char path[4096];
    struct dirent *e;
    unsigned int seen = 0;
    DIR *dir;

    snprintf(path, sizeof(path), "%s/vectors", source());
    dir = opendir(path);
    ck_assert_msg(dir != NULL, "%s is missing", path);
    while ( (e = readdir(dir)) )
    {
        const char *dot = strrchr(e->d_name, '.');
        unsigned int i;

        if ( !dot || strcmp(dot, ".hex") )
            continue;
        for ( i = 0; i < nr_vectors; i++ )
            if ( strlen(vectors[i].name) == (size_t)(dot - e->d_name) &&
                 !strncmp(vectors[i].name, e->d_name, dot - e->d_name) )
                break;
        ck_assert_msg(i < nr_vectors, "%s/%s is no vector", path, e->d_name);
        seen++;
    }
    closedir(dir);
    ck_assert_uint_eq(seen, nr_vectors);
}
END_TEST

/* Commands and what they are answered, step by step. */
static void run_sequence(const char *folder, const char *name)
{
    static struct machine m;
    unsigned int number = 0;
    char path[8192], line[256];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    machine_init(&m, folder, stdout);
    while ( fgets(line, sizeof(line), f) )
    {
        const char *flaw;

        number++;
        flaw = machine_step(&m, line);
        ck_assert_msg(!flaw, "%s:%u: %s", name, number, flaw);
    }
    fclose(f);
}

START_TEST(sequences)
{
    char folder[4096];
    struct dirent *e;
    unsigned int seen = 0;
    DIR *dir;

    snprintf(folder, sizeof(folder), "%s/vectors", source());
    dir = opendir(folder);
    ck_assert_msg(dir != NULL, "%s is missing", folder);
    while ( (e = readdir(dir)) )
    {
        const char *dot = strrchr(e->d_name, '.');

        if ( !dot || strcmp(dot, ".seq") )
            continue;
        run_sequence(folder, e->d_name);
        seen++;
    }
    closedir(dir);
    ck_assert_uint_gt(seen, 0);
}
END_TEST

/* Firmware understands answers to QUERY, and takes no other record for one. */
START_TEST(answers_to_query)
{
    struct memmap_range storage[MEMMAP_MAX_ENTRIES];
    static uint8_t bytes[MEMMAP_BUFFER_BYTES];

    for ( unsigned int i = 0; i < nr_vectors; i++ )
    {
        const uint32_t len = vector_make(&vectors[i], bytes);
        struct memmap_record r;
        uint16_t index;
        unsigned int any, err;

        if ( vectors[i].answer )
            continue;           /* committed_vector reads them as firmware does */
        memmap_layout_init(&r.layout, storage, NELEM(storage));
        any = memmap_unpack(&r, MEMMAP_KIND_ANY, bytes, len, &index);
        if ( !any && r.kind == MEMMAP_KIND_LAYOUT )
            any = MEMMAP_E_KIND;
        err = memmap_unpack(&r, MEMMAP_KIND_CONSTRAINTS, bytes, len, &index);
        ck_assert_msg(vectors[i].cmd == MEMMAP_CMD_QUERY ? !err : !err == !any,
                      "%s: %s", vectors[i].name, memmap_strerror(err));
    }
}
END_TEST

START_TEST(table_in_the_specification)
{
    char path[4096], *want, *text, *begin, *end;
    size_t size;
    FILE *f;

    snprintf(path, sizeof(path), "%s/../PROTOCOL.md", source());
    text = slurp(path);
    ck_assert_msg(text != NULL, "%s is missing", path);
    begin = strstr(text, VECTORS_BEGIN);
    ck_assert_msg(begin != NULL, "%s: the table of vectors has no beginning",
                  path);
    ck_assert_msg(!strstr(begin + 1, VECTORS_BEGIN), "%s: two tables", path);
    end = strstr(begin, VECTORS_END);
    ck_assert_msg(end != NULL, "%s: the table of vectors has no end", path);
    f = open_memstream(&want, &size);
    fputs(VECTORS_BEGIN "\n", f);
    vector_table(f);
    fputc('\n', f);
    fclose(f);
    ck_assert_msg(size == (size_t)(end - begin) && !memcmp(begin, want, size),
                  "PROTOCOL.md: the table of vectors is old: make vectors");
    free(want);
}
END_TEST

/* Each error that a record can earn has its vector. */
START_TEST(every_error_has_a_vector)
{
    for ( unsigned int err = MEMMAP_E_MAGIC; err <= MEMMAP_E_RDM; err++ )
    {
        bool seen = err == MEMMAP_E_BUSY || err == MEMMAP_E_APPLY ||
                    err == MEMMAP_E_RDM;

        for ( unsigned int i = 0; i < nr_vectors; i++ )
            seen |= MEMMAP_STATUS_ERROR(vectors[i].status) == err;
        ck_assert_msg(seen, "no vector for \"%s\"", memmap_strerror(err));
    }
}
END_TEST

Suite *vectors_suite(void)
{
    Suite *s = suite_create("vectors");
    TCase *tc = tcase_create("committed");

    tcase_add_loop_test(tc, committed_vector, 0, nr_vectors);
    tcase_add_test(tc, files_are_fresh);
    tcase_add_test(tc, no_other_files);
    tcase_add_test(tc, sequences);
    tcase_add_test(tc, answers_to_query);
    tcase_add_test(tc, table_in_the_specification);
    tcase_add_test(tc, every_error_has_a_vector);
    suite_add_tcase(s, tc);
    return s;
}
