//! Compiles `compat.c`.

fn main() {
    println!("cargo:rerun-if-changed=src/compat.c");
    cc::Build::new().file("src/compat.c").compile("medchain_rocksdb_compat");
}
