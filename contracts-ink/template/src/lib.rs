//! The smallest policy: clinicians may view the records of the patient who
//! deploys it, and nothing else. Copy this folder, rename the package and the
//! contract, and put your rule into `check`; docs/policy-guide.md shows how.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

pub use self::policy_template::PolicyTemplate;

// What ink! generates has public items without documentation and exported
// functions; this module's own code has neither unsafe blocks nor raw pointers.
#[allow(missing_docs, unsafe_code)]
#[ink::contract(env = policy::MedChainEnvironment)]
mod policy_template {
    use policy::{Action, Decision, DenyReason, Policy, Role};

    /// What the policy remembers.
    #[ink(storage)]
    pub struct PolicyTemplate {
        /// The patient: whoever deployed the contract.
        patient: AccountId,
    }

    impl PolicyTemplate {
        /// A policy for the caller's own records.
        #[ink(constructor)]
        #[allow(clippy::new_without_default)] // Only a deployment has a patient.
        pub fn new() -> Self {
            Self { patient: Self::env().caller() }
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
            if patient != self.patient {
                return Decision::Deny(DenyReason::NoGrant);
            }
            if action != Action::View {
                return Decision::Deny(DenyReason::ActionNotGranted);
            }
            match self.env().extension().has_role(subject, Role::Clinician) {
                true => Decision::Allow,
                false => Decision::Deny(DenyReason::NoGrant),
            }
        }
    }
}

#[cfg(test)]
mod tests;
