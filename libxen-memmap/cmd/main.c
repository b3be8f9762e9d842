/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xentoollog.h>

xen_memmap_handle *handle;

static const struct {
    const char *name, *what;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "list", "HVM guests, and what is known of their layouts", command_list },
    { "show", "a guest's layout", command_show },
    { "verify", "compare a guest's layout with what Xen has", command_verify },
    { "watch", "say when layouts change", command_watch },
    { "wait", "wait until a guest's layout is settled", command_wait },
    { "explain", "what an xl.cfg will lead to", command_explain },
    { "enable", "make a guest use hvmloader and QEMU with the patches", command_enable },
    { "declare", "reserve memory for a device that is plugged later",
      command_declare },
    { "decode", "show a record of the protocol", command_decode },
    { "diff", "compare two layouts", command_diff },
    { "draw", "a picture of a layout, as SVG", command_draw },
};

void complain(const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    fprintf(stderr, "xen-memmap: %s\n", text);
}

gboolean parse_options(int *argc, char ***argv, const GOptionEntry *entries,
                       const char *arguments, const char *what, int min, int max)
{
    return parse_table_options(argc, argv, entries, NULL, arguments, what, min, max);
}

gboolean parse_table_options(int *argc, char ***argv, const GOptionEntry *entries,
                             const struct column *columns, const char *arguments,
                             const char *what, int min, int max)
{
    g_autoptr(GOptionContext) context = g_option_context_new(arguments);
    g_autofree char *names = columns ? columns_text(columns) : NULL;
    g_autofree char *end = g_strconcat(names ? "Columns:" : "", names ? names : "",
                                       names ? "\n\n" : "", "See xen-memmap(1).", NULL);
    g_autoptr(GError) error = NULL;

    g_option_context_set_summary(context, what);
    g_option_context_set_description(context, end);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        complain("%s; see %s --help", error->message, g_get_prgname());
        return FALSE;
    }
    /* As --help: without a domain, and whatever else is said. */
    if (columns && !g_strcmp0(output_columns, "help")) {
        printf("Columns:%s\n", names);
        exit(EXIT_YES);
    }
    /* What follows "--" is left with it. */
    if (*argc > 1 && !strcmp((*argv)[1], "--")) {
        memmove(*argv + 1, *argv + 2, (*argc - 1) * sizeof(**argv));
        --*argc;
    }
    if (*argc - 1 < min || *argc - 1 > max) {
        complain("usage: %s [OPTION...]%s%s; see %s --help", g_get_prgname(),
                 *arguments ? " " : "", arguments, g_get_prgname());
        return FALSE;
    }
    return !output_json || json_load();
}

static void usage(FILE *f)
{
    unsigned int i;

    fprintf(f, "Usage: xen-memmap COMMAND [OPTION...] [ARGUMENT...]\n\n"
            "Where the RAM of Xen's HVM guests is, who moved it, and who agrees.\n\n"
            "Commands:\n");
    for (i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(f, "  %-9s %s\n", commands[i].name, commands[i].what);
    fprintf(f, "\nxen-memmap COMMAND --help says more; so does xen-memmap(1).\n");
}

static int run(unsigned int i, int argc, char **argv)
{
    g_autofree char *name = g_strdup_printf("xen-memmap %s", commands[i].name);
    xentoollog_logger *logger = (xentoollog_logger *)
        xtl_createlogger_stdiostream(stderr, XTL_CRITICAL,
                                     XTL_STDIOSTREAM_HIDE_PROGRESS);
    int rc;

    g_set_prgname(name);
    /* What goes wrong is said once, by us. */
    handle = xen_memmap_open(logger, 0);
    if (!handle) {
        complain("%s", strerror(errno));
        return EXIT_ERROR;
    }
    rc = commands[i].run(argc, argv);
    xen_memmap_close(handle);
    xtl_logger_destroy(logger);
    if (fflush(stdout) || ferror(stdout)) {
        complain("cannot write: %s", strerror(errno));
        return EXIT_ERROR;
    }
    return rc;
}

int main(int argc, char **argv)
{
    char help[] = "--help";
    unsigned int i;

    setlocale(LC_CTYPE, "");
    setlocale(LC_MESSAGES, "");
    if (argc < 2) {
        usage(stderr);
        return EXIT_ERROR;
    }
    if (!strcmp(argv[1], "help") && argc == 3) {
        argv[1] = argv[2];
        argv[2] = help;
    } else if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
               !strcmp(argv[1], "help")) {
        usage(stdout);
        return EXIT_YES;
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        printf("xen-memmap %s\n", VERSION);
        return EXIT_YES;
    }
    for (i = 0; i < G_N_ELEMENTS(commands); i++)
        if (!strcmp(argv[1], commands[i].name))
            return run(i, argc - 1, argv + 1);
    complain("no command '%s'; see xen-memmap --help", argv[1]);
    return EXIT_ERROR;
}
