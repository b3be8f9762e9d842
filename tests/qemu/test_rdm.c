#include "guest.h"
Suite *rdm_suite(void)
{
    return suite_create("rdm");
}
