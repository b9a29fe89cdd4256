//! Who has one of some roles, such as clinicians, may view the records of the
//! patient who deploys this, but only between two hours of the day.
//!
//! Refusals: `NoGrant` without such a role, `ActionNotGranted` for anything but
//! View, `Other(2)` at another time of the day.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

mod hours;

pub use self::{hours::Hours, working_hours::WorkingHours};

// What ink! generates has public items without documentation and exported
// functions; this module's own code has neither unsafe blocks nor raw pointers.
#[allow(missing_docs, unsafe_code)]
#[ink::contract(env = policy::MedChainEnvironment)]
mod working_hours {
    use crate::hours::Hours;
    use policy::{reasons::OUTSIDE_HOURS, Action, Decision, DenyReason, Policy, RoleSet, SetError};

    /// Whose policy it is, and its rule.
    #[ink(storage)]
    pub struct WorkingHours {
        patient: AccountId,
        roles: RoleSet,
        hours: Hours,
    }

    /// Why the rule makes no sense.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    pub enum Error {
        /// No role is named, or one that there is not.
        Roles(SetError),
        /// An hour after 23, twice the same one, or an offset of more than a day.
        Hours,
    }

    impl WorkingHours {
        /// A policy for the caller's own records. It lets in these `roles` (bit
        /// i stands for the role with index i: LabTechnician, Clinician,
        /// Hospital, Custodian) from the hour `from` until the hour `to` begins
        /// (0 to 23; 22 and 6 are a night), on a clock that is `offset` minutes
        /// ahead of UTC.
        #[ink(constructor)]
        pub fn new(roles: RoleSet, from: u8, to: u8, offset: i16) -> Result<Self, Error> {
            roles.validate().map_err(Error::Roles)?;
            let hours = Hours::new(from, to, offset).ok_or(Error::Hours)?;
            Ok(Self { patient: Self::env().caller(), roles, hours })
        }
    }

    impl Policy for WorkingHours {
        /// Whether `subject` may perform `action` on the patient's records now.
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
            if !self.hours.contain(self.env().block_timestamp()) {
                return Decision::Deny(OUTSIDE_HOURS);
            }
            // Last, because it is the part that costs a read of the chain's.
            let chain = || self.env().extension();
            match self.roles.iter().any(|role| chain().has_role(subject, role)) {
                true => Decision::Allow,
                false => Decision::Deny(DenyReason::NoGrant),
            }
        }
    }
}

#[cfg(test)]
mod tests;
