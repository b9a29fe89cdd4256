//! A test suite that every policy passes.

use crate::{
    testing::{at_block, Chain},
    Action, Decision, DenyReason, ModelId, Purpose,
};
use ink::primitives::AccountId;

/// The patient in whose name the suite grants.
pub const PATIENT: AccountId = AccountId([0x11; 32]);
/// The account that the suite grants access to.
pub const GRANTEE: AccountId = AccountId([0x22; 32]);
/// An account that never received a grant.
pub const STRANGER: AccountId = AccountId([0x33; 32]);

/// The records that the suite asks about: none, the first, the last.
const RECORDS: [Option<u64>; 3] = [None, Some(0), Some(u64::MAX)];
/// The models that the suite asks about: the first, another one, the last.
const MODELS: [ModelId; 3] = [ModelId(0), ModelId(1), ModelId(u32::MAX)];

/// Tests that every policy passes.
///
/// Put one line into the test module of a policy, with an expression that
/// creates a newly deployed contract:
///
/// ```ignore
/// policy::conformance_tests!(AccessControl::new());
/// ```
///
/// It tests that the new contract, deployed by `conformance::PATIENT`, refuses
/// everybody, whatever the action, the record, the purpose and the model, and that
/// the same question always gets the same answer.
///
/// A policy that stores grants also passes closures that make them. The suite
/// then tests that a grant is valid for its patient and its grantee only; with
/// `grant_until`, that it expires after its last block; with `revoke`, that a
/// revocation works at once. Each closure sets the caller it needs and changes
/// the contract (`&mut`) so that View is allowed, or no longer allowed.
///
/// ```ignore
/// policy::conformance_tests!(
///     AccessControl::new(),
///     grant: |contract, patient, grantee| {
///         call_as(patient);
///         contract.grant(grantee, ActionSet::of(&[Action::View]), None).unwrap();
///     },
///     grant_until: |contract, patient, grantee, until| {
///         call_as(patient);
///         contract.grant(grantee, ActionSet::of(&[Action::View]), Some(until)).unwrap();
///     },
///     revoke: |contract, patient, grantee| {
///         call_as(patient);
///         contract.revoke(grantee).unwrap();
///     },
/// );
/// ```
///
/// `grant_until` and `revoke` are optional. A policy whose answer also depends on
/// the chain installs a [`Chain`] in these closures. A policy that admits
/// strangers on purpose does not pass, and needs tests of its own.
#[macro_export]
macro_rules! conformance_tests {
    (
        $contract:expr
        $(, grant: $grant:expr
            $(, grant_until: $grant_until:expr)?
            $(, revoke: $revoke:expr)?
        )?
        $(,)?
    ) => {
        #[ink::test]
        fn conformance_a_new_policy_refuses_everybody() {
            // Some policies take their deployer for the patient.
            $crate::testing::call_as($crate::conformance::PATIENT);
            let contract = $contract;
            $crate::conformance::refuses_everybody($crate::conformance_question!(contract));
        }

        $(
            #[ink::test]
            fn conformance_a_grant_admits_only_its_grantee() {
                $crate::testing::call_as($crate::conformance::PATIENT);
                $crate::testing::Chain::new().install();
                let mut contract = $contract;
                $crate::conformance_act!(
                    $grant, contract,
                    $crate::conformance::PATIENT, $crate::conformance::GRANTEE
                );
                $crate::conformance::admits_only_the_grantee(
                    $crate::conformance_question!(contract),
                );
            }

            $(
                #[ink::test]
                fn conformance_a_grant_ends_after_its_last_block() {
                    $crate::testing::call_as($crate::conformance::PATIENT);
                    $crate::testing::Chain::new().install();
                    let mut contract = $contract;
                    $crate::conformance_act!(
                        $grant_until, contract,
                        $crate::conformance::PATIENT, $crate::conformance::GRANTEE, 10
                    );
                    $crate::conformance::ends_after(10, $crate::conformance_question!(contract));
                }
            )?

            $(
                #[ink::test]
                fn conformance_a_revocation_works_at_once() {
                    $crate::testing::call_as($crate::conformance::PATIENT);
                    $crate::testing::Chain::new().install();
                    let mut contract = $contract;
                    $crate::conformance_act!(
                        $grant, contract,
                        $crate::conformance::PATIENT, $crate::conformance::GRANTEE
                    );
                    $crate::conformance::admits_only_the_grantee(
                        $crate::conformance_question!(contract),
                    );
                    $crate::conformance_act!(
                        $revoke, contract,
                        $crate::conformance::PATIENT, $crate::conformance::GRANTEE
                    );
                    $crate::conformance::refuses_the_grantee(
                        $crate::conformance_question!(contract),
                    );
                }
            )?
        )?
    };
}

/// The question in the form that this module's functions take.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_question {
    ($contract:ident) => {
        |patient, subject, record, action| {
            $crate::Policy::check(&$contract, patient, subject, record, action)
        }
    };
}

/// Runs one of the caller's closures on the contract, through a function that
/// gives the closure its types.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_act {
    ($act:expr, $contract:ident, $patient:expr, $grantee:expr) => {
        $crate::conformance::act(&mut $contract, $patient, $grantee, $act)
    };
    ($act:expr, $contract:ident, $patient:expr, $grantee:expr, $until:expr) => {
        $crate::conformance::act_until(&mut $contract, $patient, $grantee, $until, $act)
    };
}

#[doc(hidden)]
pub fn act<C>(
    contract: &mut C,
    patient: AccountId,
    grantee: AccountId,
    act: impl FnOnce(&mut C, AccountId, AccountId),
) {
    act(contract, patient, grantee);
}

#[doc(hidden)]
pub fn act_until<C>(
    contract: &mut C,
    patient: AccountId,
    grantee: AccountId,
    until: u32,
    act: impl FnOnce(&mut C, AccountId, AccountId, u32),
) {
    act(contract, patient, grantee, until);
}

/// Asks a new policy every kind of question and expects refusals.
///
/// The questions are about patients and subjects that it does not know, and about
/// [`PATIENT`], who deployed it.
///
/// # Panics
/// If the policy allows anything, answers the same question in two ways, or names
/// revocation or expiry as the reason although nothing was ever granted.
pub fn refuses_everybody(check: impl Fn(AccountId, AccountId, Option<u64>, Action) -> Decision) {
    let purposes = Purpose::ALL.into_iter().map(|purpose| Chain::new().purpose(purpose));
    let models = MODELS.into_iter().map(|model| Chain::new().model(model));
    for chain in std::iter::once(Chain::new()).chain(purposes).chain(models) {
        chain.install();
        let unknown = [0x00, 0x5a, 0xa5, 0xff]
            .map(|seed: u8| (AccountId([seed; 32]), AccountId([!seed; 32])));
        let of_its_own = [(PATIENT, STRANGER), (PATIENT, GRANTEE)];
        for (patient, stranger) in unknown.into_iter().chain(of_its_own) {
            for_every_question(|record, action| {
                match ask_twice(&check, patient, stranger, record, action) {
                    Decision::Allow => panic!("{action:?} was allowed to a stranger"),
                    Decision::Deny(DenyReason::Revoked | DenyReason::Expired) => {
                        panic!("{action:?}: a grant that never existed cannot have ended")
                    }
                    Decision::Deny(_) => {}
                }
            });
        }
    }
}

/// Asks a policy in which [`PATIENT`] granted View to [`GRANTEE`].
///
/// # Panics
/// If the policy refuses the grantee, allows another account anything, or answers
/// the same question in two ways.
pub fn admits_only_the_grantee(
    check: impl Fn(AccountId, AccountId, Option<u64>, Action) -> Decision,
) {
    let granted = ask_twice(&check, PATIENT, GRANTEE, Some(0), Action::View);
    assert_eq!(granted, Decision::Allow, "the granted action was refused");
    for (patient, subject) in [(PATIENT, STRANGER), (STRANGER, GRANTEE), (GRANTEE, PATIENT)] {
        for_every_question(|record, action| {
            let answer = ask_twice(&check, patient, subject, record, action);
            assert_ne!(answer, Decision::Allow, "{action:?} was allowed to a stranger");
        });
    }
}

/// Asks a policy in which [`PATIENT`] granted View to [`GRANTEE`] up to and
/// including the block `until`.
///
/// # Panics
/// If the grant is not valid in its last block, or still valid in the next one.
pub fn ends_after(
    until: u32,
    check: impl Fn(AccountId, AccountId, Option<u64>, Action) -> Decision,
) {
    at_block(until);
    let last = ask_twice(&check, PATIENT, GRANTEE, Some(0), Action::View);
    assert_eq!(last, Decision::Allow, "the grant expired before its last block");
    at_block(until.saturating_add(1));
    refuses_the_grantee(check);
}

/// Asks a policy in which [`GRANTEE`] has no access any more.
///
/// # Panics
/// If the policy still allows the grantee anything.
pub fn refuses_the_grantee(check: impl Fn(AccountId, AccountId, Option<u64>, Action) -> Decision) {
    for_every_question(|record, action| {
        let answer = ask_twice(&check, PATIENT, GRANTEE, record, action);
        assert_ne!(answer, Decision::Allow, "{action:?} is still allowed");
    });
}

fn for_every_question(mut ask: impl FnMut(Option<u64>, Action)) {
    for record in RECORDS {
        for action in Action::ALL {
            ask(record, action);
        }
    }
}

fn ask_twice(
    check: impl Fn(AccountId, AccountId, Option<u64>, Action) -> Decision,
    patient: AccountId,
    subject: AccountId,
    record: Option<u64>,
    action: Action,
) -> Decision {
    let answer = check(patient, subject, record, action);
    let again = check(patient, subject, record, action);
    assert_eq!(answer, again, "the same question got two answers");
    answer
}

#[cfg(test)]
mod tests;
