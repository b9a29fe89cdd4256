use medchain_primitives::{
    Basis, CidCodec, ContentDigest, Purpose, RecordContent, RecordKind, RecordStatus,
};

use super::*;

const GENESIS: H256 = H256([3; 32]);
const PATIENT: AccountId32 = AccountId32([4; 32]);
const AUTHOR: AccountId32 = AccountId32([5; 32]);
const SUBJECT: AccountId32 = AccountId32([6; 32]);

fn custodians() -> [Identity; 3] {
    ["//Gwen", "//Hal", "//Ivy"].map(|uri| Identity::from_secret_uri(uri).unwrap())
}

fn cid() -> Cid {
    Cid::new(CidCodec::DagPb, [7; 32])
}

fn record() -> Record {
    Record {
        id: RecordId(8),
        patient: PATIENT,
        author: AUTHOR,
        content: RecordContent::kept(cid(), ContentDigest([9; 32])),
        kind: RecordKind::Report,
        previous: None,
        added_at: 1,
        status: RecordStatus::Active,
        deposit: 0,
    }
}

fn group(threshold: u8) -> CustodianGroup {
    let members = custodians().map(|one| (one.account(), one.custodian_key()));
    CustodianGroup { members: members.into(), threshold, deposit: 0 }
}

/// A key that was entrusted as the chain stores it: only after it was verified.
fn entrusted(key: &ContentKey, threshold: u8) -> Custody {
    let group = group(threshold);
    let cid = cid();
    let name = DealingName { genesis: GENESIS, patient: &PATIENT, dealer: &AUTHOR, cid: &cid };
    let entrustment = entrust(key, &group, &name).unwrap();
    assert_eq!(entrustment.threshold, threshold);
    let keys = keys_of(&group.members);
    let among = Custodians { threshold, keys: &keys };
    let dealing = entrustment.dealing.verify(&among, &name.context()).unwrap();
    let other = DealingName { dealer: &PATIENT, ..name };
    assert!(entrustment.dealing.verify(&among, &other.context()).is_err());
    let custodians = group.members;
    Custody { threshold, custodians, dealing, dealer: AUTHOR, deposit: 0, grants: 1 }
}

fn grant(reply: &ReplySecret) -> AccessGrant {
    AccessGrant {
        record: RecordId(8),
        subject: SUBJECT,
        basis: Basis::Policy { purpose: Purpose::Treatment },
        reply: reply.public(),
        granted_at: 10,
        until: 110,
        deliveries: Vec::new(),
        deposit: 0,
        fees: 0,
    }
}

/// Delivers a custodian's share as the chain takes it.
fn delivered(custody: &Custody, grant: &mut AccessGrant, custodian: &Identity) {
    let me = custodian.account();
    let granted = Granted::from(&*grant);
    let secret = custodian.custodian_secret();
    let delivery = deliver(secret, &me, GENESIS, custody, &granted).unwrap();
    let number = custody.number_of(&me).unwrap();
    let share = custody.dealing.share(number, custodian.custodian_key()).unwrap();
    let (record, subject, reply) = (grant.record, grant.subject, grant.reply);
    let context = DeliveryContext { genesis: GENESIS.0, record, custodian: me, subject, reply };
    grant.deliveries.push((number, delivery.verify(&share, &context).unwrap()));
}

fn refused(result: Result<impl Sized, CryptoError>) -> Option<SharingError> {
    match result.err() {
        Some(CryptoError::Sharing(error)) => Some(error),
        _ => None,
    }
}

#[test]
fn any_threshold_of_the_custodians_give_a_reader_the_key() {
    let key = ContentKey::generate();
    let reply = ReplySecret::from_seed(&[1; 32]);
    for (threshold, places) in
        [(1, vec![2]), (2, vec![2, 0]), (2, vec![0, 1, 2]), (3, vec![1, 2, 0])]
    {
        let custody = entrusted(&key, threshold);
        let mut grant = grant(&reply);
        for place in places {
            if grant.deliveries.len() < usize::from(threshold) {
                let early = recover(GENESIS, &record(), &custody, &grant, &reply);
                assert_eq!(refused(early), Some(SharingError::SharesMissing));
            }
            delivered(&custody, &mut grant, &custodians()[place]);
        }
        let opened = recover(GENESIS, &record(), &custody, &grant, &reply).unwrap();
        assert_eq!(opened.as_bytes(), key.as_bytes());
    }
}

#[test]
fn the_secret_of_another_request_opens_nothing() {
    let custody = entrusted(&ContentKey::generate(), 1);
    let reply = ReplySecret::from_seed(&[1; 32]);
    let mut grant = grant(&reply);
    delivered(&custody, &mut grant, &custodians()[0]);
    let other = ReplySecret::from_seed(&[2; 32]);
    let opened = recover(GENESIS, &record(), &custody, &grant, &other);
    assert_eq!(refused(opened), Some(SharingError::KeyMismatch));
    // Nor does what was wrapped for another content.
    let other = RecordContent::kept(Cid::new(CidCodec::Raw, [8; 32]), ContentDigest([9; 32]));
    let erased = RecordContent::Erased(cid().hashed());
    for (content, why) in
        [(other, SharingError::InvalidWrappedKey), (erased, SharingError::SharesMissing)]
    {
        let elsewhere = Record { content, ..record() };
        let opened = recover(GENESIS, &elsewhere, &custody, &grant, &reply);
        assert_eq!(refused(opened), Some(why));
    }
}

#[test]
fn only_the_registered_key_delivers() {
    let custody = entrusted(&ContentKey::generate(), 1);
    let granted = Granted::from(&grant(&ReplySecret::from_seed(&[1; 32])));
    let [gwen, hal, _] = custodians();
    let attempt = |secret: &Identity, me: &AccountId32| {
        refused(deliver(secret.custodian_secret(), me, GENESIS, &custody, &granted))
    };
    assert_eq!(attempt(&gwen, &gwen.account()), None);
    assert_eq!(attempt(&hal, &gwen.account()), Some(SharingError::KeyMismatch));
    assert_eq!(attempt(&hal, &SUBJECT), Some(SharingError::ShareNotFound));
}

#[test]
fn a_custodian_registers_with_a_proof_for_its_account_and_chain() {
    let [gwen, hal, _] = custodians();
    let Call::RegisterCustodian { key, proof } = registration(&gwen, GENESIS).unwrap() else {
        panic!("a registration")
    };
    assert_eq!(key, gwen.custodian_key());
    let verify = |genesis, custodian| key.verify(&proof, &KeyContext { genesis, custodian });
    assert_eq!(verify(GENESIS.0, gwen.account()), Ok(()));
    assert!(verify(GENESIS.0, hal.account()).is_err());
    assert!(verify([1; 32], gwen.account()).is_err());
}

#[test]
fn a_custodian_s_key_depends_on_the_secret_alone() {
    let [gwen, hal, _] = custodians();
    assert_eq!(gwen.custodian_key(), custodians()[0].custodian_key());
    assert_ne!(gwen.custodian_key(), hal.custodian_key());
    assert_ne!(gwen.custodian_key().0, gwen.encryption_key().0);
    assert_ne!(gwen.custodian_key().0, gwen.account().0);
    assert_eq!(format!("{:?}", gwen.custodian_secret()), "CustodianSecret(…)");
}

#[test]
fn a_group_that_the_chain_does_not_take_gets_no_shares() {
    let cid = cid();
    let name = DealingName { genesis: GENESIS, patient: &PATIENT, dealer: &AUTHOR, cid: &cid };
    let attempt = |group: &CustodianGroup| refused(entrust(&ContentKey::generate(), group, &name));
    assert_eq!(attempt(&group(0)), Some(SharingError::InvalidThreshold));
    assert_eq!(attempt(&group(4)), Some(SharingError::InvalidThreshold));
    let mut twice = group(2);
    twice.members[1] = twice.members[0];
    assert_eq!(attempt(&twice), Some(SharingError::DuplicateKey));
}
