//! The demo's people: public development accounts, each with a context of its own.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use medchain_client::{chain::Chain, keys::Identity, store::Store};

use crate::context::Context;

/// The registrar of the chain's institution; the chain's sudo key, which governs.
pub const REGISTRAR: &str = "//Alice";
/// The patient.
pub const PATIENT: &str = "//Bob";
/// The lab technician, who takes the X-ray and uploads it.
pub const TECHNICIAN: &str = "//Charlie";
/// The workers, which compute in processes of their own.
pub const WORKERS: [&str; 2] = ["//Dave", "//Dave//stash"];
/// A stranger without any permission.
pub const STRANGER: &str = "//Eve";

/// Everybody in the demo.
pub struct People {
    /// See [`REGISTRAR`].
    pub registrar: Context,
    /// See [`PATIENT`].
    pub patient: Context,
    /// See [`TECHNICIAN`].
    pub technician: Context,
    /// See [`WORKERS`].
    pub workers: [Context; 2],
    /// See [`STRANGER`].
    pub stranger: Context,
}

/// A development account on this chain and store, whose requests are kept in the demo's folder.
pub fn person(suri: &str, chain: &Chain, store: &Arc<dyn Store>, folder: &Path) -> Result<Context> {
    let identity = Identity::open(suri, true)?;
    Ok(Context::person(identity, chain.clone(), store.clone(), folder))
}

impl People {
    /// Gives everybody a context on the same chain and store.
    pub fn new(chain: &Chain, store: &Arc<dyn Store>, folder: &Path) -> Result<Self> {
        let person = |suri: &str| person(suri, chain, store, folder);
        let [first, second] = WORKERS;
        Ok(Self {
            registrar: person(REGISTRAR)?,
            patient: person(PATIENT)?,
            technician: person(TECHNICIAN)?,
            workers: [person(first)?, person(second)?],
            stranger: person(STRANGER)?,
        })
    }
}
