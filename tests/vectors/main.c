/* SPDX-License-Identifier: MIT */
/*
 * usage: vectors FOLDER PROTOCOL.md
 *
 * Write every vector to FOLDER, and the table of them between the markers of
 * PROTOCOL.md.  The unit tests then compare both with the code.
 */
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

static FILE *must_open(const char *path, const char *mode)
{
    FILE *f = fopen(path, mode);

    if ( f )
        return f;
    perror(path);
    exit(2);
}

int main(int argc, char *argv[])
{
    static char text[1 << 20];
    char path[4096], *begin, *end;
    size_t len;
    FILE *f;

    if ( argc != 3 )
    {
        fprintf(stderr, "usage: vectors FOLDER PROTOCOL.md\n");
        return 2;
    }

    for ( unsigned int i = 0; i < nr_vectors; i++ )
    {
        snprintf(path, sizeof(path), "%s/%s.hex", argv[1], vectors[i].name);
        f = must_open(path, "w");
        vector_print(f, &vectors[i]);
        fclose(f);
    }
    snprintf(path, sizeof(path), "%s/table.md", argv[1]);
    f = must_open(path, "w");
    vector_table(f);
    fclose(f);
    printf("%u vectors in %s\n", nr_vectors, argv[1]);

    f = must_open(argv[2], "r");
    len = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[len] = '\0';
    begin = strstr(text, VECTORS_BEGIN);
    end = begin ? strstr(begin, VECTORS_END) : NULL;
    if ( !end )
    {
        fprintf(stderr, "%s has no markers for the table\n", argv[2]);
        return 1;
    }
    f = must_open(argv[2], "w");
    fwrite(text, 1, begin + strlen(VECTORS_BEGIN) - text, f);
    fputc('\n', f);
    vector_table(f);
    fputc('\n', f);
    fputs(end, f);
    fclose(f);
    printf("table in %s refreshed\n", argv[2]);
    return 0;
}
