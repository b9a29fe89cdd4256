/* Debian's librocksdb 7.8 lacks the one function of the C interface of 10.4
 * that the rocksdb crate names and that we do not reach: nobody here makes a
 * write buffer manager, so there is none to destroy. Weak: a library that has
 * the function keeps its own. See docs/adr/0017-cold-build.md. */
#include <stdlib.h>

__attribute__((weak)) void rocksdb_write_buffer_manager_destroy(void *manager)
{
    (void)manager;
    abort();
}
