/* SPDX-License-Identifier: MIT */
/* All of them, and the made-up folder that stands for a guest's. */
#include "test.h"

#include <sys/stat.h>       /* mkdir */

static char root[] = "/tmp/memmap-guest-XXXXXX";
struct outcome o;
static unsigned int nr;

void root_setup(void)
{
    strcpy(root, "/tmp/memmap-guest-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    fs_root = root;
    nr = 0;
}

void root_teardown(void)
{
    char command[100];

    snprintf(command, sizeof(command), "rm -rf %s", root);
    ck_assert_int_eq(system(command), 0);
    fs_root = "";
}

void root_file(const char *path, const char *text)
{
    char full[400];
    FILE *f;

    snprintf(full, sizeof(full), "%s%s", root, path);
    for (char *s = full + strlen(root) + 1; (s = strchr(s, '/')); s++) {
        *s = '\0';
        mkdir(full, 0755);
        *s = '/';
    }
    f = fopen(full, "w");
    ck_assert_ptr_nonnull(f);
    fprintf(f, "%s\n", text);
    fclose(f);
}

void root_e820(uint64_t start, uint64_t end, const char *type)
{
    char path[100], text[40];

    snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/start", nr);
    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)start);
    root_file(path, text);
    snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/end", nr);
    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)end - 1);
    root_file(path, text);
    snprintf(path, sizeof(path), "/sys/firmware/memmap/%u/type", nr);
    root_file(path, type);
    nr++;
}

void root_device(const char *bdf, const char *class, const char *resource)
{
    char path[100];

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/class", bdf);
    root_file(path, class);
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vendor", bdf);
    root_file(path, "0x1b36");
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", bdf);
    root_file(path, resource);
}

enum result run_check(const struct check *check, const char *params)
{
    static struct params p;
    static char text[200];

    snprintf(text, sizeof(text), "%s", params);
    params_parse(&p, text);
    memset(&o, 0, sizeof(o));
    if (p.bad[0]) {
        outcome(&o, ERROR, "%s", p.bad);
    } else {
        check->run(&p, &o);
    }
    return o.result;
}

int main(void)
{
    Suite *s = suite_create("guest");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, e820_tests());
    suite_add_tcase(s, dma_tests());
    suite_add_tcase(s, pci_tests());
    suite_add_tcase(s, memory_tests());
    suite_add_tcase(s, nvmeq_tests());
    suite_add_tcase(s, disk_tests());
    suite_add_tcase(s, ram_tests());
    suite_add_tcase(s, smbios_tests());
    suite_add_tcase(s, life_tests());
    suite_add_tcase(s, watchdog_tests());
    suite_add_tcase(s, plug_tests());
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
