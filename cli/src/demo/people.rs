//! The people of the demo: development accounts that everybody knows, each
//! with a command line of their own.

use std::sync::Arc;

use anyhow::Result;
use medchain_client::{chain::Chain, keys::Identity, store::Store};

use crate::context::Context;

/// Signs what the registrar and the governance sign: the chain's sudo key.
pub const REGISTRAR: &str = "//Alice";
/// Whose X-ray it is.
pub const PATIENT: &str = "//Bob";
/// Takes the X-ray and uploads it.
pub const TECHNICIAN: &str = "//Charlie";
/// Computes predictions, in a process of its own.
pub const WORKER: &str = "//Dave";
/// Has no business here.
pub const STRANGER: &str = "//Eve";

/// Everybody in the demo.
pub struct People {
    /// The registrar.
    pub registrar: Context,
    /// The patient.
    pub patient: Context,
    /// The lab technician.
    pub technician: Context,
    /// The worker's operator.
    pub worker: Context,
    /// The stranger.
    pub stranger: Context,
}

impl People {
    /// Gives everybody a command line on the same chain and store.
    pub fn new(chain: &Chain, store: &Arc<dyn Store>) -> Result<Self> {
        let person = |suri: &str| -> Result<Context> {
            let identity = Identity::open(suri, true)?;
            Ok(Context::person(identity, chain.clone(), store.clone()))
        };
        Ok(Self {
            registrar: person(REGISTRAR)?,
            patient: person(PATIENT)?,
            technician: person(TECHNICIAN)?,
            worker: person(WORKER)?,
            stranger: person(STRANGER)?,
        })
    }
}
