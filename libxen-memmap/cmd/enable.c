/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes a guest use hvmloader and QEMU with the series, as packages install them
 * beside the distribution's: two lines of xl.cfg; and whether they would work here.
 */
#include "command.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Versions of Xen that it was made for, and the newest of which a host was run. */
#define OLDEST_MINOR 17
#define NEWEST_MINOR 20

static char *folder = (char *)RUNTIME_DIR;

struct enabling {
    const struct xlcfg *x;
    GPtrArray *lines;       /* to be added to xl.cfg */
    GPtrArray *problems;    /* sentences: why it would not work, and what helps */
    GPtrArray *notes;       /* sentences that are worth knowing */
};

static void G_GNUC_PRINTF(2, 3) say(GPtrArray *where, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_ptr_array_add(where, g_strdup_vprintf(fmt, ap));
    va_end(ap);
}

/* ---- the two files ---- */

static gboolean has(GMappedFile *f, const char *text)
{
    return memmem(g_mapped_file_get_contents(f), g_mapped_file_get_length(f), text,
                  strlen(text)) != NULL;
}

/* Where its ELF header is; NULL: it has none. */
static const unsigned char *elf_header(GMappedFile *f)
{
    const char *s = g_mapped_file_get_contents(f);

    return g_mapped_file_get_length(f) >= sizeof(Elf32_Ehdr) &&
           !memcmp(s, ELFMAG, SELFMAG) ? (const unsigned char *)s : NULL;
}

static gboolean is_firmware(GMappedFile *f)
{
    const unsigned char *s = elf_header(f);
    Elf32_Ehdr header;

    if (!s)
        return FALSE;
    memcpy(&header, s, sizeof(header));
    return s[EI_CLASS] == ELFCLASS32 && header.e_machine == EM_386 &&
           header.e_type == ET_EXEC;
}

/* NULL: it is not there, and that has been said. */
static GMappedFile *open_file(struct enabling *e, const char *path, const char *package)
{
    g_autoptr(GError) error = NULL;
    GMappedFile *f = g_mapped_file_new(path, FALSE, &error);

    if (!f && g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        say(e->problems, "%s is not there: install the package %s, or say by --folder "
            "where hvmloader and qemu-system-i386 with the patches are.", path, package);
    else if (!f)
        say(e->problems, "%s: %s.", path, error->message);
    return f;
}

static void check_hvmloader(struct enabling *e, const char *path)
{
    g_autoptr(GMappedFile) f = open_file(e, path, "xen-memmap-hvmloader");

    if (!f)
        return;
    if (!is_firmware(f))
        say(e->problems, "%s is no hvmloader: that is an ELF program of 32 bits for x86.",
            path);
    else if (!has(f, "memmap: "))
        say(e->problems, "%s is an hvmloader without the patches.", path);
}

static void check_qemu(struct enabling *e, const char *path)
{
    g_autoptr(GMappedFile) f = open_file(e, path, "xen-memmap-qemu");

    if (!f)
        return;
    if (access(path, X_OK))
        say(e->problems, "%s cannot be run: %s.", path, g_strerror(errno));
    /* Of a script nobody knows which QEMU it starts. */
    else if (elf_header(f) && !has(f, "xen-memmap"))
        say(e->problems, "%s is a QEMU without the patches.", path);
}

/* ---- the host ---- */

static long host_number(const char *name)
{
    g_autofree char *path = g_build_filename("/sys/hypervisor/version", name, NULL);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? atol(text) : -1;
}

static void check_version(struct enabling *e)
{
    const long major = host_number("major"), minor = host_number("minor");

    if (major < 0 || minor < 0)
        say(e->notes, "Which version of Xen this is cannot be found out.");
    else if (major < 4 || (major == 4 && minor < OLDEST_MINOR))
        say(e->problems, "Xen %ld.%ld is too old: this is for 4.%d and later.", major,
            minor, OLDEST_MINOR);
    else if (major > 4 || minor > NEWEST_MINOR)
        say(e->notes, "Nobody has tried Xen %ld.%ld yet; 4.%d and 4.%d are known to work.",
            major, minor, OLDEST_MINOR, NEWEST_MINOR);
}

static void check_host(struct enabling *e)
{
    g_autofree char *xl = g_find_program_in_path("xl");
    g_autofree char *text = NULL;

    if (!g_file_get_contents("/proc/xen/capabilities", &text, NULL, NULL) ||
        !strstr(text, "control_d")) {
        say(e->problems, "This is not domain 0 of a host that runs Xen; of an xl.cfg for "
            "another machine, say --no-host.");
        return;
    }
    check_version(e);
    if (!xl && access("/usr/sbin/xl", X_OK))
        say(e->problems, "There is no xl here, and these lines are for it: other "
            "toolstacks have settings of their own for firmware and device model.");
}

/* ---- the guest ---- */

/* The line @key, unless xl.cfg has it; @now is what it has there. */
static void add_line(struct enabling *e, const char *key, const char *now, const char *path)
{
    if (!now)
        say(e->lines, "%s = \"%s\"", key, path);
    else if (!strcmp(now, path))
        say(e->notes, "%s is this one already.", key);
    else
        say(e->problems, "%s = \"%s\" is there, and would be in the way: take it out.", key,
            now);
}

static void check_guest(struct enabling *e)
{
    const struct xlcfg *x = e->x;

    if (!x->hvm) {
        say(e->problems, "This is no HVM guest (type = \"hvm\"): others have neither "
            "hvmloader nor a device model that must be told.");
        return;
    }
    if (x->firmware)
        say(e->problems, "firmware = \"%s\" is what xl would start in place of hvmloader: "
            "take it out; \"seabios\" and \"ovmf\" may stay, they come after it.",
            x->firmware);
    if (x->rombios)
        say(e->problems, "rombios goes with qemu-xen-traditional only: without it, the "
            "guest has SeaBIOS.");
    if (x->traditional)
        say(e->problems, "device_model_version = \"qemu-xen-traditional\" is another "
            "device model: take it out.");
    if (x->stubdom)
        say(e->problems, "device_model_stubdomain_override: in a stub domain xl runs "
            "another QEMU than the one that device_model_override names. Take it out, or "
            "put the patches into the stub domain's QEMU.");
    if (plan_is_off(x))
        say(e->problems, "device_model_args_hvm has xen-memmap.enabled=off: firmware "
            "would have nobody to tell.");
    if (plan_stays(x))
        say(e->notes, "RAM of this guest will stay where it is: %s.", plan_stays(x));
}

/* ---- printing ---- */

static void add_texts(json_object *o, const char *name, const GPtrArray *texts)
{
    json_object *array = member_array(o, name);
    unsigned int i;

    for (i = 0; i < texts->len; i++)
        array_text(array, g_ptr_array_index(texts, i));
}

static void print_json(const struct enabling *e)
{
    g_autoptr(json_object) o = json_new_object();

    add_texts(o, "lines", e->lines);
    add_texts(o, "problems", e->problems);
    add_texts(o, "notes", e->notes);
    json_print(o, TRUE);
}

/* Whether what is appended to the file begins a line of its own. */
static gboolean ends_a_line(const char *path)
{
    g_autofree char *text = NULL;
    gsize len;

    return !g_file_get_contents(path, &text, &len, NULL) || !len || text[len - 1] == '\n';
}

/* What is for people goes beside: the rest may be appended to the file, @path. */
static void print_text(const struct enabling *e, const char *path)
{
    unsigned int i;

    for (i = 0; i < e->problems->len; i++)
        complain("%s", (char *)g_ptr_array_index(e->problems, i));
    for (i = 0; i < e->notes->len; i++)
        complain("%s", (char *)g_ptr_array_index(e->notes, i));
    if (e->lines->len && !ends_a_line(path))
        printf("\n");
    for (i = 0; i < e->lines->len; i++)
        printf("%s\n", (char *)g_ptr_array_index(e->lines, i));
}

int command_enable(int argc, char **argv)
{
    gboolean no_host = FALSE;
    const GOptionEntry entries[] = {
        { "json", 'J', 0, G_OPTION_ARG_NONE, &output_json, "JSON", NULL },
        { "folder", 0, 0, G_OPTION_ARG_FILENAME, &folder,
          "Where hvmloader and qemu-system-i386 with the patches are (" RUNTIME_DIR ")",
          "FOLDER" },
        { "no-host", 0, 0, G_OPTION_ARG_NONE, &no_host,
          "This is not the host: look at XL.CFG only", NULL },
        { 0 },
    };
    g_auto(xlcfg) x = { 0 };
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    struct enabling e = { .x = &x, .lines = lines, .problems = problems, .notes = notes };
    g_autofree char *top = NULL, *hvmloader = NULL, *qemu = NULL;

    if (!parse_options(&argc, &argv, entries, "XL.CFG",
                       "Print the lines that make a guest use hvmloader and QEMU with the "
                       "patches, and\ncheck that they would work here. The exit status is 1, "
                       "and nothing is printed,\nif they would not.", 1, 1) ||
        !xlcfg_read_any(&x, argv[1]))
        return EXIT_ERROR;
    top = g_canonicalize_filename(folder, NULL);
    hvmloader = g_build_filename(top, "hvmloader", NULL);
    qemu = g_build_filename(top, "qemu-system-i386", NULL);
    check_guest(&e);
    add_line(&e, "firmware_override", x.firmware_override, hvmloader);
    add_line(&e, "device_model_override", x.device_model, qemu);
    if (!no_host) {
        check_host(&e);
        check_hvmloader(&e, hvmloader);
        check_qemu(&e, qemu);
    }
    if (problems->len)
        g_ptr_array_set_size(lines, 0);
    if (output_json)
        print_json(&e);
    else
        print_text(&e, argv[1]);
    return problems->len ? EXIT_NO : EXIT_YES;
}
