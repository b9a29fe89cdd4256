//! What a policy contract may ask the chain, and write into the log: the numbers of the
//! chain extension, which contracts and runtime must agree on.

/// The chain extension's id: the bytes `MC`.
pub const EXTENSION_ID: u16 = 0x4d43;

/// The function that returns the owner of a record, also of an erased one.
///
/// `owner_of(record: u64) -> Option<AccountId>`.
pub const EXTENSION_OWNER_OF: u16 = 1;

/// The function that tells whether an account has a role now.
///
/// An institution's registrar gave it, the term is not over, and the institution is still admitted.
///
/// `has_role(account: AccountId, role: Role) -> bool`.
pub const EXTENSION_HAS_ROLE: u16 = 2;

/// The function that returns what a patient stated about a relative.
///
/// `relation_of(patient: AccountId, relative: AccountId) -> Option<Relation>`.
pub const EXTENSION_RELATION_OF: u16 = 3;

/// The function that returns the purpose of the access.
///
/// `purpose() -> Option<Purpose>`. `None` if the question has no purpose, or
/// was not asked by the chain.
pub const EXTENSION_PURPOSE: u16 = 4;

/// The function that returns the model that is to run on the record.
///
/// `model() -> Option<ModelId>`. `None` if the question is not about a request
/// for a verdict, or was not asked by the chain.
pub const EXTENSION_MODEL: u16 = 5;

/// The function that returns the institution behind an account's role, and the end of the term.
///
/// `appointment(account: AccountId, role: Role) -> Option<Appointment>`. `None` if the account
/// does not have the role now, as `has_role` tells.
pub const EXTENSION_APPOINTMENT: u16 = 6;

/// The function that writes into a patient's log what the policy changed.
///
/// `note(patient: AccountId, entry: PolicyEntry) -> bool`. False, and nothing is written, if the
/// contract is not the policy in force for the patient, and while the chain asks it an access
/// question.
pub const EXTENSION_NOTE: u16 = 7;
