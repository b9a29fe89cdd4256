//! The state of a chain with many open requests.

use std::collections::BTreeMap;

use codec::{Compact, Encode};
use medchain_client::{
    chain::{Member, RequestStatus, Step, WorkerStatus},
    AccountId32,
};
use medchain_primitives::{
    EncryptionKey, ModelId, Parameter, ParameterUnit, RecordId, RequestId, SealedKey,
};
use sp_crypto_hashing::{blake2_128, twox_128, twox_64};
use subxt::Metadata;

use super::Fallible;

/// The metadata of the runtime.
pub const METADATA: &[u8] = include_bytes!("../../../client/metadata/medchain.scale");

/// How large the chain is.
#[derive(Clone, Copy)]
pub struct Size {
    /// Open requests.
    pub requests: u32,
    /// Workers.
    pub workers: u32,
}

/// The model of the worker that is measured.
pub const MODEL: ModelId = ModelId(0);
/// How many models there are: of each, at most 128 workers can be drawn.
const MODELS: u32 = 8;
/// How many workers a request has.
const QUORUM: u32 = 3;
/// The number of the newest block.
pub const BLOCK: u32 = 10_000;
/// How long each status lasts, in blocks.
const PERIOD: u32 = 600;
/// How many events a block has.
const EVENTS: u32 = 500;

/// All that the node knows.
pub struct Chain {
    /// The storage.
    pub values: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What the runtime answers for its parameters.
    pub parameters: Vec<u8>,
    /// The runtime's version.
    pub version: u32,
}

fn item(pallet: &str, name: &str) -> Vec<u8> {
    [twox_128(pallet.as_bytes()), twox_128(name.as_bytes())].concat()
}

fn twox(key: &impl Encode) -> Vec<u8> {
    let key = key.encode();
    [&twox_64(&key)[..], &key].concat()
}

fn blake2(key: &impl Encode) -> Vec<u8> {
    let key = key.encode();
    [&blake2_128(&key)[..], &key].concat()
}

fn worker(number: u32, me: &AccountId32) -> AccountId32 {
    let mut account = [9; 32];
    account[..4].copy_from_slice(&number.to_le_bytes());
    if number == 0 {
        *me
    } else {
        AccountId32(account)
    }
}

/// A chain of this size; `me` is the first worker.
pub fn chain(size: Size, me: &AccountId32) -> Fallible<Chain> {
    let metadata = Metadata::decode_from(METADATA)?;
    let mut values = BTreeMap::new();
    let mut put = |key: Vec<u8>, value: Vec<u8>| _ = values.insert(key, value);
    for model in 0..MODELS {
        let of = (0..size.workers).filter(|number| number % MODELS == model);
        let candidates: Vec<_> = of.map(|number| (worker(number, me), 1u32)).take(128).collect();
        let key = [item("Inference", "Candidates"), twox(&ModelId(model))].concat();
        put(key, candidates.encode());
    }
    let mine = (vec![MODEL], 1u128, WorkerStatus::Active, [300u32, 5, 0, 0, 0]);
    put([item("Inference", "Workers"), blake2(me)].concat(), mine.encode());
    for number in 0..size.requests {
        for (key, value) in request(number, size, me) {
            put(key, value);
        }
    }
    put(item("System", "Events"), events(&metadata)?);
    put(item("Timestamp", "Now"), 1u64.encode());
    let version = metadata.pallet_by_name("System").ok_or("no System")?;
    let version = version.constant_by_name("Version").ok_or("no version")?.value();
    let (_, _, _, version): (String, String, u32, u32) = codec::Decode::decode(&mut &version[..])?;
    Ok(Chain { values, parameters: parameters(), version })
}

type Entry = (Vec<u8>, Vec<u8>);

/// An open request, with all that belongs to it.
fn request(number: u32, size: Size, me: &AccountId32) -> Vec<Entry> {
    let (id, record) = (RequestId(number.into()), RecordId(number.into()));
    let model = number % MODELS;
    let statuses = [RequestStatus::Drawing, RequestStatus::Sealing, RequestStatus::Committing];
    let status = statuses[(number / MODELS % 3) as usize];
    let deadline = BLOCK + 1 + number % PERIOD;
    // The workers of a model are those with the same rest.
    let of = size.workers.div_ceil(MODELS).min(128);
    let members: Vec<_> = (0..QUORUM)
        .map(|place| {
            let place = (number / MODELS / 3 * QUORUM + place) % of;
            Member { worker: worker(place * MODELS + model, me), step: Step::Chosen }
        })
        .filter(|_| status != RequestStatus::Drawing)
        .collect();
    let stored = (
        (record, AccountId32([7; 32]), ModelId(model), AccountId32([8; 32])),
        (1u128, QUORUM as u8, BLOCK - 100, deadline, status),
    );
    let choice = (2u8, [3u8; 32], None::<[u8; 32]>);
    let committee = (&members, choice, Vec::<AccountId32>::new());
    let mut all = vec![
        ([item("Inference", "Requests"), twox(&id)].concat(), stored.encode()),
        ([item("Inference", "Committees"), twox(&id)].concat(), committee.encode()),
        ([item("Inference", "Due"), twox(&deadline), twox(&id)].concat(), Vec::new()),
        // Only whether there is one is asked here; it is as long as one of three custodians.
        ([item("Custody", "Custodies"), twox(&record)].concat(), vec![1; 600]),
    ];
    for Member { worker, .. } in &members {
        let key = [item("Inference", "Assignments"), blake2(worker), twox(&id)].concat();
        all.push((key, Vec::new()));
        if status == RequestStatus::Committing || number.is_multiple_of(2) {
            let key = [item("Emr", "Envelopes"), twox(&record), blake2(worker)].concat();
            let sealed = SealedKey::new(&EncryptionKey([1; 32]), [2; 32], [3; 48]);
            all.push((key, (sealed, AccountId32([7; 32]), 1u128).encode()));
        }
    }
    all
}

/// The events of a block: requests that were removed.
fn events(metadata: &Metadata) -> Fallible<Vec<u8>> {
    let pallet = metadata.pallet_by_name("Inference").ok_or("no Inference")?;
    let variants = pallet.event_variants().ok_or("no events")?;
    let event = variants.iter().find(|one| one.name == "RequestRemoved").ok_or("no such event")?;
    let mut bytes = Compact(EVENTS).encode();
    for number in 0..EVENTS {
        let phase = (0u8, number);
        let event = (pallet.event_index(), event.index, RequestId(number.into()));
        bytes.extend((phase, event, Compact(0u32)).encode());
    }
    Ok(bytes)
}

fn parameters() -> Vec<u8> {
    let value = PERIOD.into();
    let name = b"Inference.DrawPeriod".to_vec().try_into().unwrap_or_default();
    let (unit, place) = (ParameterUnit::Blocks, [1, 4]);
    let (least, most) = (100, 3_600);
    vec![Parameter { name, unit, place, value, initial: value, least, most }].encode()
}
