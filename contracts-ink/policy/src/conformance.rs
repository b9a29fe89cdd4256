//! What holds for every policy, as tests that a policy runs on itself.

use crate::{Action, Decision, DenyReason};
use ink::primitives::AccountId;

/// The records that the questions are about: none, the first, the last.
const RECORDS: [Option<u64>; 3] = [None, Some(0), Some(u64::MAX)];

/// Tests that every policy passes. Put one line into the test module of a
/// policy, with an expression that makes a contract as it is after deployment:
///
/// ```ignore
/// policy::conformance_tests!(AccessControl::new());
/// ```
///
/// A policy that lets strangers in on purpose does not pass; it has to say so
/// by tests of its own.
#[macro_export]
macro_rules! conformance_tests {
    ($contract:expr) => {
        #[ink::test]
        fn refuses_strangers_as_every_policy_does() {
            let contract = $contract;
            $crate::conformance::refuses_strangers(|patient, subject, record, action| {
                $crate::Policy::check(&contract, patient, subject, record, action)
            });
        }
    };
}

/// Puts every kind of question to a policy, on behalf of patients and subjects
/// that it has never heard of.
///
/// # Panics
/// When the policy allows something, answers the same question in two ways, or
/// names revocation or expiry as the reason where nothing was ever granted.
pub fn refuses_strangers(check: impl Fn(AccountId, AccountId, Option<u64>, Action) -> Decision) {
    for seed in [0x00, 0x5a, 0xa5, 0xff] {
        let (patient, stranger) = (AccountId([seed; 32]), AccountId([!seed; 32]));
        for record in RECORDS {
            for action in Action::ALL {
                let answer = check(patient, stranger, record, action);
                assert_eq!(
                    answer,
                    check(patient, stranger, record, action),
                    "the same question was answered in two ways"
                );
                match answer {
                    Decision::Allow => panic!("{action:?} was allowed to a stranger"),
                    Decision::Deny(DenyReason::Revoked | DenyReason::Expired) => {
                        panic!("{action:?}: what was never granted cannot be over")
                    }
                    Decision::Deny(_) => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::refuses_strangers;
    use crate::{Decision, DenyReason};

    #[test]
    fn a_policy_that_refuses_passes() {
        refuses_strangers(|_, _, _, _| Decision::Deny(DenyReason::Other(1)));
    }

    #[test]
    #[should_panic = "was allowed to a stranger"]
    fn a_policy_that_lets_strangers_in_fails() {
        refuses_strangers(|_, _, record, _| match record {
            Some(_) => Decision::Allow,
            None => Decision::Deny(DenyReason::NoGrant),
        });
    }

    #[test]
    #[should_panic = "cannot be over"]
    fn a_policy_that_misnames_the_reason_fails() {
        refuses_strangers(|_, _, _, _| Decision::Deny(DenyReason::Revoked));
    }
}
