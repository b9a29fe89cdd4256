//! The events of the reference policy contract, `access-control`.

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::DecodeAll;
use medchain_primitives::{ActionSet, PurposeSet, Role};

use crate::{AccountId32, H256};

/// The contract's events as ink! signs them: the name, and the types of the
/// fields as the contract's source writes them.
mod signature {
    pub const GRANTED: &str =
        "Granted(AccountId,AccountId,ActionSet,Option<BlockNumber>,Option<PurposeSet>,AccountId)";
    pub const REVOKED: &str = "Revoked(AccountId,AccountId,AccountId)";
    pub const ROLE_GRANTED: &str =
        "RoleGranted(AccountId,Role,ActionSet,Option<BlockNumber>,Option<PurposeSet>)";
    pub const ROLE_REVOKED: &str = "RoleRevoked(AccountId,Role)";
    pub const DELEGATE_SET: &str = "DelegateSet(AccountId,AccountId,ActionSet,Option<BlockNumber>)";
    /// Of the contract's second version, whose instances stay on chain.
    pub const DELEGATE_SET_2: &str = "DelegateSet(AccountId,AccountId,Option<BlockNumber>)";
    pub const DELEGATE_REMOVED: &str = "DelegateRemoved(AccountId,AccountId)";
    /// Of the contract's first version, whose instances stay on chain.
    pub const GRANTED_1: &str = "Granted(AccountId,AccountId,ActionSet,Option<BlockNumber>)";
    /// As [`GRANTED_1`].
    pub const REVOKED_1: &str = "Revoked(AccountId,AccountId)";
}

/// What a patient, or a delegate in the patient's name, changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyEvent {
    /// An account was granted actions, in place of what it had.
    Granted {
        /// The patient.
        patient: AccountId32,
        /// The account that may act.
        grantee: AccountId32,
        /// The actions that it may take.
        actions: ActionSet,
        /// The last block in which the grant is valid; until it is revoked when `None`.
        until: Option<u32>,
        /// The purposes that it is limited to; any purpose when `None`.
        purposes: Option<PurposeSet>,
        /// The account that did it; `None` where the contract does not tell.
        by: Option<AccountId32>,
    },
    /// An account's grant was revoked.
    Revoked {
        /// The patient.
        patient: AccountId32,
        /// The account that may no longer act.
        grantee: AccountId32,
        /// The account that did it; `None` where the contract does not tell.
        by: Option<AccountId32>,
    },
    /// A role was granted actions, in place of what it had.
    RoleGranted {
        /// The patient.
        patient: AccountId32,
        /// The role. Every account that has it may act.
        role: Role,
        /// The actions that it may take.
        actions: ActionSet,
        /// The last block in which the grant is valid; until it is revoked when `None`.
        until: Option<u32>,
        /// The purposes that it is limited to; any purpose when `None`.
        purposes: Option<PurposeSet>,
    },
    /// A role's grant was revoked.
    RoleRevoked {
        /// The patient.
        patient: AccountId32,
        /// The role.
        role: Role,
    },
    /// A delegate may grant and revoke in the patient's name.
    DelegateSet {
        /// The patient.
        patient: AccountId32,
        /// The delegate.
        delegate: AccountId32,
        /// The actions that they may grant; all when `None`.
        actions: Option<ActionSet>,
        /// The last block in which they may; until they are removed when `None`.
        until: Option<u32>,
    },
    /// A delegate was removed.
    DelegateRemoved {
        /// The patient.
        patient: AccountId32,
        /// The delegate.
        delegate: AccountId32,
    },
}

impl PolicyEvent {
    /// Reads an event that a contract emitted; `None` where it is not an event of the
    /// reference contract, of this or its first version.
    pub fn read(topics: &[H256], data: &[u8]) -> Option<Self> {
        let name = topics.first()?.0;
        let is = |signature: &str| name == blake2_256(signature.as_bytes());
        if is(signature::GRANTED) {
            let (patient, grantee, actions, until, purposes, by) = read(data)?;
            Some(Self::Granted { patient, grantee, actions, until, purposes, by: Some(by) })
        } else if is(signature::GRANTED_1) {
            let (patient, grantee, actions, until) = read(data)?;
            Some(Self::Granted { patient, grantee, actions, until, purposes: None, by: None })
        } else if is(signature::REVOKED) {
            let (patient, grantee, by) = read(data)?;
            Some(Self::Revoked { patient, grantee, by: Some(by) })
        } else if is(signature::REVOKED_1) {
            let (patient, grantee) = read(data)?;
            Some(Self::Revoked { patient, grantee, by: None })
        } else if is(signature::ROLE_GRANTED) {
            let (patient, role, actions, until, purposes) = read(data)?;
            Some(Self::RoleGranted { patient, role, actions, until, purposes })
        } else if is(signature::ROLE_REVOKED) {
            let (patient, role) = read(data)?;
            Some(Self::RoleRevoked { patient, role })
        } else if is(signature::DELEGATE_SET) {
            let (patient, delegate, actions, until) = read(data)?;
            Some(Self::DelegateSet { patient, delegate, actions: Some(actions), until })
        } else if is(signature::DELEGATE_SET_2) {
            let (patient, delegate, until) = read(data)?;
            Some(Self::DelegateSet { patient, delegate, actions: None, until })
        } else if is(signature::DELEGATE_REMOVED) {
            let (patient, delegate) = read(data)?;
            Some(Self::DelegateRemoved { patient, delegate })
        } else {
            None
        }
    }

    /// Reads what the contract wrote into a patient's log: the event's first topic, and its fields
    /// after the patient.
    pub fn noted(patient: &AccountId32, entry: &[u8]) -> Option<Self> {
        let (name, fields) = entry.split_first_chunk::<32>()?;
        Self::read(&[H256(*name)], &[&patient.0[..], fields].concat())
    }

    /// The patient.
    pub fn patient(&self) -> &AccountId32 {
        match self {
            Self::Granted { patient, .. }
            | Self::Revoked { patient, .. }
            | Self::RoleGranted { patient, .. }
            | Self::RoleRevoked { patient, .. }
            | Self::DelegateSet { patient, .. }
            | Self::DelegateRemoved { patient, .. } => patient,
        }
    }
}

fn blake2_256(bytes: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(bytes).into()
}

fn read<T: DecodeAll>(mut data: &[u8]) -> Option<T> {
    T::decode_all(&mut data).ok()
}

#[cfg(test)]
mod tests {
    use codec::Encode;
    use medchain_primitives::Purpose;

    use super::*;

    const PATIENT: AccountId32 = AccountId32([1; 32]);
    const OTHER: AccountId32 = AccountId32([2; 32]);

    fn emitted(signature: &str, data: impl Encode) -> Option<PolicyEvent> {
        let topics = [H256(blake2_256(signature.as_bytes())), H256(PATIENT.0), H256([9; 32])];
        PolicyEvent::read(&topics, &data.encode())
    }

    #[test]
    fn events_of_all_versions_are_read() {
        let actions = ActionSet(0b10_0001);
        let purposes = Some(PurposeSet(0b101));
        let granted = |purposes, by| PolicyEvent::Granted {
            patient: PATIENT,
            grantee: OTHER,
            actions,
            until: Some(7),
            purposes,
            by,
        };
        assert_eq!(
            emitted(
                signature::GRANTED,
                (PATIENT, OTHER, 0b10_0001u8, Some(7u32), Some(0b101u8), PATIENT)
            ),
            Some(granted(purposes, Some(PATIENT)))
        );
        assert_eq!(
            emitted(signature::GRANTED_1, (PATIENT, OTHER, 0b10_0001u8, Some(7u32))),
            Some(granted(None, None))
        );
        let revoked = PolicyEvent::Revoked { patient: PATIENT, grantee: OTHER, by: None };
        assert_eq!(emitted(signature::REVOKED_1, (PATIENT, OTHER)), Some(revoked));
        let delegate = |actions| PolicyEvent::DelegateSet {
            patient: PATIENT,
            delegate: OTHER,
            actions,
            until: Some(7),
        };
        let set = emitted(signature::DELEGATE_SET, (PATIENT, OTHER, 0b10_0001u8, Some(7u32)));
        assert_eq!(set, Some(delegate(Some(actions))));
        let set = emitted(signature::DELEGATE_SET_2, (PATIENT, OTHER, Some(7u32)));
        assert_eq!(set, Some(delegate(None)));
        let role = PolicyEvent::RoleRevoked { patient: PATIENT, role: Role::Clinician };
        assert_eq!(emitted(signature::ROLE_REVOKED, (PATIENT, 1u8)), Some(role));
        let set: Vec<Purpose> = PurposeSet(0b101).iter().collect();
        assert_eq!(set, [Purpose::Treatment, Purpose::Research]);
    }

    #[test]
    fn what_is_in_the_log_is_the_event() {
        let name = blake2_256(signature::REVOKED.as_bytes());
        let entry = [&name[..], &OTHER.0, &PATIENT.0].concat();
        let revoked = PolicyEvent::Revoked { patient: PATIENT, grantee: OTHER, by: Some(PATIENT) };
        assert_eq!(PolicyEvent::noted(&PATIENT, &entry), Some(revoked));
        for other in [&entry[..95], &entry[..32], &entry[1..], &[]] {
            assert_eq!(PolicyEvent::noted(&PATIENT, other), None);
        }
    }

    #[test]
    fn other_events_are_none() {
        assert_eq!(emitted("Transferred(AccountId)", PATIENT), None);
        assert_eq!(emitted(signature::REVOKED, (PATIENT, OTHER)), None);
        assert_eq!(emitted(signature::REVOKED_1, (PATIENT, OTHER, 1u8)), None);
        assert_eq!(PolicyEvent::read(&[], &[]), None);
    }

    /// The signature of an event in the contract's source.
    fn signature_in(source: &str, event: &str) -> String {
        let begin = source.find(&format!("pub struct {event} {{")).expect(event);
        let body = &source[begin..];
        let body = &body[..body.find("\n    }").expect(event)];
        let types = body.lines().skip(1).filter_map(|line| line.trim().strip_prefix("pub "));
        let types: Vec<&str> = types
            .map(|field| field.split_once(": ").expect(field).1.trim_end_matches(','))
            .collect();
        format!("{event}({})", types.join(","))
    }

    #[test]
    fn the_signatures_are_those_of_the_contract() {
        let source = include_str!("../../contracts-ink/access-control/src/lib.rs");
        for signature in [
            signature::GRANTED,
            signature::REVOKED,
            signature::ROLE_GRANTED,
            signature::ROLE_REVOKED,
            signature::DELEGATE_SET,
            signature::DELEGATE_REMOVED,
        ] {
            let event = signature.split('(').next().unwrap();
            assert_eq!(signature_in(source, event), signature);
        }
    }

    #[test]
    fn the_first_version_s_signatures_are_those_of_its_metadata() {
        let topic = |signature: &str| hex::encode(blake2_256(signature.as_bytes()));
        assert_eq!(
            topic(signature::GRANTED_1),
            "ececb29a32262555617225e15833fede9db515c5e58f3ddada4ff799538c53d1"
        );
        assert_eq!(
            topic(signature::REVOKED_1),
            "599db2484291a4c1742eb422d5a042985303607cd501425ecdd446f36da6ceb2"
        );
    }
}
