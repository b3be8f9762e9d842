#include "guest.h"
Suite *publish_suite(void)
{
    return suite_create("publish");
}
