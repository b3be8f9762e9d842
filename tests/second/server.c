/* SPDX-License-Identifier: MIT */
/*
 * usage: server FOLDER
 *
 * The machine for compare.py: steps come in, a line each; reads and dumps are answered
 * in order, a line each; `end` is answered at once with all that was before it.
 */
#include <string.h>

#include "machine.h"

int main(int argc, char *argv[])
{
    static struct machine m;
    static char line[4 * MEMMAP_BUFFER_BYTES];

    if ( argc != 2 )
        return 2;
    machine_init(&m, argv[1], stdout);
    while ( fgets(line, sizeof(line), stdin) )
    {
        const char *flaw;

        if ( !strcmp(line, "end\n") )
        {
            puts("end");
            fflush(stdout);
            continue;
        }
        flaw = machine_step(&m, line);
        if ( flaw )
        {
            fprintf(stderr, "server: %s\n", flaw);
            return 2;
        }
    }
    return 0;
}
