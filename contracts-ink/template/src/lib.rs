//! The smallest policy: one trustee, chosen by the patient who deploys it, may
//! view the records and nothing else. Copy this folder, rename the package and
//! the contract, and put your rule into `check`.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

// What ink! generates has public items without documentation and exported
// functions; this module's own code has neither unsafe blocks nor raw pointers.
#[allow(missing_docs, unsafe_code)]
#[ink::contract]
mod policy_template {
    use policy::{Action, Decision, DenyReason, Policy};

    /// What the policy remembers.
    #[ink(storage)]
    pub struct PolicyTemplate {
        /// The patient: whoever deployed the contract.
        patient: AccountId,
        /// Who may view the patient's records.
        trustee: AccountId,
    }

    impl PolicyTemplate {
        /// A policy for the caller's own records.
        #[ink(constructor)]
        pub fn new(trustee: AccountId) -> Self {
            let patient = Self::env().caller();
            Self { patient, trustee }
        }
    }

    impl Policy for PolicyTemplate {
        /// Whether `subject` may perform `action` on `record` of `patient`.
        #[ink(message)]
        fn check(
            &self,
            patient: AccountId,
            subject: AccountId,
            record: Option<u64>,
            action: Action,
        ) -> Decision {
            // This rule is the same for every record.
            let _ = record;
            // Another patient may have chosen this contract by mistake.
            if patient != self.patient || subject != self.trustee {
                return Decision::Deny(DenyReason::NoGrant);
            }
            match action {
                Action::View => Decision::Allow,
                _ => Decision::Deny(DenyReason::ActionNotGranted),
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const TRUSTEE: AccountId = ink::primitives::AccountId([7; 32]);

        fn own() -> (AccountId, PolicyTemplate) {
            let accounts = ink::env::test::default_accounts::<ink::env::DefaultEnvironment>();
            ink::env::test::set_caller::<ink::env::DefaultEnvironment>(accounts.alice);
            (accounts.alice, PolicyTemplate::new(TRUSTEE))
        }

        policy::conformance_tests!(PolicyTemplate::new(TRUSTEE));

        #[ink::test]
        fn the_trustee_may_view() {
            let (patient, contract) = own();
            assert_eq!(contract.check(patient, TRUSTEE, Some(0), Action::View), Decision::Allow);
            assert_eq!(
                contract.check(patient, TRUSTEE, Some(0), Action::Amend),
                Decision::Deny(DenyReason::ActionNotGranted)
            );
            assert_eq!(
                contract.check(TRUSTEE, TRUSTEE, Some(0), Action::View),
                Decision::Deny(DenyReason::NoGrant)
            );
        }
    }
}

pub use self::policy_template::PolicyTemplate;
