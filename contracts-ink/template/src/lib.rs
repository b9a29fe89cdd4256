//! The smallest policy: clinicians may view the records of the patient who
//! deploys it. Copy this folder, rename the package and the contract, and write
//! your rule into `check`; docs/policy-guide.md shows how.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unreachable
    )
)]

pub use self::policy_template::PolicyTemplate;

#[allow(missing_docs, unsafe_code, clippy::panic, reason = "for the code that ink! generates")]
#[ink::contract(env = policy::MedChainEnvironment)]
mod policy_template {
    use policy::{Action, Decision, DenyReason, Policy, Role};

    /// The state of the policy.
    #[ink(storage)]
    pub struct PolicyTemplate {
        /// The patient: the account that deployed the contract.
        patient: AccountId,
    }

    impl PolicyTemplate {
        /// Creates a policy for the caller's own records.
        #[ink(constructor)]
        #[allow(clippy::new_without_default, reason = "only a deployment has a patient")]
        pub fn new() -> Self {
            Self { patient: Self::env().caller() }
        }
    }

    impl Policy for PolicyTemplate {
        /// Decides whether `subject` may perform `action` on `record` of `patient`.
        #[ink(message)]
        fn check(
            &self,
            patient: AccountId,
            subject: AccountId,
            record: Option<u64>,
            action: Action,
        ) -> Decision {
            // The rule is the same for every record.
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
