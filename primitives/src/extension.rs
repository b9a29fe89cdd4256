//! What a policy contract may ask the chain while it decides: the numbers of
//! the chain extension, which contracts and runtime must agree on.

/// The chain extension's id: the bytes `MC`.
pub const EXTENSION_ID: u16 = 0x4d43;

/// `owner_of(record: u64) -> Option<AccountId>`: whose record it is, also of an
/// erased one.
pub const EXTENSION_OWNER_OF: u16 = 1;

/// `has_role(account: AccountId, role: Role) -> bool`: whether the registrar
/// gave the account this role.
pub const EXTENSION_HAS_ROLE: u16 = 2;

/// `relation_of(patient: AccountId, relative: AccountId) -> Option<Relation>`:
/// what the patient said of a relative.
pub const EXTENSION_RELATION_OF: u16 = 3;

/// `purpose() -> Option<Purpose>`: what the access is wanted for. Nothing where
/// the question comes without a purpose, or was not asked by the chain.
pub const EXTENSION_PURPOSE: u16 = 4;
