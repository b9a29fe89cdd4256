//! Compiles what Debian's RocksDB lacks; see `native/rocksdb_compat.c`.

fn main() {
    println!("cargo:rerun-if-changed=native/rocksdb_compat.c");
    cc::Build::new().file("native/rocksdb_compat.c").compile("rocksdb_compat");
}
