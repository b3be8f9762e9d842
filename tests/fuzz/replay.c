/* SPDX-License-Identifier: MIT */
/*
 * Feed every file of the folders on the command line to a fuzz harness, without
 * the fuzzer: what was found once is tested for ever, and with any compiler.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static unsigned int replay(const char *folder)
{
    struct dirent **list;
    int nr = scandir(folder, &list, NULL, alphasort);
    unsigned int done = 0;

    if ( nr < 0 )
    {
        perror(folder);
        exit(2);
    }

    for ( int i = 0; i < nr; free(list[i++]) )
    {
        static uint8_t data[1 << 20];
        char path[4096];
        size_t len;
        FILE *f;

        if ( list[i]->d_name[0] == '.' )
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, list[i]->d_name);
        f = fopen(path, "rb");
        if ( !f )
        {
            perror(path);
            exit(2);
        }
        len = fread(data, 1, sizeof(data), f);
        fclose(f);
        fuzz_input = path;
        LLVMFuzzerTestOneInput(data, len);
        done++;
    }
    free(list);
    return done;
}

int main(int argc, char *argv[])
{
    unsigned int done = 0;

    for ( int i = 1; i < argc; i++ )
        done += replay(argv[i]);

    /* An empty corpus would pass whatever the code does. */
    if ( !done )
    {
        fprintf(stderr, "no input in %s\n", argc > 1 ? argv[1] : "nothing");
        return 2;
    }
    printf("%u passed, 0 failed\n", done);
    return 0;
}
