//! What is read of emergencies and of custodians, on a chain with many of them.

use std::{
    collections::BTreeMap,
    future::Future,
    time::{Duration, Instant},
};

use codec::{Decode, Encode};
use futures::{stream, StreamExt};
use medchain_primitives::{
    EmergencyId, EmergencyReason, InstitutionId, InstitutionName, RecordId, Role,
};
use medchain_sharing::CustodianKey;
use sp_crypto_hashing::{blake2_128, twox_128, twox_64};
use subxt::{dynamic, ext::scale_value::Value, utils::Static};

use super::submit::fake::{Fake, Node};
use crate::{
    chain::{ChainError, Emergency, EmergencyStatus, Keepers, View},
    AccountId32,
};

/// Nobody broke the glass over their records.
const NOBODY: AccountId32 = AccountId32([1; 32]);
/// Three accounts did.
const PATIENT: AccountId32 = AccountId32([2; 32]);
/// One account did, twice: the first time is in no index any more.
const TWICE: AccountId32 = AccountId32([3; 32]);
/// One account did, and again later. The later emergency is closed: the first is in no index.
const OLD: AccountId32 = AccountId32([4; 32]);
/// Who broke the glass.
const DOCTORS: [AccountId32; 3] =
    [AccountId32([5; 32]), AccountId32([6; 32]), AccountId32([7; 32])];

type State = BTreeMap<Vec<u8>, Vec<u8>>;

fn item(pallet: &str, name: &str) -> Vec<u8> {
    [twox_128(pallet.as_bytes()), twox_128(name.as_bytes())].concat()
}

fn twox(key: impl Encode) -> Vec<u8> {
    let key = key.encode();
    [&twox_64(&key)[..], &key].concat()
}

fn blake2(key: impl Encode) -> Vec<u8> {
    let key = key.encode();
    [&blake2_128(&key)[..], &key].concat()
}

fn of_custody(name: &str, keys: &[Vec<u8>]) -> Vec<u8> {
    [item("Custody", name), keys.concat()].concat()
}

fn other(number: u64) -> AccountId32 {
    let mut account = [9; 32];
    account[..8].copy_from_slice(&number.to_le_bytes());
    AccountId32(account)
}

/// The records of the emergency with this number: every tenth has two.
fn records(id: u64) -> Vec<RecordId> {
    match id % 10 {
        0 => vec![RecordId(2 * id), RecordId(2 * id + 1)],
        _ => Vec::new(),
    }
}

/// Adds an emergency, as `pallet-custody` stores it.
fn break_glass(state: &mut State, id: u64, patient: AccountId32, subject: AccountId32) {
    let requested = records(id).len() as u32;
    let (blocks, counts) = ((5u32, 6u32, 7u32), (requested, requested, 0u32));
    let status = EmergencyStatus::Open;
    let who = (patient, subject, EmergencyReason::Other);
    state.insert(
        of_custody("Emergencies", &[twox(id)]),
        (who, blocks, 1u128, counts, status).encode(),
    );
    let pair = [blake2(patient), blake2(subject)];
    state.insert(of_custody("RunningEmergencies", &pair), id.encode());
    for record in records(id) {
        let key = of_custody("EmergencyGrants", &[twox(id), twox(record)]);
        state.insert(key, false.encode());
    }
    let count = state.entry(of_custody("EmergenciesOver", &[blake2(patient)])).or_default();
    let before = u32::decode(&mut &count[..]).unwrap_or_default();
    *count = (before + 1).encode();
}

/// Emergencies of this many patients, and of those above. The numbers of the latter come last.
fn state(others: u64) -> State {
    let mut state = State::new();
    for id in 0..others {
        break_glass(&mut state, id, other(id), DOCTORS[0]);
    }
    for (id, doctor) in (others..).zip(DOCTORS) {
        break_glass(&mut state, id, PATIENT, doctor);
    }
    for id in [others + 3, others + 4] {
        break_glass(&mut state, id, TWICE, DOCTORS[0]);
    }
    break_glass(&mut state, others + 5, OLD, DOCTORS[0]);
    state.remove(&of_custody("RunningEmergencies", &[blake2(OLD), blake2(DOCTORS[0])]));
    state
}

async fn node(state: State) -> (Fake, View) {
    let fake = Fake::new();
    fake.node().values = state;
    let view = fake.chain().await.best().await.unwrap();
    (fake, view)
}

fn ids(emergencies: &[Emergency]) -> Vec<u64> {
    emergencies.iter().map(|one| one.id.0).collect()
}

/// What a reading took.
struct Cost {
    took: Duration,
    requests: usize,
    bytes: usize,
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (took, kb) = (self.took.as_millis(), self.bytes.div_ceil(1000));
        write!(f, "{took} ms, {} requests, {kb} kB", self.requests)
    }
}

fn requests(node: &Node) -> usize {
    node.asked.values().sum()
}

/// What is read, and what that took.
async fn cost<T>(fake: &Fake, reading: impl Future<Output = T>) -> (T, Cost) {
    let (asked, answered) = {
        let node = fake.node();
        (requests(&node), node.answered)
    };
    let begun = Instant::now();
    let found = reading.await;
    let took = begun.elapsed();
    let node = fake.node();
    let cost = Cost { took, requests: requests(&node) - asked, bytes: node.answered - answered };
    (found, cost)
}

#[tokio::test]
async fn the_emergencies_over_a_patient_are_found_by_the_patient() {
    let others = 30;
    let (fake, view) = node(state(others)).await;
    fake.node().keys_page = 1_000;
    let (found, none) = cost(&fake, view.emergencies_over(&NOBODY)).await;
    assert_eq!(found, Ok(Vec::new()));
    assert_eq!(none.requests, 1, "a count says that there are none");
    let (found, newest) = cost(&fake, view.emergencies_over(&PATIENT)).await;
    let found = found.unwrap();
    assert_eq!(ids(&found), [others, others + 1, others + 2]);
    assert_eq!(found.iter().map(|one| one.subject).collect::<Vec<_>>(), DOCTORS);
    assert!(newest.requests <= 5, "{newest}");
}

#[tokio::test]
async fn an_emergency_that_is_in_no_index_is_found_too() {
    let (_, view) = node(state(30)).await;
    assert_eq!(ids(&view.emergencies_over(&TWICE).await.unwrap()), [33u64, 34]);
    assert_eq!(ids(&view.emergencies_over(&OLD).await.unwrap()), [35u64]);
}

#[tokio::test]
async fn all_emergencies_are_listed_in_order_with_their_records() {
    let (_, view) = node(state(400)).await;
    let all = view.emergencies().await.unwrap();
    assert_eq!(ids(&all), (0..406).collect::<Vec<_>>());
    let expected =
        |all: &[Emergency]| -> Vec<_> { all.iter().map(|one| records(one.id.0)).collect() };
    // In one list where they are many, and one by one where they are few.
    assert_eq!(view.requested_in(&all).await.unwrap(), expected(&all));
    assert_eq!(view.requested_in(&all[95..125]).await.unwrap(), expected(&all[95..125]));
    assert_eq!(view.requested_in(&[]).await, Ok(Vec::new()));
}

#[tokio::test]
async fn an_emergency_that_the_node_lists_and_does_not_have_is_an_error() {
    let mut state = state(3);
    state.remove(&of_custody("Emergencies", &[twox(4u64)]));
    let (_, view) = node(state).await;
    match view.emergencies_over(&PATIENT).await {
        Err(ChainError::Decode { reason, .. }) => assert!(reason.contains("not there"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_keeps_keys_is_read_at_once() {
    let key = |byte: u8| CustodianKey([byte; 32]);
    let [first, second, _] = DOCTORS;
    let dealing = ([41u8; 32], [42u8; 32], vec![[43u8; 32]; 2], [44u8; 48]);
    let custody = (2u8, vec![first, second], dealing, PATIENT, 1u128, 0u32);
    let custodian = |account: AccountId32, byte: u8| {
        (of_custody("Custodians", &[blake2(account)]), (key(byte), Some(1u128)).encode())
    };
    let state = State::from([
        (of_custody("Custodies", &[twox(RecordId(1))]), custody.encode()),
        custodian(first, 51),
        custodian(second, 52),
    ]);
    let (fake, view) = node(state).await;
    let (keepers, read) = cost(&fake, view.keepers_of(&[RecordId(1), RecordId(2)])).await;
    let custodians = vec![first, second];
    assert_eq!(keepers, Ok(vec![Some(Keepers { threshold: 2, custodians }), None]));
    assert_eq!(read.requests, 1);
    let (custody, read) = cost(&fake, view.custody(RecordId(1))).await;
    assert_eq!(custody.unwrap().unwrap().custodians, [(first, key(51)), (second, key(52))]);
    assert_eq!(read.requests, 2, "the custody, then both keys");
}

#[tokio::test]
async fn a_role_counts_in_its_term_and_while_its_institution_is_admitted() {
    let key = |account: AccountId32, role: Role| {
        [item("Emr", "Providers"), blake2(account), twox(role)].concat()
    };
    let provider = |institution: u32, until: u32| (InstitutionId(institution), until).encode();
    let institution = [item("Emr", "Institutions"), twox(InstitutionId(1))].concat();
    let name = InstitutionName::truncate_from(b"clinic".to_vec());
    let [ours, gone, late] = DOCTORS;
    let state = State::from([
        (institution, (name, NOBODY).encode()),
        (key(ours, Role::Custodian), provider(1, 1_000)),
        (key(gone, Role::Custodian), provider(2, 1_000)),
        (key(late, Role::Custodian), provider(1, 1)),
        (key(NOBODY, Role::Clinician), provider(1, 1_000)),
    ]);
    let (fake, view) = node(state).await;
    let accounts = [ours, gone, late, NOBODY, ours];
    let (found, read) = cost(&fake, view.have_role(Role::Custodian, &accounts)).await;
    assert_eq!(found, Ok(vec![true, false, false, false, true]));
    assert!(read.requests <= 4, "the roles, and the institutions: {read}");
}

/// The emergencies with their patients, as they were read before: a page of keys, then its values.
async fn emergencies_before(view: &View) -> Vec<(EmergencyId, AccountId32)> {
    let address = dynamic::storage::<(Static<EmergencyId>,), Value>("Custody", "Emergencies");
    let storage = view.at.storage();
    let entry = storage.entry(address).unwrap();
    let mut found = entry.iter(()).await.unwrap();
    let mut all = Vec::new();
    while let Some(next) = found.next().await {
        let next = next.unwrap();
        let (id,) = next.key().unwrap().decode().unwrap();
        // The patient comes first.
        let patient = AccountId32::decode(&mut next.value().bytes()).unwrap();
        all.push((id.0, patient));
    }
    all.sort_unstable();
    all
}

/// The records of each emergency, as they were read before: a list for each.
async fn records_before(view: &View, emergencies: &[EmergencyId]) -> Vec<Vec<RecordId>> {
    type Keys = (Static<EmergencyId>, Static<RecordId>);
    let read = emergencies.iter().map(|id| async move {
        let address = dynamic::storage::<Keys, Value>("Custody", "EmergencyGrants");
        let storage = view.at.storage();
        let entry = storage.entry(address).unwrap();
        let mut found = entry.iter((Static(*id),)).await.unwrap();
        let mut records = Vec::new();
        while let Some(next) = found.next().await {
            let (_, record) = next.unwrap().key().unwrap().decode().unwrap();
            records.push(record.0);
        }
        records.sort_unstable();
        records
    });
    stream::iter(read).buffered(16).collect().await
}

fn show(command: &str, before: &Cost, now: &Cost) {
    let ratio = before.took.as_secs_f64() / now.took.as_secs_f64();
    println!("{command}: {now}; before {before}: ratio {ratio:.1}");
}

/// Prints what the commands read of emergencies, before and now.
#[tokio::test]
async fn emergencies_of_others_cost_a_patient_nothing() {
    let others = 10_000;
    let (fake, view) = node(state(others)).await;
    {
        let mut node = fake.node();
        node.keys_page = 1_000;
        node.round_trip = Duration::from_millis(1);
    }
    let (all_before, whole) = cost(&fake, emergencies_before(&view)).await;
    let every: Vec<EmergencyId> = all_before.iter().map(|(id, _)| *id).collect();
    let (records_before_all, each) = cost(&fake, records_before(&view, &every)).await;
    let listed = Cost {
        took: whole.took + each.took,
        requests: whole.requests + each.requests,
        bytes: whole.bytes + each.bytes,
    };

    let (all, now) = cost(&fake, async {
        let all = view.emergencies().await?;
        let records = view.requested_in(&all).await?;
        Ok::<_, ChainError>((all, records))
    })
    .await;
    let (all, records) = all.unwrap();
    assert_eq!(all.iter().map(|one| (one.id, one.patient)).collect::<Vec<_>>(), all_before);
    assert_eq!(records, records_before_all);
    println!("{others} open emergencies of others, 1 ms a round trip");
    show("emergency list", &listed, &now);
    assert!(now.requests * 100 < listed.requests, "{now}, before {listed}");

    // What `relation show` reads of emergencies, and `emergency list --patient`.
    let (found, now) = cost(&fake, view.emergencies_over(&PATIENT)).await;
    assert_eq!(ids(&found.unwrap()), [others, others + 1, others + 2]);
    show("relation show, of a patient with three", &whole, &now);
    assert!(now.requests <= 5 && now.bytes < 10_000, "{now}");
    let (found, now) = cost(&fake, view.emergencies_over(&NOBODY)).await;
    assert_eq!(found, Ok(Vec::new()));
    show("relation show, of a patient with none", &whole, &now);
    assert_eq!(now.requests, 1);
    let (found, now) = cost(&fake, view.emergencies_over(&TWICE)).await;
    assert_eq!(ids(&found.unwrap()), [others + 3, others + 4]);
    show("relation show, of a patient with one that is in no index", &whole, &now);
    assert!(now.requests < whole.requests, "{now}, before {whole}");
}
