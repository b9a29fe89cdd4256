//! A researcher may view the records of the patients who enrolled in a study,
//! for research, until the study ends. The number of patients is limited, and
//! each can withdraw at any time.
//!
//! One instance serves the whole study: every patient in it makes this contract
//! their policy. It admits nobody else, so it suits patients who need no other
//! grants.
//!
//! Refusals: `NoGrant` for anybody but the researcher and where the patient has
//! not enrolled, `ActionNotGranted` for anything but View, `Expired` after the
//! end, `Other(1)` for any purpose but Research.
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

pub use self::research_cohort::{Enrolled, Error, ResearchCohort, Study, Withdrawn};

#[allow(missing_docs, unsafe_code, clippy::panic, reason = "for the code that ink! generates")]
#[ink::contract(env = policy::MedChainEnvironment)]
mod research_cohort {
    use ink::storage::{Lazy, Mapping};
    use policy::{
        is_over, reasons::PURPOSE_NOT_GRANTED, Action, Decision, DenyReason, Policy, Purpose,
    };

    /// The study and its patients.
    ///
    /// Patients are counted in the messages that they call to enrol and withdraw,
    /// because the chain rolls back what `check` writes.
    #[ink(storage)]
    #[derive(Default)]
    pub struct ResearchCohort {
        study: Lazy<Study>,
        /// The number of enrolled patients.
        enrolled: Lazy<u32>,
        /// Each patient's agreement, stored by patient so that `check` costs one
        /// read.
        patients: Mapping<AccountId, Agreement>,
    }

    /// The study, which is fixed when the contract is deployed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub struct Study {
        /// The terms that a patient agrees to.
        pub agreement: Agreement,
        /// The maximum number of patients.
        pub limit: u32,
    }

    /// The terms that a patient agrees to.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub struct Agreement {
        /// The account that may view the records.
        pub researcher: AccountId,
        /// The last block of the study.
        pub until: BlockNumber,
    }

    /// A patient enrolled in the study.
    #[ink(event)]
    pub struct Enrolled {
        /// The patient whose records the researcher may view.
        #[ink(topic)]
        pub patient: AccountId,
        /// The researcher.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The last block of the study.
        pub until: BlockNumber,
    }

    /// A patient withdrew from the study.
    #[ink(event)]
    pub struct Withdrawn {
        /// The patient whose records the researcher may no longer view.
        #[ink(topic)]
        pub patient: AccountId,
        /// The researcher.
        #[ink(topic)]
        pub grantee: AccountId,
    }

    /// Why a message failed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    pub enum Error {
        /// The study has ended, or its last block is in the past. Choose a later block.
        StudyEnded,
        /// The study has reached its maximum number of patients.
        MaxPatientsExceeded,
        /// The patient is already enrolled.
        AlreadyEnrolled,
        /// The patient is not enrolled.
        NotEnrolled,
    }

    impl ResearchCohort {
        /// Creates a study.
        ///
        /// - `researcher`: the account that may view the patients' records.
        /// - `limit`: the maximum number of patients.
        /// - `until`: the last block of the study.
        #[ink(constructor)]
        pub fn new(researcher: AccountId, limit: u32, until: BlockNumber) -> Result<Self, Error> {
            if is_over(Some(until), Self::env().block_number()) {
                return Err(Error::StudyEnded);
            }
            let mut contract = Self::default();
            contract.study.set(&Study { agreement: Agreement { researcher, until }, limit });
            contract.enrolled.set(&0);
            Ok(contract)
        }

        /// Enrols the caller: the researcher may view their records for research.
        #[ink(message)]
        pub fn enrol(&mut self) -> Result<(), Error> {
            let Study { agreement, limit } = self.study.get().ok_or(Error::StudyEnded)?;
            let Agreement { researcher: grantee, until } = agreement;
            if is_over(Some(until), self.env().block_number()) {
                return Err(Error::StudyEnded);
            }
            let patient = self.env().caller();
            if self.patients.contains(patient) {
                return Err(Error::AlreadyEnrolled);
            }
            let enrolled = self.enrolled();
            if enrolled >= limit {
                return Err(Error::MaxPatientsExceeded);
            }
            self.enrolled.set(&enrolled.saturating_add(1));
            self.patients.insert(patient, &agreement);
            self.env().emit_event(Enrolled { patient, grantee, until });
            Ok(())
        }

        /// Withdraws the caller from the study, which frees their place.
        #[ink(message)]
        pub fn withdraw(&mut self) -> Result<(), Error> {
            let patient = self.env().caller();
            let agreement = self.patients.take(patient).ok_or(Error::NotEnrolled)?;
            self.enrolled.set(&self.enrolled().saturating_sub(1));
            let grantee = agreement.researcher;
            self.env().emit_event(Withdrawn { patient, grantee });
            Ok(())
        }

        /// Returns the study.
        #[ink(message)]
        pub fn study(&self) -> Option<Study> {
            self.study.get()
        }

        /// Returns the number of enrolled patients.
        #[ink(message)]
        pub fn enrolled(&self) -> u32 {
            self.enrolled.get().unwrap_or_default()
        }
    }

    impl Policy for ResearchCohort {
        /// Decides whether `patient` enrolled in a study of `subject`, who may view for research.
        #[ink(message)]
        fn check(
            &self,
            patient: AccountId,
            subject: AccountId,
            record: Option<u64>,
            action: Action,
        ) -> Decision {
            let _ = record;
            let reason = match self.patients.get(patient) {
                Some(agreement) if agreement.researcher == subject => {
                    if is_over(Some(agreement.until), self.env().block_number()) {
                        DenyReason::Expired
                    } else if action != Action::View {
                        DenyReason::ActionNotGranted
                    } else if self.env().extension().purpose() != Some(Purpose::Research) {
                        PURPOSE_NOT_GRANTED
                    } else {
                        return Decision::Allow;
                    }
                }
                _ => DenyReason::NoGrant,
            };
            Decision::Deny(reason)
        }
    }
}

policy::answer_directly!(ResearchCohort);

#[cfg(test)]
mod tests;
