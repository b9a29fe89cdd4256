/* Never called: it destroys a write buffer manager, and kvdb-rocksdb, the only
 * user of the rocksdb crate here, makes none. It has to exist because the drop
 * code of `rocksdb::Options` refers to it. Weak: where RocksDB is compiled from
 * source, as in `make release`, its own function is taken. */
#include <stdlib.h>

__attribute__((weak)) void rocksdb_write_buffer_manager_destroy(void *manager)
{
    (void)manager;
    abort();
}
