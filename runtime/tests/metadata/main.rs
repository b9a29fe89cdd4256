//! Tests of the runtime's metadata, which clients and wallets read.

mod committed;
mod docs;
