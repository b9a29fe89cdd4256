//! The access seam: how this pallet asks whether an account may do something
//! with a patient's records, without knowing who answers.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::weights::Weight;
use medchain_primitives::{Action, DenyReason, ModelId, Purpose, RecordId};
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

use crate::{Config, Error};

/// The question that is put to a patient's policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRequest<'a, AccountId> {
    /// The policy that the patient chose, or else the chain's default.
    pub policy: Option<&'a AccountId>,
    /// Whose records they are.
    pub patient: &'a AccountId,
    /// Who wants to do it. Never the patient: they need no permission.
    pub subject: &'a AccountId,
    /// The record in question; none where the action is not about one record.
    pub record: Option<RecordId>,
    /// What they want to do.
    pub action: Action,
    /// What for, where they said so.
    pub purpose: Option<Purpose>,
}

/// Why access is denied.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Denied {
    /// Neither the patient nor the chain has a policy.
    #[codec(index = 0)]
    NoPolicy,
    /// There is no contract at the policy's address.
    #[codec(index = 1)]
    PolicyNotFound,
    /// The policy contract trapped or reverted.
    #[codec(index = 2)]
    PolicyTrapped,
    /// The policy contract used more gas or proof size than it is given.
    #[codec(index = 3)]
    PolicyOutOfGas,
    /// The policy contract's answer is not a decision.
    #[codec(index = 4)]
    PolicyAnswerInvalid,
    /// The question was asked from within a contract.
    #[codec(index = 5)]
    PolicyReentered,
    /// The policy said no, for this reason.
    #[codec(index = 6)]
    Refused(DenyReason),
    /// The account whose records are asked for is not a patient.
    #[codec(index = 7)]
    PatientNotFound,
    /// The patient has no record of that number.
    #[codec(index = 8)]
    RecordNotFound,
    /// The record was erased.
    #[codec(index = 9)]
    RecordErased,
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

/// What a policy said, and what asking it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Answer {
    /// Whether the policy allows what was requested.
    pub result: Result<(), Denied>,
    /// What the question used; at most [`AccessControl::weight`].
    pub weight: Weight,
}

impl Answer {
    /// An answer that was there without asking anybody.
    pub fn free(result: Result<(), Denied>) -> Self {
        Self { result, weight: Weight::zero() }
    }
}

/// Asks a policy. Whatever is not a clear yes is a denial.
///
/// A check must leave no trace in state, whatever the policy does.
pub trait AccessControl<AccountId> {
    /// Whether the policy allows what is requested.
    fn check(request: AccessRequest<'_, AccountId>) -> Answer;

    /// The most that one check may cost. A call is charged that much before it
    /// runs, and gives back what its questions did not use if it succeeds.
    fn weight() -> Weight;
}

/// Denies everything.
impl<AccountId> AccessControl<AccountId> for () {
    fn check(_: AccessRequest<'_, AccountId>) -> Answer {
        Answer::free(Err(Denied::NoPolicy))
    }

    fn weight() -> Weight {
        Weight::zero()
    }
}

/// Takes the order to run a model on a record that was just added.
pub trait InferenceOrders<AccountId> {
    /// Opens a request, paid by `requester`. A requester who is not the
    /// patient must have the patient's consent to infer; the implementation
    /// asks for it with [`crate::Pallet::ensure_access`], and returns what that
    /// question used.
    fn order(
        requester: &AccountId,
        patient: &AccountId,
        record: RecordId,
        model: ModelId,
    ) -> Result<Weight, DispatchError>;

    /// The most that one order may cost beside its question to the policy.
    fn weight() -> Weight;
}

/// Refuses every order.
impl<AccountId> InferenceOrders<AccountId> for () {
    fn order(
        _: &AccountId,
        _: &AccountId,
        _: RecordId,
        _: ModelId,
    ) -> Result<Weight, DispatchError> {
        Err(DispatchError::Unavailable)
    }

    fn weight() -> Weight {
        Weight::zero()
    }
}

/// Prepares the access seam for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
    /// Makes [`AccessControl::check`] say yes to every question about the
    /// records of `patient`, at no cost: the benchmarks measure what a call
    /// costs beside [`AccessControl::weight`].
    fn allow_all(patient: &AccountId);
}
