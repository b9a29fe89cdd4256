//! Holders of some roles, such as clinicians, may view the records of the
//! patient who deploys this, but only between two hours of the day.
//!
//! Refusals: `NoGrant` without such a role, `ActionNotGranted` for anything but
//! View, `Other(2)` at another time of day.
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

mod hours;

pub use self::{hours::Hours, working_hours::WorkingHours};

#[allow(missing_docs, unsafe_code, clippy::panic, reason = "for the code that ink! generates")]
#[ink::contract(env = policy::MedChainEnvironment)]
mod working_hours {
    use crate::hours::Hours;
    use policy::{reasons::OUTSIDE_HOURS, Action, Decision, DenyReason, Policy, RoleSet, SetError};

    /// The patient and their rule.
    #[ink(storage)]
    pub struct WorkingHours {
        patient: AccountId,
        rule: Rule,
    }

    /// When which roles may view.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    pub struct Rule {
        roles: RoleSet,
        hours: Hours,
    }

    policy::stored_whole!(Rule);

    /// Why the rule is invalid.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    pub enum Error {
        /// The set of roles is empty or has an unknown bit: only bits 0 to 3 are in use.
        Roles(SetError),
        /// The hours must differ and be at most 23, and the offset must be shorter than a day.
        Hours,
    }

    impl WorkingHours {
        /// Creates a policy for the caller's own records.
        ///
        /// - `roles`: the roles that may view, in one byte; LabTechnician is 1,
        ///   Clinician 2, Hospital 4, Custodian 8.
        /// - `from`, `to`: the hours (0 to 23) at which access begins and ends; 22
        ///   and 6 are a night.
        /// - `offset`: how many minutes the clock is ahead of UTC.
        #[ink(constructor)]
        pub fn new(roles: RoleSet, from: u8, to: u8, offset: i16) -> Result<Self, Error> {
            roles.validate().map_err(Error::Roles)?;
            let hours = Hours::new(from, to, offset).ok_or(Error::Hours)?;
            Ok(Self { patient: Self::env().caller(), rule: Rule { roles, hours } })
        }
    }

    impl Policy for WorkingHours {
        /// Decides whether `subject` may perform `action` on the patient's records now.
        #[ink(message)]
        fn check(
            &self,
            patient: AccountId,
            subject: AccountId,
            record: Option<u64>,
            action: Action,
        ) -> Decision {
            let _ = record;
            if patient != self.patient {
                return Decision::Deny(DenyReason::NoGrant);
            }
            if action != Action::View {
                return Decision::Deny(DenyReason::ActionNotGranted);
            }
            if !self.rule.hours.contain(self.env().block_timestamp()) {
                return Decision::Deny(OUTSIDE_HOURS);
            }
            // Last, because it costs a read of the chain's storage.
            let chain = || self.env().extension();
            match self.rule.roles.iter().any(|role| chain().has_role(subject, role)) {
                true => Decision::Allow,
                false => Decision::Deny(DenyReason::NoGrant),
            }
        }
    }
}

#[cfg(test)]
mod tests;
