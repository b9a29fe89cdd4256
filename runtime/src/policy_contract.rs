//! Puts the access question of [`pallet_emr`] to the patient's policy contract.
//!
//! The contract is called with a pinned selector, capped gas and proof size,
//! no money and no storage deposit, and whatever it does to the state is
//! rolled back: asking is reading. Anything but a well-formed "allow" denies.

use alloc::vec::Vec;
use codec::{DecodeAll, Encode};
use frame_support::{
    parameter_types,
    storage::{with_transaction_unchecked, TransactionOutcome},
    weights::Weight,
    PalletId,
};
use medchain_primitives::{Decision, POLICY_CHECK_SELECTOR};
use pallet_contracts::{
    CollectEvents, DebugInfo, Determinism, Error, ExecReturnValue, WeightInfo as _,
};
use pallet_emr::{AccessControl, AccessRequest, Answer, Denied};
use sp_runtime::{traits::AccountIdConversion, DispatchError};

use crate::{policy_extension::for_purpose, AccountId, Contracts, Runtime};

/// What one question may cost at most: two milliseconds and 48 KiB of proof.
/// The reference policy needs a sixth of the time, and nearly all of the proof
/// where it looks at what roles were granted: twice as much as for an account.
pub const CHECK_GAS_LIMIT: Weight = Weight::from_parts(2_000_000_000, 48 * 1024);

parameter_types! {
    /// Who asks. A policy sees this account as its caller.
    pub const AskingPalletId: PalletId = PalletId(*b"med/emr ");
}

/// The account that policies see as their caller. Nobody has its key.
pub fn asking_account() -> AccountId {
    AskingPalletId::get().into_account_truncating()
}

/// The access seam, answered by contracts.
pub struct PolicyContract;

impl AccessControl<AccountId> for PolicyContract {
    fn check(request: AccessRequest<'_, AccountId>) -> Answer {
        let Some(policy) = request.policy else {
            return Answer::free(Err(Denied::NoPolicy));
        };
        let question = (
            POLICY_CHECK_SELECTOR,
            request.patient,
            request.subject,
            request.record.map(|record| record.0),
            request.action,
        )
            .encode();
        let ask = || {
            Contracts::bare_call(
                asking_account(),
                policy.clone(),
                0,
                CHECK_GAS_LIMIT,
                Some(0),
                question,
                DebugInfo::Skip,
                CollectEvents::Skip,
                Determinism::Enforced,
            )
        };
        let (result, used) = with_transaction_unchecked(|| {
            let result = for_purpose(request.purpose, ask);
            TransactionOutcome::Rollback((result.result, result.gas_consumed))
        });
        Answer {
            result: result.map_err(denied).and_then(read_answer),
            weight: used.saturating_add(base_weight()),
        }
    }

    fn weight() -> Weight {
        CHECK_GAS_LIMIT.saturating_add(base_weight())
    }
}

/// What calling a contract costs beside what the contract itself uses: as the call
/// that people make, less the two values that it writes (the contract's entry and
/// its balance). A question is rolled back, so that neither reaches the database.
fn base_weight() -> Weight {
    let writes = <Runtime as frame_system::Config>::DbWeight::get().writes(2);
    <Runtime as pallet_contracts::Config>::WeightInfo::call().saturating_sub(writes)
}

/// ink! answers with `Result<Decision, LangError>`, so that the first byte 0
/// says that the message was found and ran.
fn read_answer(returned: ExecReturnValue) -> Result<(), Denied> {
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

/// Says yes without asking, where benchmarks measure what a call costs beside
/// the question: the question is added as [`PolicyContract::weight`].
#[cfg(feature = "runtime-benchmarks")]
pub struct AllowAll;

#[cfg(feature = "runtime-benchmarks")]
impl AccessControl<AccountId> for AllowAll {
    fn check(_request: AccessRequest<'_, AccountId>) -> Answer {
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
