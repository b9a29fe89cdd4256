//! The one function of RocksDB's C interface that the crate `rocksdb` 0.24
//! names and Debian's `librocksdb` 7.8 does not have. A program that links
//! RocksDB names this crate: `use medchain_rocksdb_compat as _;`.
//!
//! Nothing of it is for calling; `compat.c` says why that is safe, and
//! `docs/adr/0017-cold-build.md` what it saves.
