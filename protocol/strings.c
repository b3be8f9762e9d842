/* SPDX-License-Identifier: MIT */
/* Names of errors and states, for logs. */
#include "codec.h"

static const char *const errors[] = {
    [MEMMAP_OK]           = "success",
    [MEMMAP_E_COMMAND]    = "no such command",
    [MEMMAP_E_STATE]      = "command not allowed in this state",
    [MEMMAP_E_NEGOTIATE]  = "chosen version or feature was not offered",
    [MEMMAP_E_BUFFER]     = "buffer is not in RAM below 640 KiB",
    [MEMMAP_E_MAGIC]      = "record has the wrong magic",
    [MEMMAP_E_VERSION]    = "record has an unknown major version",
    [MEMMAP_E_LENGTH]     = "record's lengths contradict each other",
    [MEMMAP_E_CHECKSUM]   = "record's checksum does not match",
    [MEMMAP_E_COUNT]      = "record has too many entries",
    [MEMMAP_E_KIND]       = "record is of the wrong kind",
    [MEMMAP_E_TYPE]       = "entry has an unknown type or flag",
    [MEMMAP_E_EMPTY]      = "entry has no pages",
    [MEMMAP_E_RANGE]      = "entry lies beyond the highest usable gfn",
    [MEMMAP_E_ORDER]      = "entries are unsorted or overlap",
    [MEMMAP_E_RAM_SUM]    = "RAM does not add up to what the guest has",
    [MEMMAP_E_GENERATION] = "generation is not the next one",
    [MEMMAP_E_OWNED]      = "RAM would overlap the device model's own memory",
    [MEMMAP_E_FIXED]      = "RAM below 1 MiB is not as it must be",
    [MEMMAP_E_BUSY]       = "memory that would move is in use, or its guest migrates",
    [MEMMAP_E_APPLY]      = "device model could not apply the layout",
    [MEMMAP_E_RESERVED]   = "a field that must be zero is not",
    [MEMMAP_E_RDM]        = "reserved device memory could not be mapped",
};

static const char *const states[] = {
    [MEMMAP_ST_OFFERED]    = "OFFERED",
    [MEMMAP_ST_NEGOTIATED] = "NEGOTIATED",
    [MEMMAP_ST_PREPARED]   = "PREPARED",
    [MEMMAP_ST_COMMITTED]  = "COMMITTED",
    [MEMMAP_ST_SEALED]     = "SEALED",
};

const char *memmap_strerror(unsigned int err)
{
    if ( err == MEMMAP_E_ABSENT )
        return "device model does not speak the protocol";
    if ( err >= sizeof(errors) / sizeof(errors[0]) )
        return "unknown error";
    return errors[err];
}

const char *memmap_strstate(unsigned int state)
{
    if ( state >= sizeof(states) / sizeof(states[0]) )
        return "ABSENT";
    return states[state];
}
