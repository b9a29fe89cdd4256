//! The runtime beside the model, with the accounts of the access table.

use frame_support::{traits::Hooks, weights::Weight};
use medchain_primitives::{EmergencyId, EmergencyReason, Purpose, RelationKind, SealedKey};
use sp_keyring::Sr25519Keyring as Who;
use sp_runtime::{BoundedVec, DispatchError};

use super::model::{Deed, Grant, Model, PATIENT as OWNER};
use crate::tests::*;

/// The accounts of the table: the owner, a technician, a clinician, a stranger, a custodian, a
/// contact, a guardian, and a grantee. Governance is root.
pub const EVERYBODY: [Who; 8] = [
    OWNER,
    Who::Charlie,
    Who::Dave,
    Who::Eve,
    Who::Ferdie,
    Who::AliceStash,
    Who::BobStash,
    Who::Alice,
];
pub const TECHNICIAN: Who = Who::Charlie;
pub const CLINICIAN: Who = Who::Dave;
pub const CUSTODIAN: Who = Who::Ferdie;
pub const CONTACT: Who = Who::AliceStash;
pub const GUARDIAN: Who = Who::BobStash;
pub const GRANTEE: Who = Who::Alice;

const SEALED: SealedKey = SealedKey([3; 80]);

/// The runtime and the model, side by side.
pub struct Both {
    pub model: Model,
    pub policy: AccountId,
}

pub fn signed(who: Who) -> RuntimeOrigin {
    RuntimeOrigin::signed(who.to_account_id())
}

impl Both {
    /// Sets up a patient with the reference policy, a custodian, and one entrusted record.
    ///
    /// Call it within externalities.
    pub fn new() -> Self {
        let policy = instantiate(contract("access-control"), ());
        for who in EVERYBODY {
            let key = EncryptionKey([9; 32]);
            if who == OWNER {
                assert_ok!(Emr::register_patient(signed(who), None, key));
            } else {
                assert_ok!(Emr::set_encryption_key(signed(who), key));
            }
        }
        let roles = [
            (TECHNICIAN, Role::LabTechnician),
            (CLINICIAN, Role::Clinician),
            (CUSTODIAN, Role::Custodian),
        ];
        for (who, role) in roles {
            appoint(who, role);
        }
        let relate = |who: Who, kind, contact| {
            assert_ok!(Emr::set_relation(signed(OWNER), who.to_account_id(), kind, contact));
        };
        relate(CONTACT, RelationKind::Partner, true);
        relate(GUARDIAN, RelationKind::Guardian, false);
        let custodians = BoundedVec::truncate_from(vec![CUSTODIAN.to_account_id()]);
        assert_ok!(Emr::set_custodians(signed(OWNER), custodians, 1));
        let mut both = Self {
            model: Model {
                now: 1,
                roles: roles.into_iter().collect(),
                contacts: [CONTACT].into(),
                guardians: [GUARDIAN].into(),
                custodians: vec![CUSTODIAN],
                ..Default::default()
            },
            policy,
        };
        for deed in [Deed::SetPolicy(true), Deed::Append, Deed::Entrust(0)] {
            both.act(OWNER, deed);
        }
        both
    }

    /// Does the deed in the runtime and returns whether it was allowed.
    fn try_it(&self, who: Who, deed: Deed) -> Result<bool, DispatchError> {
        let record = |place: usize| RecordId(place as u64);
        let origin = signed(who);
        // Each record has its own content.
        let next = pallet_emr::NextRecordId::<Runtime>::get().0;
        let byte = u8::try_from(next % 251).unwrap_or_default();
        let (cid, digest) = (Cid::new(CidCodec::Raw, [byte; 32]), ContentDigest([byte; 32]));
        let error = |failed: sp_runtime::DispatchErrorWithPostInfo<_>| failed.error;
        match deed {
            Deed::Append => {
                let kind = RecordKind::ChestXray;
                let owner = OWNER.to_account_id();
                Emr::add_record(
                    origin,
                    owner,
                    cid,
                    digest,
                    kind,
                    None,
                    Default::default(),
                    None,
                    None,
                )
                .map_err(error)?;
            }
            Deed::Amend(id) => {
                Emr::amend_record(origin, record(id), cid, digest, None, Default::default(), None)
                    .map_err(error)?;
            }
            Deed::Share(id) => {
                // To a new reader each time, since a reader has at most one envelope.
                let reader = AccountId::from([200; 32]);
                pallet_emr::EncryptionKeys::<Runtime>::insert(&reader, EncryptionKey([9; 32]));
                Emr::share_record(origin, record(id), reader.clone(), SEALED).map_err(error)?;
                assert_ok!(Emr::remove_envelope(
                    RuntimeOrigin::signed(reader.clone()),
                    record(id),
                    reader
                ));
            }
            Deed::View(id) => {
                let before = System::event_count();
                Emr::request_access(origin, record(id), Purpose::Treatment).map_err(error)?;
                return Ok(System::events().into_iter().skip(before as usize).any(|event| {
                    matches!(
                        event.event,
                        RuntimeEvent::Emr(pallet_emr::Event::AccessGranted { .. })
                    )
                }));
            }
            Deed::Erase(id) => {
                Emr::erase_record(origin, record(id)).map_err(error)?;
            }
            Deed::Entrust(id) => {
                let shares = vec![(CUSTODIAN.to_account_id(), SEALED)];
                Emr::entrust_record(origin, record(id), BoundedVec::truncate_from(shares))
                    .map_err(error)?;
            }
            Deed::Deliver(id, subject) => {
                let subject = subject.to_account_id();
                Emr::deliver_share(origin, record(id), subject.clone(), SEALED).map_err(error)?;
                // A policy that refuses now ends the grant instead.
                return Ok(pallet_emr::Grants::<Runtime>::contains_key(record(id), subject));
            }
            Deed::Break(id) => {
                Emr::break_glass(origin, record(id), EmergencyReason::Other).map_err(error)?;
            }
            Deed::Review(place, accepted) => {
                Emr::review_emergency(origin, EmergencyId(place as u64), accepted)?;
            }
            Deed::Take(id, subject) => {
                Emr::remove_envelope(origin, record(id), subject.to_account_id())?;
            }
            Deed::SetPolicy(has_one) => {
                Emr::set_policy(origin, has_one.then(|| self.policy.clone()))?;
            }
            Deed::SetEmergency(allowed) => Emr::set_emergency_access(origin, allowed)?,
        }
        Ok(true)
    }

    /// Does the deed in both, which must agree.
    pub fn act(&mut self, who: Who, deed: Deed) {
        let expected = self.model.may(who, deed);
        let result = frame_support::storage::with_storage_layer(|| self.try_it(who, deed));
        assert_eq!(
            result == Ok(true),
            expected,
            "{who:?} {deed:?} in block {}: {result:?}\n{:#?}",
            self.model.now,
            self.model
        );
        if expected {
            self.model.done(who, deed);
        } else {
            self.model.refused(who, deed);
        }
    }

    /// The patient grants in the contract.
    pub fn grant(&mut self, who: Who, actions: u8, until: Option<u32>) {
        let answer = call(&self.policy, *b"MCP\x10", (who.to_account_id(), actions, until));
        assert_eq!(answer, [0, 0]);
        self.model.grants.insert(who, Grant { actions, until, revoked: false });
    }

    /// The patient revokes in the contract.
    pub fn revoke(&mut self, who: Who) {
        let answer = call_as(OWNER, &self.policy, *b"MCP\x11", who.to_account_id());
        let known = self.model.grants.get_mut(&who).filter(|grant| !grant.revoked);
        assert_eq!(answer == [0, 0], known.is_some(), "{answer:?}");
        if let Some(grant) = known {
            grant.revoked = true;
        }
    }

    /// Moves both to a block.
    pub fn go_to(&mut self, block: u32) {
        System::set_block_number(block);
        System::reset_events();
        // A jump over many blocks takes more than the share of one block.
        while pallet_emr::NextDue::<Runtime>::get().is_some_and(|next| next < block) {
            Emr::on_idle(block, Weight::MAX);
        }
        self.model.go_to(block);
    }

    /// Compares the answers of both for all accounts, actions and records, and checks the
    /// invariants.
    pub fn compare(&self) {
        let owner = OWNER.to_account_id();
        for who in EVERYBODY {
            let subject = who.to_account_id();
            for action in Action::ALL {
                let answer = check_access(&owner, &subject, None, action);
                let expected = self.model.policy(who, action);
                assert_eq!(answer.is_ok(), expected, "{who:?} {action:?}");
                for (place, record) in self.model.records.iter().enumerate() {
                    let id = Some(RecordId(place as u64));
                    let answer = check_access(&owner, &subject, id, action);
                    let there = record.status != super::model::Status::Erased;
                    assert_eq!(answer.is_ok(), expected && there, "{who:?} {action:?} {place}");
                }
            }
        }
        let standing = pallet_emr::Grants::<Runtime>::iter_keys().count();
        assert_eq!(standing, self.model.access.len());
        assert_ok!(Emr::do_try_state());
    }
}

/// View, Append, Amend, Share, Infer, Emergency.
const ALL: u8 = 0b11_1111;

/// Each role tries each deed on an active, a superseded and an erased record.
#[test]
fn every_cell_of_the_table() {
    development_chain().execute_with(|| {
        let mut both = Both::new();
        both.go_to(10);
        // The states of a grant: valid, expired, revoked.
        both.grant(GRANTEE, ALL, None);
        both.grant(CLINICIAN, ALL, Some(10));
        both.grant(CONTACT, ALL, None);
        both.revoke(CONTACT);
        both.grant(TECHNICIAN, 0b00_0110, None);
        both.go_to(11);
        both.act(OWNER, Deed::Append);
        both.act(OWNER, Deed::Entrust(1));
        both.act(OWNER, Deed::Amend(1));
        both.act(OWNER, Deed::Append);
        both.act(OWNER, Deed::Entrust(3));
        both.act(OWNER, Deed::Erase(3));
        // Record 0 is active and entrusted, 1 superseded, 2 active, 3 erased.
        for who in EVERYBODY {
            both.act(who, Deed::Append);
            for id in 0..4 {
                both.act(who, Deed::Share(id));
                both.act(who, Deed::View(id));
                both.act(CUSTODIAN, Deed::Deliver(id, who));
                both.act(who, Deed::Take(id, who));
                both.act(who, Deed::Break(id));
                let emergency = both.model.emergencies.len().saturating_sub(1);
                for reviewer in EVERYBODY {
                    both.act(reviewer, Deed::Review(emergency, false));
                }
                for other in EVERYBODY {
                    both.act(who, Deed::Deliver(id, other));
                    both.act(who, Deed::Take(id, other));
                }
            }
            for id in [1, 3] {
                both.act(who, Deed::Amend(id));
            }
            if who != OWNER {
                both.act(who, Deed::SetPolicy(false));
                both.act(who, Deed::SetEmergency(false));
                for id in 0..4 {
                    both.act(who, Deed::Erase(id));
                    both.act(who, Deed::Entrust(id));
                }
            }
            both.compare();
        }
        // Without a policy, and without emergency access.
        both.act(OWNER, Deed::SetPolicy(false));
        both.act(OWNER, Deed::SetEmergency(false));
        for who in EVERYBODY {
            both.act(who, Deed::Append);
            both.act(who, Deed::View(0));
            both.act(who, Deed::Break(0));
        }
        both.compare();
    });
}
