#include "guest.h"
Suite *rdm_policy_suite(void)
{
    return suite_create("rdm_policy");
}
