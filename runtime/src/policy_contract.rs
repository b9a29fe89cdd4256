//! Asks the patient's policy contract the access questions of [`pallet_emr`].
//!
//! The contract is called with a pinned selector, capped gas and proof size, no value and no
//! storage deposit, and all of its changes to the state are rolled back: asking only reads.
//! Anything but a well-formed "allow" denies.

use alloc::vec::Vec;
use codec::{DecodeAll, Encode};
use frame_support::{
    parameter_types,
    storage::{with_transaction_unchecked, TransactionOutcome},
    weights::Weight,
    PalletId,
};
use medchain_primitives::{Decision, Denied, POLICY_CHECK_SELECTOR};
use pallet_contracts::{
    CollectEvents, DebugInfo, Determinism, Error, ExecReturnValue, WeightInfo as _,
};
use pallet_emr::{AccessControl, AccessQuestion, Answer};
use sp_runtime::{traits::AccountIdConversion, DispatchError};

use crate::{
    policy_extension::{while_asked, Stated},
    AccountId, Contracts, Runtime,
};

/// The maximum weight of one question: two milliseconds and 48 KiB of proof.
///
/// The reference policy needs a sixth of the time. It needs nearly all of the proof to look up
/// grants to roles, which is twice as much as for a grant to an account.
pub const CHECK_GAS_LIMIT: Weight = Weight::from_parts(2_000_000_000, 48 * 1024);

parameter_types! {
    /// The id of the account that asks.
    pub const AskingPalletId: PalletId = PalletId(*b"med/emr ");
}

/// Returns the account that policies see as their caller, for which no key exists.
pub fn asking_account() -> AccountId {
    AskingPalletId::get().into_account_truncating()
}

/// The access control of [`pallet_emr`] by policy contracts.
pub struct PolicyContract;

impl AccessControl<AccountId> for PolicyContract {
    fn check(policy: Option<&AccountId>, question: AccessQuestion<'_, AccountId>) -> Answer {
        let Some(policy) = policy else {
            return Answer::free(Err(Denied::NoPolicy));
        };
        let AccessQuestion { patient, subject, record, action, purpose, model } = question;
        let record = record.map(|record| record.0);
        let data = (POLICY_CHECK_SELECTOR, patient, subject, record, action).encode();
        let ask = || {
            Contracts::bare_call(
                asking_account(),
                policy.clone(),
                0,
                CHECK_GAS_LIMIT,
                Some(0),
                data,
                DebugInfo::Skip,
                CollectEvents::Skip,
                Determinism::Enforced,
            )
        };
        let (result, used) = with_transaction_unchecked(|| {
            let result = while_asked(Stated { purpose, model }, ask);
            TransactionOutcome::Rollback((result.result, result.gas_consumed))
        });
        Answer {
            result: result.map_err(denied).and_then(|returned| read_answer(&returned)),
            weight: used.saturating_add(base_weight()),
        }
    }

    fn weight() -> Weight {
        CHECK_GAS_LIMIT.saturating_add(base_weight())
    }
}

/// Returns the weight of calling a contract, without what the contract itself uses.
///
/// This is the weight of `Contracts::call` less the two values that it writes (the contract's
/// entry and its balance): a question is rolled back, so that neither reaches the database.
fn base_weight() -> Weight {
    let writes = <Runtime as frame_system::Config>::DbWeight::get().writes(2);
    <Runtime as pallet_contracts::Config>::WeightInfo::call().saturating_sub(writes)
}

/// Decodes the answer of a contract.
///
/// ink! returns `Result<Decision, LangError>`: a first byte of 0 means that the message was
/// found and ran.
fn read_answer(returned: &ExecReturnValue) -> Result<(), Denied> {
    if returned.did_revert() {
        return Err(Denied::PolicyAnswerInvalid);
    }
    match <Result<Decision, Vec<u8>>>::decode_all(&mut returned.data.as_slice()) {
        Ok(Ok(Decision::Allow)) => Ok(()),
        Ok(Ok(Decision::Deny(reason))) => Err(Denied::Refused(reason)),
        Ok(Err(_)) | Err(_) => Err(Denied::PolicyAnswerInvalid),
    }
}

fn denied(error: DispatchError) -> Denied {
    let is = |known: Error<Runtime>| error == DispatchError::from(known);
    if is(Error::ContractNotFound) || is(Error::CodeNotFound) {
        Denied::PolicyNotFound
    } else if is(Error::OutOfGas) {
        Denied::PolicyOutOfGas
    } else if is(Error::ReentranceDenied) {
        Denied::PolicyReentered
    } else {
        Denied::PolicyTrapped
    }
}

/// Allows everything without asking, for benchmarks.
///
/// They measure calls without the question, whose weight is [`PolicyContract::weight`].
#[cfg(feature = "runtime-benchmarks")]
pub struct AllowAll;

#[cfg(feature = "runtime-benchmarks")]
impl AccessControl<AccountId> for AllowAll {
    fn check(_: Option<&AccountId>, _: AccessQuestion<'_, AccountId>) -> Answer {
        Answer::free(Ok(()))
    }

    fn weight() -> Weight {
        PolicyContract::weight()
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_emr::BenchmarkHelper<AccountId> for AllowAll {
    fn allow_all(_patient: &AccountId) {}
}
