//! The chain extension through which policy contracts query the chain while they decide, and write
//! into the patient's log what changed in them.
//!
//! `medchain_primitives` pins its ids. It calls nothing that asks a policy, so that no question can
//! re-enter the pallets through it. While a question is asked, it only reads. Every read and
//! write is charged before it is made.

use codec::Encode;
use frame_support::weights::Weight;
use medchain_primitives::{
    Appointment, ModelId, PolicyEntry, Purpose, RecordId, Role, EXTENSION_APPOINTMENT,
    EXTENSION_HAS_ROLE, EXTENSION_ID, EXTENSION_MODEL, EXTENSION_NOTE, EXTENSION_OWNER_OF,
    EXTENSION_PURPOSE, EXTENSION_RELATION_OF,
};
use pallet_contracts::chain_extension::{
    ChainExtension, Environment, Ext, InitState, RegisteredChainExtension, Result, RetVal,
};
use sp_runtime::DispatchError;

use crate::{AccountId, BlockNumber, Emr, Runtime};

/// The maximum proof size of one read: the largest measured for any of these items.
const PROOF_PER_READ: u64 = 3_700;

/// What a question states besides the arguments that every policy gets.
#[derive(Clone, Copy, Debug)]
pub struct Stated {
    /// The purpose of the access.
    pub purpose: Option<Purpose>,
    /// The model that is to run on the record.
    pub model: Option<ModelId>,
}

// What the question being asked states. It is not stored: it exists only while the contract runs,
// and the stack below it asked the question.
environmental::environmental!(stated: Stated);

/// Runs `ask` with what its question states, and nothing of any other question, for contracts to
/// see.
pub fn while_asked<R>(mut question: Stated, ask: impl FnOnce() -> R) -> R {
    stated::using(&mut question, ask)
}

/// The chain extension for policies.
#[derive(Default)]
pub struct PolicyExtension;

impl RegisteredChainExtension<Runtime> for PolicyExtension {
    const ID: u16 = EXTENSION_ID;
}

impl ChainExtension<Runtime> for PolicyExtension {
    fn call<E: Ext<T = Runtime>>(
        &mut self,
        env: Environment<'_, '_, E, InitState>,
    ) -> Result<RetVal> {
        if env.ext_id() != EXTENSION_ID {
            return Err(unknown());
        }
        let function = env.func_id();
        let mut env = env.buf_in_buf_out();
        let answer = match function {
            EXTENSION_OWNER_OF => {
                let record: u64 = env.read_as()?;
                env.charge_weight(read_weight())?;
                let record = pallet_emr::Records::<Runtime>::get(RecordId(record));
                record.map(|record| record.patient).encode()
            }
            EXTENSION_HAS_ROLE => {
                let (account, role): (AccountId, Role) = env.read_as()?;
                appointment(&account, role, || env.charge_weight(read_weight()))?.is_some().encode()
            }
            EXTENSION_APPOINTMENT => {
                let (account, role): (AccountId, Role) = env.read_as()?;
                appointment(&account, role, || env.charge_weight(read_weight()))?.encode()
            }
            EXTENSION_RELATION_OF => {
                let (patient, relative): (AccountId, AccountId) = env.read_as()?;
                env.charge_weight(read_weight())?;
                pallet_emr::Relations::<Runtime>::get(patient, relative).encode()
            }
            EXTENSION_PURPOSE => stated::with(|stated| stated.purpose).flatten().encode(),
            EXTENSION_MODEL => stated::with(|stated| stated.model).flatten().encode(),
            EXTENSION_NOTE => {
                let length = env.in_len();
                env.charge_weight(note_weight())?;
                let (patient, entry): (AccountId, PolicyEntry) = env.read_as_unbounded(length)?;
                // Nothing that a question does stays, so a note would claim what did not happen.
                let asked = stated::with(|_| ()).is_some();
                let ext = env.ext();
                let may_write = !asked && !ext.is_read_only();
                let written = may_write && Emr::note(&ext.address().clone(), &patient, entry);
                written.encode()
            }
            _ => return Err(unknown()),
        };
        env.write(&answer, false, None)?;
        Ok(RetVal::Converging(0))
    }
}

/// Returns the institution behind an account's role and the end of the term, if the account has
/// the role now.
///
/// `charge` is called before each read: the institution is read only of an account that was given
/// the role.
fn appointment<Charged>(
    account: &AccountId,
    role: Role,
    mut charge: impl FnMut() -> Result<Charged>,
) -> Result<Option<Appointment<BlockNumber>>> {
    charge()?;
    if !pallet_emr::Providers::<Runtime>::contains_key(account, role) {
        return Ok(None);
    }
    charge()?;
    Ok(Emr::appointment(account, role))
}

/// The weight of a note: reads the patient, what the patient chose and the default policy, and
/// links an entry into the log.
fn note_weight() -> Weight {
    read_weight().saturating_mul(3).saturating_add(pallet_emr::log_weight(1))
}

fn read_weight() -> Weight {
    <Runtime as frame_system::Config>::DbWeight::get()
        .reads(1)
        .saturating_add(Weight::from_parts(0, PROOF_PER_READ))
}

fn unknown() -> DispatchError {
    DispatchError::Other("the chain extension has no such function")
}
