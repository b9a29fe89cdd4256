//! The people of the stories: public development accounts.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use medchain_client::{chain::Chain, store::Store};

use crate::{context::Context, demo::people::person};

pub use crate::demo::people::{PATIENT, REGISTRAR, STRANGER, TECHNICIAN};

/// The clinician, who treats the patient.
pub const CLINICIAN: &str = "//Dave";
/// The custodians, who keep shares of the patient's keys.
pub const CUSTODIANS: [&str; 3] = ["//Ferdie", "//Ferdie//stash", "//Charlie//stash"];
/// The patient's sister and emergency contact.
pub const SISTER: &str = "//Dave//stash";
/// The patient's guardian.
pub const GUARDIAN: &str = "//Eve//stash";
/// A researcher, who is also a patient.
pub const RESEARCHER: &str = "//Bob//stash";
/// A surgeon, a clinician of whom the patient has never heard.
pub const SURGEON: &str = "//Alice//stash";

/// Two of the three members of the ethics committee.
pub const ETHICS: [&str; 2] = ["//One", "//Two"];

/// Everybody, each with a context of their own.
pub struct Cast {
    /// See [`REGISTRAR`].
    pub registrar: Context,
    /// See [`PATIENT`].
    pub patient: Context,
    /// See [`TECHNICIAN`].
    pub technician: Context,
    /// See [`CLINICIAN`].
    pub clinician: Context,
    /// See [`STRANGER`].
    pub stranger: Context,
    /// See [`CUSTODIANS`].
    pub custodians: [Context; 3],
    /// See [`SISTER`].
    pub sister: Context,
    /// See [`GUARDIAN`].
    pub guardian: Context,
    /// See [`RESEARCHER`].
    pub researcher: Context,
    /// See [`SURGEON`].
    pub surgeon: Context,
    /// See [`ETHICS`].
    pub ethics: [Context; 2],
}

impl Cast {
    /// Gives everybody a context on the same chain and store.
    pub fn new(chain: &Chain, store: &Arc<dyn Store>, folder: &Path) -> Result<Self> {
        let person = |suri: &str| person(suri, chain, store, folder);
        let [first, second, third] = CUSTODIANS;
        let [chair, member] = ETHICS;
        Ok(Self {
            registrar: person(REGISTRAR)?,
            patient: person(PATIENT)?,
            technician: person(TECHNICIAN)?,
            clinician: person(CLINICIAN)?,
            stranger: person(STRANGER)?,
            custodians: [person(first)?, person(second)?, person(third)?],
            sister: person(SISTER)?,
            guardian: person(GUARDIAN)?,
            researcher: person(RESEARCHER)?,
            surgeon: person(SURGEON)?,
            ethics: [person(chair)?, person(member)?],
        })
    }
}
