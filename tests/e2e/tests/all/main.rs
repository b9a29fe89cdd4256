//! The end-to-end tests of `make test`, in one program: linking each file on its own
//! takes longer than running some of them.
//!
//! A test that starts a chain or a demo holds a place on the machine until it ends
//! ([`medchain_e2e::machine`]): no more run at a time than two cores can. What needs no chain of
//! its own is a part of a test, not a test: see [`parts`].

mod archive;
mod audit;
mod begun;
mod calls;
mod consent;
mod custody;
mod disputes;
mod emergency;
mod endings;
mod erasure;
mod folders;
mod forgotten;
mod ipfs;
mod keys;
mod killed;
mod leaving;
mod lost;
mod main_job;
mod many_workers;
mod new_network;
mod node;
mod onboarding;
mod one_worker;
mod operations;
mod parts;
mod polkadot_js;
mod privacy;
mod proxy;
mod refusals;
mod report;
mod startup;
mod stock_node;
mod uploader_gone;
mod witness;
mod worker;
