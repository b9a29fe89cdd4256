//! What a policy may ask the chain while it decides, and write into the log.
#![allow(clippy::unused_self, reason = "for the code that ink! generates")]

use crate::{Appointment, BlockNumber, ModelId, PolicyEntry, Purpose, Relation, Role};
use ink::{
    env::{DefaultEnvironment, Environment},
    prelude::vec::Vec,
    primitives::AccountId,
    ChainExtensionInstance,
};

/// MedChain's chain extension, `0x4d43`: what a contract may ask the chain.
///
/// Every function but `purpose` and `model` costs a storage read, and two where an account
/// was given the role, so call it only where the answer decides. Arguments and return values are SCALE-encoded; there is no
/// status to handle. A function that the chain does not know ends the call,
/// which counts as a refusal.
#[ink::chain_extension(extension = 0x4d43)]
pub trait MedChain {
    /// No function returns an error.
    type ErrorCode = ();

    /// Returns the owner of a record, erased or not; none: no such record.
    #[ink(function = 1, handle_status = false)]
    fn owner_of(record: u64) -> Option<AccountId>;

    /// Returns whether `account` has this role now.
    ///
    /// The registrar of an institution gave it; it ends with its term, and with the institution.
    #[ink(function = 2, handle_status = false)]
    fn has_role(account: AccountId, role: Role) -> bool;

    /// Returns the relation that `patient` declared to `relative`; none: no relation.
    #[ink(function = 3, handle_status = false)]
    fn relation_of(patient: AccountId, relative: AccountId) -> Option<Relation>;

    /// Returns the purpose of the access that the chain is asking about.
    ///
    /// None where the question names no purpose, and where an account calls the
    /// contract itself.
    #[ink(function = 4, handle_status = false)]
    fn purpose() -> Option<Purpose>;

    /// Returns the model that is to run on the record that the chain is asking about.
    ///
    /// There is one where the question is about [`Infer`] for a request: about the
    /// account that orders the verdict, and about each worker. None elsewhere, and
    /// where an account calls the contract itself.
    ///
    /// [`Infer`]: crate::Action::Infer
    #[ink(function = 5, handle_status = false)]
    fn model() -> Option<ModelId>;

    /// Returns the institution behind this role of `account`, and the last block of its term.
    ///
    /// None where `has_role` is false.
    #[ink(function = 6, handle_status = false)]
    fn appointment(account: AccountId, role: Role) -> Option<Appointment<BlockNumber>>;

    /// Writes into the log of `patient` what changed in this contract; see [`note`].
    ///
    /// False, and nothing is written, where this contract is not the patient's policy
    /// now, and in `check`.
    #[ink(function = 7, handle_status = false)]
    fn note(patient: AccountId, entry: PolicyEntry) -> bool;
}

/// Writes an event into the log of `patient`, where nobody can leave it out any more.
///
/// `signature` is the event's first topic, and `fields` are its encoded fields after the
/// patient; together at most 128 bytes. So `medchain audit` shows it as the event itself.
/// Returns whether it was written: the chain takes notes only of the policy that the
/// patient has now. Do not fail where it was not, or nobody can prepare a policy before
/// choosing it.
pub fn note(patient: &AccountId, signature: &[u8; 32], fields: &[u8]) -> bool {
    let mut entry = Vec::with_capacity(signature.len().saturating_add(fields.len()));
    entry.extend_from_slice(signature);
    entry.extend_from_slice(fields);
    let Ok(entry) = PolicyEntry::try_from(entry) else { return false };
    <MedChain as ChainExtensionInstance>::instantiate().note(*patient, entry)
}

/// The environment of contracts on MedChain: ink!'s default with the chain extension.
///
/// A contract declares it with `#[ink::contract(env = policy::MedChainEnvironment)]`
/// and asks the chain through `self.env().extension()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(TypeInfo)]
pub enum MedChainEnvironment {}

impl Environment for MedChainEnvironment {
    const MAX_EVENT_TOPICS: usize = DefaultEnvironment::MAX_EVENT_TOPICS;

    type AccountId = <DefaultEnvironment as Environment>::AccountId;
    type Balance = <DefaultEnvironment as Environment>::Balance;
    type Hash = <DefaultEnvironment as Environment>::Hash;
    type BlockNumber = <DefaultEnvironment as Environment>::BlockNumber;
    type Timestamp = <DefaultEnvironment as Environment>::Timestamp;

    type ChainExtension = MedChain;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Chain;
    use ink::{
        env::test::{register_chain_extension, ChainExtension},
        scale::{Decode, Encode},
        ChainExtensionInstance,
    };
    use medchain_primitives::{
        InstitutionId, RelationKind, EXTENSION_APPOINTMENT, EXTENSION_HAS_ROLE, EXTENSION_ID,
        EXTENSION_MODEL, EXTENSION_NOTE, EXTENSION_OWNER_OF, EXTENSION_PURPOSE,
        EXTENSION_RELATION_OF,
    };
    use std::{cell::RefCell, rc::Rc};

    const PATIENT: AccountId = AccountId([1; 32]);
    const OTHER: AccountId = AccountId([2; 32]);

    /// The functions that were called, with their arguments.
    type Calls = Rc<RefCell<Vec<(u16, Vec<u8>)>>>;

    /// Records its calls and answers each with a zero, which means "none" and "no".
    struct Recorder(Calls);

    impl ChainExtension for Recorder {
        fn ext_id(&self) -> u16 {
            EXTENSION_ID
        }

        fn call(&mut self, function: u16, input: &[u8], output: &mut Vec<u8>) -> u32 {
            // ink!'s off-chain environment hands over the encoded bytes as bytes.
            let input = Vec::<u8>::decode(&mut &input[..]).unwrap();
            self.0.borrow_mut().push((function, input));
            output.push(0);
            0
        }
    }

    #[ink::test]
    fn the_numbers_are_those_of_the_chain() {
        let calls = Calls::default();
        register_chain_extension(Recorder(calls.clone()));
        let chain = <MedChain as ChainExtensionInstance>::instantiate;
        assert_eq!(chain().owner_of(7), None);
        assert!(!chain().has_role(PATIENT, Role::Hospital));
        assert_eq!(chain().relation_of(PATIENT, OTHER), None);
        assert_eq!(chain().purpose(), None);
        assert_eq!(chain().model(), None);
        assert_eq!(chain().appointment(PATIENT, Role::Custodian), None);
        assert!(!note(&PATIENT, &[9; 32], &[1, 2]));
        let expected = [
            (EXTENSION_OWNER_OF, 7u64.encode()),
            (EXTENSION_HAS_ROLE, (PATIENT, 2u8).encode()),
            (EXTENSION_RELATION_OF, (PATIENT, OTHER).encode()),
            (EXTENSION_PURPOSE, vec![]),
            (EXTENSION_MODEL, vec![]),
            (EXTENSION_APPOINTMENT, (PATIENT, 3u8).encode()),
            (EXTENSION_NOTE, (PATIENT, [&[9u8; 32][..], &[1, 2]].concat()).encode()),
        ];
        assert_eq!(*calls.borrow(), expected);
    }

    #[ink::test]
    fn what_is_too_long_is_not_written() {
        let chain = Chain::new();
        let notes = chain.notes();
        chain.install();
        assert!(note(&PATIENT, &[9; 32], &[1; 96]));
        assert!(!note(&PATIENT, &[9; 32], &[1; 97]));
        assert_eq!(*notes.borrow(), [(PATIENT, [&[9; 32][..], &[1; 96]].concat())]);
    }

    #[ink::test]
    fn the_chain_for_tests_answers_as_the_chain_does() {
        let relation = Relation { kind: RelationKind::Guardian, emergency_contact: true };
        Chain::new()
            .owner(7, PATIENT)
            .role(OTHER, Role::Clinician)
            .appointment(OTHER, Role::Custodian, InstitutionId(5), 9)
            .relation(PATIENT, OTHER, relation)
            .purpose(Purpose::Research)
            .model(ModelId(300))
            .install();
        let chain = <MedChain as ChainExtensionInstance>::instantiate;
        assert_eq!(chain().owner_of(7), Some(PATIENT));
        assert_eq!(chain().owner_of(8), None);
        assert!(chain().has_role(OTHER, Role::Clinician));
        assert!(!chain().has_role(OTHER, Role::Hospital));
        assert!(!chain().has_role(PATIENT, Role::Clinician));
        let appointment = Appointment { institution: InstitutionId(5), until: 9 };
        assert_eq!(chain().appointment(OTHER, Role::Custodian), Some(appointment));
        assert!(chain().has_role(OTHER, Role::Custodian));
        assert!(chain().appointment(OTHER, Role::Clinician).is_some());
        assert_eq!(chain().appointment(OTHER, Role::Hospital), None);
        // As on the chain, a role ends with its term.
        crate::testing::at_block(10);
        assert_eq!(chain().appointment(OTHER, Role::Custodian), None);
        assert!(!chain().has_role(OTHER, Role::Custodian));
        assert_eq!(chain().relation_of(PATIENT, OTHER), Some(relation));
        assert_eq!(chain().relation_of(OTHER, PATIENT), None);
        assert_eq!(chain().purpose(), Some(Purpose::Research));
        assert_eq!(chain().model(), Some(ModelId(300)));
        // The next one takes its place.
        Chain::new().install();
        assert_eq!(chain().purpose(), None);
        assert_eq!(chain().model(), None);
        assert!(!chain().has_role(OTHER, Role::Clinician));
    }
}
