//! The access seam: how this pallet asks whether an account may do something
//! with a patient's records, without knowing who answers.

use frame_support::weights::Weight;
use medchain_primitives::{Action, Denied, DenyReason, InferenceOrder, ModelId, Purpose, RecordId};
use sp_runtime::DispatchError;

use crate::{Config, Error};

/// Asks whether an account may do something with a patient's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessQuestion<'a, AccountId> {
    /// The patient whose records they are.
    pub patient: &'a AccountId,
    /// The account that wants to act.
    pub subject: &'a AccountId,
    /// The record in question; `None` if the action is not about one record.
    pub record: Option<RecordId>,
    /// The action.
    pub action: Action,
    /// The purpose, if one was stated.
    pub purpose: Option<Purpose>,
    /// The model that is to run on the record, if a verdict is requested.
    pub model: Option<ModelId>,
}

/// The answer to an access question, and what asking cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Answer {
    /// Whether access is allowed.
    pub result: Result<(), Denied>,
    /// The weight that the question used, at most [`AccessControl::weight`].
    pub weight: Weight,
}

impl Answer {
    /// An answer that cost nothing, because no policy was asked.
    pub fn free(result: Result<(), Denied>) -> Self {
        Self { result, weight: Weight::zero() }
    }
}

/// Asks a policy. Anything but a clear yes is a denial.
///
/// A check must leave no trace in state, whatever the policy does.
pub trait AccessControl<AccountId> {
    /// Asks `policy` a question that is never about the patient's own access.
    ///
    /// `policy` is the one that the patient chose, or else the chain's default.
    fn check(policy: Option<&AccountId>, question: AccessQuestion<'_, AccountId>) -> Answer;

    /// The maximum weight of one check.
    ///
    /// A call is charged this much before it runs. If it succeeds, what its
    /// questions did not use is refunded.
    fn weight() -> Weight;
}

/// Denies everything.
impl<AccountId> AccessControl<AccountId> for () {
    fn check(_: Option<&AccountId>, _: AccessQuestion<'_, AccountId>) -> Answer {
        Answer::free(Err(Denied::NoPolicy))
    }

    fn weight() -> Weight {
        Weight::zero()
    }
}

impl<T: Config> From<Denied> for Error<T> {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NoPolicy => Self::NoPolicy,
            Denied::PolicyNotFound => Self::PolicyNotFound,
            Denied::PolicyTrapped => Self::PolicyTrapped,
            Denied::PolicyOutOfGas => Self::PolicyOutOfGas,
            Denied::PolicyAnswerInvalid => Self::PolicyAnswerInvalid,
            Denied::PolicyReentered => Self::PolicyReentered,
            Denied::Refused(DenyReason::NoGrant) => Self::NoGrant,
            Denied::Refused(DenyReason::ActionNotGranted) => Self::ActionNotGranted,
            Denied::Refused(DenyReason::Expired) => Self::GrantExpired,
            Denied::Refused(DenyReason::Revoked) => Self::GrantRevoked,
            Denied::Refused(DenyReason::Other(_)) => Self::PolicyRefused,
            Denied::PatientNotFound => Self::PatientNotFound,
            Denied::RecordNotFound => Self::RecordNotFound,
            Denied::RecordErased => Self::RecordErased,
        }
    }
}

/// Accepts the order to run a model on a record that was just added.
pub trait InferenceOrders<AccountId> {
    /// Opens a request that `requester` pays for. Returns the weight that its
    /// question to the policy used.
    ///
    /// A requester other than the patient needs the patient's consent to
    /// `Infer`, which the implementation checks with
    /// [`crate::Pallet::ensure_access`].
    ///
    /// # Errors
    /// Whatever refuses the order.
    fn order(
        requester: &AccountId,
        patient: &AccountId,
        record: RecordId,
        order: &InferenceOrder<AccountId>,
    ) -> Result<Weight, DispatchError>;

    /// The maximum weight of one order, without its question to the policy.
    fn weight() -> Weight;

    /// Whether a request for this version of a record is open. Costs one read.
    fn is_awaited(record: RecordId) -> bool;

    /// Whether a verdict on this version of a record can be challenged, or is. Costs two reads for
    /// each model that has a verdict on it, of which at most four are read.
    fn is_challengeable(record: RecordId) -> bool;
}

/// Refuses every order.
impl<AccountId> InferenceOrders<AccountId> for () {
    fn order(
        _: &AccountId,
        _: &AccountId,
        _: RecordId,
        _: &InferenceOrder<AccountId>,
    ) -> Result<Weight, DispatchError> {
        Err(DispatchError::Unavailable)
    }

    fn weight() -> Weight {
        Weight::zero()
    }

    fn is_awaited(_: RecordId) -> bool {
        false
    }

    fn is_challengeable(_: RecordId) -> bool {
        false
    }
}

/// Prepares the access seam for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
    /// Makes [`AccessControl::check`] allow every question about the records of
    /// `patient`, at no cost.
    ///
    /// The benchmarks measure what a call costs beside [`AccessControl::weight`].
    fn allow_all(patient: &AccountId);
}
