//! A study may view, for research, the records of the patients who enrolled
//! themselves, until it ends. There is room for so many patients and no more,
//! and each can withdraw at any time.
//!
//! One instance serves the whole study: every patient of it makes this contract
//! their policy. It lets nobody else in, so it suits patients who need no other
//! grants.
//!
//! Refusals: `NoGrant` for who is not the study, and where the patient has not
//! enrolled, `ActionNotGranted` for anything but View, `Expired` after the end,
//! `Other(1)` for another purpose than Research.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

pub use self::research_cohort::{Enrolled, Error, ResearchCohort, Study, Withdrawn};

// What ink! generates has public items without documentation and exported
// functions; this module's own code has neither unsafe blocks nor raw pointers.
#[allow(missing_docs, unsafe_code)]
#[ink::contract(env = policy::MedChainEnvironment)]
mod research_cohort {
    use ink::storage::{Lazy, Mapping};
    use policy::{
        is_over, reasons::PURPOSE_NOT_GRANTED, Action, Decision, DenyReason, Policy, Purpose,
    };

    /// Patients are counted when they enrol and withdraw, in messages that they
    /// call: what `check` writes, the chain rolls back.
    #[ink(storage)]
    #[derive(Default)]
    pub struct ResearchCohort {
        study: Lazy<Study>,
        /// How many patients are enrolled.
        enrolled: Lazy<u32>,
        /// The study as each patient agreed to it. It stands under the patient,
        /// so that the chain's question costs one read.
        patients: Mapping<AccountId, Agreement>,
    }

    /// What was fixed when the contract was deployed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub struct Study {
        /// What a patient agrees to.
        pub agreement: Agreement,
        /// For how many patients there is room.
        pub limit: u32,
    }

    /// What a patient agrees to.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub struct Agreement {
        /// Who does the research: may view the records.
        pub researcher: AccountId,
        /// The last block of the study.
        pub until: BlockNumber,
    }

    /// A patient enrolled.
    #[ink(event)]
    pub struct Enrolled {
        /// Whose records the study may view.
        #[ink(topic)]
        pub patient: AccountId,
        /// Who does the research.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The last block of the study.
        pub until: BlockNumber,
    }

    /// A patient withdrew.
    #[ink(event)]
    pub struct Withdrawn {
        /// Whose records the study may no longer view.
        #[ink(topic)]
        pub patient: AccountId,
        /// Who does the research.
        #[ink(topic)]
        pub grantee: AccountId,
    }

    /// Why a message changed nothing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    pub enum Error {
        /// The study is over, or was so before it began.
        Over,
        /// As many patients are enrolled as there is room for.
        Full,
        /// The patient is enrolled already.
        AlreadyEnrolled,
        /// The patient is not enrolled.
        NotEnrolled,
    }

    impl ResearchCohort {
        /// A study of `researcher` with room for `limit` patients, up to and
        /// including the block `until`.
        #[ink(constructor)]
        pub fn new(researcher: AccountId, limit: u32, until: BlockNumber) -> Result<Self, Error> {
            if is_over(Some(until), Self::env().block_number()) {
                return Err(Error::Over);
            }
            let mut contract = Self::default();
            contract.study.set(&Study { agreement: Agreement { researcher, until }, limit });
            contract.enrolled.set(&0);
            Ok(contract)
        }

        /// Lets the study view the caller's records for research.
        #[ink(message)]
        pub fn enrol(&mut self) -> Result<(), Error> {
            let Study { agreement, limit } = self.study.get().ok_or(Error::Over)?;
            let Agreement { researcher: grantee, until } = agreement;
            if is_over(Some(until), self.env().block_number()) {
                return Err(Error::Over);
            }
            let patient = self.env().caller();
            if self.patients.contains(patient) {
                return Err(Error::AlreadyEnrolled);
            }
            let enrolled = self.enrolled();
            if enrolled >= limit {
                return Err(Error::Full);
            }
            self.enrolled.set(&enrolled.saturating_add(1));
            self.patients.insert(patient, &agreement);
            self.env().emit_event(Enrolled { patient, grantee, until });
            Ok(())
        }

        /// Takes the caller out of the study, and makes room for somebody else.
        #[ink(message)]
        pub fn withdraw(&mut self) -> Result<(), Error> {
            let patient = self.env().caller();
            let agreement = self.patients.take(patient).ok_or(Error::NotEnrolled)?;
            self.enrolled.set(&self.enrolled().saturating_sub(1));
            let grantee = agreement.researcher;
            self.env().emit_event(Withdrawn { patient, grantee });
            Ok(())
        }

        /// The study.
        #[ink(message)]
        pub fn study(&self) -> Option<Study> {
            self.study.get()
        }

        /// How many patients are enrolled.
        #[ink(message)]
        pub fn enrolled(&self) -> u32 {
            self.enrolled.get().unwrap_or_default()
        }
    }

    impl Policy for ResearchCohort {
        /// Whether `patient` enrolled in the study of `subject`, which views for
        /// research.
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
