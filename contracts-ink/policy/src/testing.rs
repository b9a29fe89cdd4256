//! A stand-in for the chain, for tests in ink!'s off-chain environment.

use crate::{
    Appointment, BlockNumber, InstitutionId, MedChainEnvironment, ModelId, PolicyEntry, Purpose,
    Relation, Role,
};
use ink::{
    env::test,
    primitives::AccountId,
    scale::{Decode, Encode},
};
use medchain_primitives::{
    EXTENSION_APPOINTMENT, EXTENSION_HAS_ROLE, EXTENSION_ID, EXTENSION_MODEL, EXTENSION_NOTE,
    EXTENSION_OWNER_OF, EXTENSION_PURPOSE, EXTENSION_RELATION_OF,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// What a policy wrote into logs: the patients, and the entries.
pub type Notes = Rc<RefCell<Vec<(AccountId, Vec<u8>)>>>;

/// A stand-in for the chain: what it answers to a policy's questions.
///
/// A policy that asks the chain, or writes into the log, panics in a test that has not
/// installed one. One line does so, for the current test:
///
/// ```ignore
/// policy::testing::Chain::new().role(DOCTOR, Role::Clinician).purpose(Purpose::Treatment).install();
/// ```
///
/// Install another one to change the answers from then on.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    owners: Vec<(u64, AccountId)>,
    roles: Vec<(AccountId, Role, Appointment<BlockNumber>)>,
    relations: Vec<(AccountId, AccountId, Relation)>,
    purpose: Option<Purpose>,
    model: Option<ModelId>,
    notes: Notes,
}

impl Chain {
    /// Creates a chain that knows no accounts and names neither purpose nor model.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record of `patient`.
    #[must_use]
    pub fn owner(mut self, record: u64, patient: AccountId) -> Self {
        self.owners.push((record, patient));
        self
    }

    /// Gives `account` this role, from the institution 0 and for good.
    #[must_use]
    pub fn role(self, account: AccountId, role: Role) -> Self {
        self.appointment(account, role, InstitutionId(0), BlockNumber::MAX)
    }

    /// Gives `account` this role, from an institution and until the block `until`.
    #[must_use]
    pub fn appointment(
        mut self,
        account: AccountId,
        role: Role,
        institution: InstitutionId,
        until: BlockNumber,
    ) -> Self {
        self.roles.push((account, role, Appointment { institution, until }));
        self
    }

    /// Adds the relation of `patient` to `relative`.
    #[must_use]
    pub fn relation(mut self, patient: AccountId, relative: AccountId, relation: Relation) -> Self {
        self.relations.push((patient, relative, relation));
        self
    }

    /// Sets the purpose of the access.
    #[must_use]
    pub fn purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = Some(purpose);
        self
    }

    /// Sets the model that is to run on the record.
    #[must_use]
    pub fn model(mut self, model: ModelId) -> Self {
        self.model = Some(model);
        self
    }

    /// Returns what the policy will write into the logs of patients. The chain takes every note.
    pub fn notes(&self) -> Notes {
        self.notes.clone()
    }

    /// Installs this chain in place of the previous one.
    pub fn install(self) {
        test::register_chain_extension(self);
    }

    fn appointment_of(&self, account: AccountId, role: Role) -> Option<Appointment<BlockNumber>> {
        let now = NOW.get();
        let of =
            |one: &&(AccountId, Role, Appointment<BlockNumber>)| (one.0, one.1) == (account, role);
        self.roles.iter().find(of).map(|one| one.2).filter(|appointment| now <= appointment.until)
    }

    fn relation_of(&self, patient: AccountId, relative: AccountId) -> Option<Relation> {
        let of = |one: &&(AccountId, AccountId, Relation)| (one.0, one.1) == (patient, relative);
        self.relations.iter().find(of).map(|one| one.2)
    }
}

impl test::ChainExtension for Chain {
    fn ext_id(&self) -> u16 {
        EXTENSION_ID
    }

    fn call(&mut self, function: u16, input: &[u8], output: &mut Vec<u8>) -> u32 {
        // ink!'s off-chain environment passes the encoded arguments as bytes.
        let input: Vec<u8> = arguments(input);
        *output = match function {
            EXTENSION_OWNER_OF => {
                let record: u64 = arguments(&input);
                self.owners.iter().find(|one| one.0 == record).map(|one| one.1).encode()
            }
            EXTENSION_HAS_ROLE => {
                let (account, role) = arguments(&input);
                self.appointment_of(account, role).is_some().encode()
            }
            EXTENSION_APPOINTMENT => {
                let (account, role) = arguments(&input);
                self.appointment_of(account, role).encode()
            }
            EXTENSION_RELATION_OF => {
                let (patient, relative) = arguments(&input);
                self.relation_of(patient, relative).encode()
            }
            EXTENSION_PURPOSE => self.purpose.encode(),
            EXTENSION_MODEL => self.model.encode(),
            EXTENSION_NOTE => {
                let (patient, entry): (AccountId, PolicyEntry) = arguments(&input);
                self.notes.borrow_mut().push((patient, entry.into_inner()));
                true.encode()
            }
            unknown => panic!("the chain has no function {unknown}"),
        };
        0
    }
}

fn arguments<T: Decode>(mut input: &[u8]) -> T {
    T::decode(&mut input).expect("the arguments are encoded as the extension is declared; qed")
}

/// Sets the account that calls the contract from now on.
pub fn call_as(caller: AccountId) {
    test::set_caller::<MedChainEnvironment>(caller);
}

thread_local! {
    /// ink!'s environment cannot be asked while it asks the extension.
    static NOW: Cell<BlockNumber> = const { Cell::new(0) };
}

/// Moves the chain to the block `number`.
pub fn at_block(number: BlockNumber) {
    NOW.set(number);
    test::set_block_number::<MedChainEnvironment>(number);
}
