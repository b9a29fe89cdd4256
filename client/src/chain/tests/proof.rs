//! Proofs over states that the tests make up.

use codec::{Compact, Encode};
use medchain_primitives::{
    Cid, CidCodec, ContentDigest, LogHead, RecordContent, RecordId, RecordKind,
};
use proptest::prelude::*;
use sp_core::Blake2Hasher;
use sp_trie::{
    recorder::Recorder,
    trie_types::{TrieDBBuilder, TrieDBMutBuilderV1},
    MemoryDB, Trie, TrieMut,
};
use subxt::{
    config::substrate::{Digest, SubstrateHeader},
    ext::frame_decode::storage::{encode_storage_key, IntoEncodableValues},
    utils::Static,
    Metadata,
};

use super::metadata::metadata;
use crate::{
    chain::{
        log::proven_end,
        proof::{keys, ProofError, ProvenRecord, ReadProof, KEY_HOLDERS},
        ChainError, RecordStatus,
    },
    AccountId32, H256,
};

const PATIENT: AccountId32 = AccountId32([1; 32]);
const READER: AccountId32 = AccountId32([2; 32]);
const RECORD: RecordId = RecordId(7);

/// The root of the state with these values, and the nodes on the way to these keys.
pub fn trie(state: &[(Vec<u8>, Vec<u8>)], asked: &[Vec<u8>]) -> (H256, Vec<Vec<u8>>) {
    let (mut db, mut root) = (MemoryDB::<Blake2Hasher>::default(), Default::default());
    let mut trie = TrieDBMutBuilderV1::new(&mut db, &mut root).build();
    for (key, value) in state {
        trie.insert(key, value).unwrap();
    }
    drop(trie);
    let recorder = Recorder::<Blake2Hasher>::default();
    for key in asked {
        let mut recorder = recorder.as_trie_recorder(root);
        let trie = TrieDBBuilder::new(&db, &root).with_recorder(&mut recorder).build();
        trie.get(key).unwrap();
    }
    (H256(root.0), recorder.drain_storage_proof().into_iter_nodes().collect())
}

/// The proof that a node with these values returns for these keys.
fn prove(state: &[(Vec<u8>, Vec<u8>)], asked: &[Vec<u8>]) -> ReadProof {
    let (state_root, nodes) = trie(state, asked);
    let header = SubstrateHeader {
        parent_hash: H256([3; 32]),
        number: 1234,
        state_root,
        extrinsics_root: H256([4; 32]),
        digest: Digest::default(),
    };
    ReadProof { header: header.encode(), nodes }
}

/// Other keys and values in the state.
fn noise() -> Vec<(Vec<u8>, Vec<u8>)> {
    let records = (0..40).map(|id| (keys::record(RecordId(id)), vec![id as u8; 90]));
    let envelopes = (0..40)
        .filter(|id| *id != RECORD.0)
        .map(|id| (keys::envelope(RecordId(id), &READER), vec![5; 130]));
    records.chain(envelopes).collect()
}

#[test]
fn values_and_their_absence_are_proven() {
    let there = keys::record(RECORD);
    let nowhere = keys::record(RecordId(99));
    let envelope = keys::envelope(RECORD, &READER);
    let proof = prove(&noise(), &[there.clone(), nowhere.clone(), envelope.clone()]);
    let state = proof.open().unwrap();
    assert_eq!(state.hash().0, sp_crypto_hashing::blake2_256(&proof.header));
    assert_eq!(state.number(), 1234);
    assert_eq!(state.value(&there).unwrap(), Some(vec![7; 90]));
    assert_eq!(state.value(&nowhere).unwrap(), None);
    assert_eq!(state.value(&envelope).unwrap(), None);
}

#[test]
fn that_a_record_has_no_envelope_at_all_is_proven_by_one_key() {
    let prefix = keys::of_record("Envelopes", RECORD);
    let empty = prove(&noise(), std::slice::from_ref(&prefix)).open().unwrap();
    assert!(empty.is_empty_under(&prefix).unwrap());

    let mut state = noise();
    state.push((keys::envelope(RECORD, &READER), vec![5; 130]));
    let one = prove(&state, std::slice::from_ref(&prefix)).open().unwrap();
    assert!(!one.is_empty_under(&prefix).unwrap());
    state.push((keys::envelope(RECORD, &PATIENT), vec![5; 130]));
    let two = prove(&state, std::slice::from_ref(&prefix)).open().unwrap();
    assert!(!two.is_empty_under(&prefix).unwrap());
}

#[test]
fn a_key_outside_the_proof_is_incomplete() {
    let state = prove(&noise(), &[keys::record(RECORD)]).open().unwrap();
    let other = keys::envelope(RecordId(3), &READER);
    let error = state.value(&other).unwrap_err();
    assert!(matches!(&error, ProofError::Incomplete { key } if key.starts_with("0x")), "{error}");
    assert!(state.is_empty_under(&keys::of_record("Envelopes", RecordId(3))).is_err());
    let nothing = ReadProof { nodes: Vec::new(), ..prove(&noise(), &[]) }.open().unwrap();
    assert!(nothing.value(&other).is_err());
}

#[test]
fn every_flipped_byte_is_noticed() {
    let keys = [keys::record(RECORD), keys::of_record("Envelopes", RECORD)];
    let good = prove(&noise(), &keys);
    let shows = |proof: &ReadProof| {
        let state = proof.open().ok()?;
        let value = state.value(&keys[0]).ok()?;
        Some((state.hash(), value, state.is_empty_under(&keys[1]).ok()?))
    };
    let shown = shows(&good);
    assert!(shown.is_some());
    for node in 0..good.nodes.len() {
        for at in 0..good.nodes[node].len() {
            let mut bad = good.clone();
            bad.nodes[node][at] ^= 1;
            assert_eq!(shows(&bad), None, "byte {at} of node {node}");
        }
    }
    for at in 0..good.header.len() {
        let mut bad = good.clone();
        bad.header[at] ^= 1;
        assert_ne!(shows(&bad).map(|shown| shown.0), shown.as_ref().map(|shown| shown.0));
    }
    let longer = ReadProof { header: [&good.header[..], &[0]].concat(), ..good };
    assert!(matches!(longer.open(), Err(ProofError::Header { .. })));
}

#[test]
fn the_end_of_a_log_is_what_the_state_proves() {
    let (key, other) = (keys::log(&PATIENT), keys::log(&READER));
    let older = LogHead::<u32>::default().after(40, b"one");
    let end = older.after(41, b"two");
    let with = |end: LogHead<u32>| {
        let logs = vec![(key.clone(), end.encode()), (other.clone(), older.encode())];
        [noise(), logs].concat()
    };
    let asked = std::slice::from_ref(&key);
    let good = prove(&with(end), asked);
    assert_eq!(proven_end(&good, &PATIENT, 1234), Ok((end, 1234)));
    // That there is none is proven as well.
    let empty = prove(&noise(), asked);
    assert_eq!(proven_end(&empty, &PATIENT, 1234), Ok((LogHead::default(), 1234)));

    let refused = |proof: &ReadProof| match proven_end(proof, &PATIENT, 1234) {
        Err(ChainError::BrokenLog { block: 1234, what }) => {
            assert!(what.starts_with("the node does not prove its end"), "{what}");
        }
        other => panic!("{other:?}"),
    };
    // An end without the newest entry, or none at all: the header has another root.
    let shorter = prove(&with(older), asked);
    for lie in [shorter, empty] {
        refused(&ReadProof { nodes: lie.nodes, ..good.clone() });
    }
    // No proof, or the end of another patient's log.
    refused(&ReadProof { nodes: Vec::new(), ..good.clone() });
    refused(&prove(&with(end), std::slice::from_ref(&other)));
    for node in 0..good.nodes.len() {
        let mut bad = good.clone();
        bad.nodes[node][0] ^= 1;
        refused(&bad);
    }
    refused(&ReadProof { header: good.header[..10].to_vec(), ..good });
}

/// The content of a record that is erased.
fn film() -> (Cid, ContentDigest) {
    (Cid::new(CidCodec::Raw, [8; 32]), ContentDigest([9; 32]))
}

/// The value of `Emr.Records` of an erased record as runtimes before version 4 stored it.
fn erased_before_4() -> (ProvenRecord, Vec<u8>) {
    let (cid, digest) = film();
    let (status, envelopes) = (RecordStatus::Erased, 0u32);
    let about = (PATIENT, READER, cid.clone(), digest, RecordKind::ChestXray, None::<RecordId>);
    let bytes = (about, 12u32, status, envelopes, 0u128).encode();
    let content = RecordContent::kept(cid, digest);
    (ProvenRecord { patient: PATIENT, content, status, envelopes }, bytes)
}

/// The value of `Emr.Records` of an erased record, with the fields in the order of
/// the metadata.
fn erased() -> (ProvenRecord, Vec<u8>) {
    let record = ProvenRecord {
        patient: PATIENT,
        content: RecordContent::Erased(film().0.hashed()),
        status: RecordStatus::Erased,
        envelopes: 0,
    };
    let fields = [
        ("patient", record.patient.encode()),
        ("author", READER.encode()),
        ("content", record.content.encode()),
        ("kind", RecordKind::ChestXray.encode()),
        ("previous", None::<RecordId>.encode()),
        ("added_at", 12u32.encode()),
        ("status", record.status.encode()),
        ("envelopes", record.envelopes.encode()),
        ("deposit", 0u128.encode()),
    ];
    let metadata = metadata();
    let emr = metadata.pallet_by_name("Emr").unwrap().storage().unwrap();
    let type_id = emr.entry_by_name("Records").unwrap().value_ty();
    let resolved = metadata.types().resolve(type_id).unwrap();
    let json = serde_json::to_value(&resolved.type_def).unwrap();
    let names = json["composite"]["fields"].as_array().unwrap();
    let bytes = names.iter().map(|field| {
        let found = fields.iter().find(|(name, _)| field["name"] == *name);
        found.unwrap_or_else(|| panic!("a record has a field {field}")).1.clone()
    });
    let bytes = bytes.collect::<Vec<_>>().concat();
    (record, bytes)
}

/// A state with the items that identify the chain and the runtime.
fn runtime(version: u32, record: Vec<u8>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut state = noise();
    state.retain(|(key, _)| *key != keys::record(RECORD));
    state.push((keys::record(RECORD), record));
    state.push((keys::genesis_hash(), H256([6; 32]).encode()));
    state.push((keys::last_runtime_upgrade(), (Compact(version), "medchain").encode()));
    state.push((keys::timestamp(), 1_700_000_000_000u64.encode()));
    state
}

fn asked() -> [Vec<u8>; 4] {
    let (genesis, version) = (keys::genesis_hash(), keys::last_runtime_upgrade());
    [keys::record(RECORD), genesis, version, keys::timestamp()]
}

#[test]
fn a_record_is_read_by_the_layout_of_its_runtime() {
    let of_emr = ["Envelopes", "Custodies", "Grants"];
    for (version, holders, (record, bytes)) in [
        (1, of_emr, erased_before_4()),
        (2, of_emr, erased_before_4()),
        (3, KEY_HOLDERS, erased_before_4()),
        (4, KEY_HOLDERS, erased()),
        (77, KEY_HOLDERS, erased()),
    ] {
        assert!(record.content.is_of(&film().0));
        let state = prove(&runtime(version, bytes.clone()), &asked()).open().unwrap();
        assert_eq!(state.record(RECORD).unwrap().as_ref(), Some(&record), "{version}");
        assert_eq!(state.spec_version().unwrap(), version);
        assert_eq!(state.genesis_hash().unwrap(), H256([6; 32]));
        assert_eq!(state.timestamp().unwrap(), 1_700_000_000_000);
        assert_eq!(state.key_holders().unwrap(), holders);
    }
    // No runtime has this version, so no layout is known to be its.
    let state = prove(&runtime(0, erased().1), &asked()).open().unwrap();
    for error in [state.record(RECORD).unwrap_err(), state.key_holders().unwrap_err()] {
        assert!(error.to_string().contains("runtime of version 0"), "{error}");
    }
}

#[test]
fn a_value_of_another_shape_is_refused() {
    for (version, (_, bytes)) in [(2, erased_before_4()), (4, erased())] {
        for (other, why) in [
            ([&bytes[..], &[0]].concat(), "left after"),
            (bytes[..bytes.len() - 1].to_vec(), "cannot decode"),
        ] {
            let state = prove(&runtime(version, other), &asked()).open().unwrap();
            let error = state.record(RECORD).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("record 7"), "{error}");
        }
    }
    let state = prove(&noise(), &asked()).open().unwrap();
    assert!(matches!(state.genesis_hash(), Err(ProofError::Value { .. })));
}

#[test]
fn an_encryption_key_is_proven_to_be_there_or_not() {
    let there = keys::encryption_key(&READER);
    let values = [noise(), vec![(there.clone(), vec![9; 32])]].concat();
    let nowhere = keys::encryption_key(&PATIENT);
    let state = prove(&values, &[there.clone(), nowhere.clone()]).open().unwrap();
    assert_eq!(state.value(&there), Ok(Some(vec![9; 32])));
    assert_eq!(state.value(&nowhere), Ok(None));
    // A node that leaves something out proves nothing.
    let left_out = prove(&values, &[keys::record(RECORD)]).open().unwrap();
    let unproven = left_out.value(&there);
    assert!(matches!(unproven, Err(ProofError::Incomplete { .. })), "{unproven:?}");
}

/// The key that the metadata gives.
fn key(metadata: &Metadata, item: (&str, &str), keys: impl IntoEncodableValues) -> Vec<u8> {
    encode_storage_key(item.0, item.1, keys, metadata, metadata.types()).expect(item.1)
}

#[test]
fn keys_are_those_of_the_metadata() {
    let metadata = &metadata();
    for id in [0, 1, 7, u64::MAX] {
        let id = RecordId(id);
        assert_eq!(keys::record(id), key(metadata, ("Emr", "Records"), (Static(id),)));
        let envelope = key(metadata, ("Emr", "Envelopes"), (Static(id), PATIENT));
        assert_eq!(keys::envelope(id, &PATIENT), envelope);
        for item in KEY_HOLDERS {
            let prefix = key(metadata, item.split_once('.').unwrap(), (Static(id),));
            assert_eq!(keys::of_record(item, id), prefix, "{item}");
        }
        assert_eq!(keys::of_record("Envelopes", id), keys::of_record("Emr.Envelopes", id));
    }
    let encryption_key = key(metadata, ("Emr", "EncryptionKeys"), (PATIENT,));
    assert_eq!(keys::encryption_key(&PATIENT), encryption_key);
    assert_eq!(keys::log(&PATIENT), key(metadata, ("Emr", "Logs"), (PATIENT,)));
    assert_eq!(keys::default_policy(), key(metadata, ("Emr", "DefaultPolicy"), ()));
    assert_eq!(keys::genesis_hash(), key(metadata, ("System", "BlockHash"), (0u32,)));
    let upgrade = key(metadata, ("System", "LastRuntimeUpgrade"), ());
    assert_eq!(keys::last_runtime_upgrade(), upgrade);
    assert_eq!(keys::events(), key(metadata, ("System", "Events"), ()));
    assert_eq!(keys::timestamp(), key(metadata, ("Timestamp", "Now"), ()));
}

/// A new item that belongs to records must be added to `KEY_HOLDERS` where it holds
/// keys, which erasure must then remove. Commitments are hashes, which tell nothing; of
/// ended grants, only the numbers of shares stay; and of ended custodies, the shares for a few
/// blocks, but not the wrapped key that they would open.
#[test]
fn every_item_of_a_record_holds_keys() {
    let metadata = metadata();
    let first_key = |pallet: &str, entry: &str| {
        let storage = metadata.pallet_by_name(pallet).unwrap().storage().unwrap();
        let entry = storage.entry_by_name(entry).unwrap();
        entry.keys().map(|key| key.key_id).next()
    };
    let record_id = first_key("Emr", "Records");
    for pallet in ["Emr", "Custody"] {
        for entry in metadata.pallet_by_name(pallet).unwrap().storage().unwrap().entries() {
            let item = format!("{pallet}.{}", entry.name());
            let tells_nothing =
                ["Emr.Records", "Emr.Commitments", "Custody.EndedGrants", "Custody.EndedCustodies"]
                    .contains(&&*item);
            if first_key(pallet, entry.name()) == record_id && !tells_nothing {
                assert!(KEY_HOLDERS.contains(&&*item), "is a key in {item}? see KEY_HOLDERS");
            }
        }
    }
}

proptest! {
    /// Keys of a few letters, so that they begin alike.
    #[test]
    fn a_prefix_is_empty_where_no_key_starts_with_it(
        keys in proptest::collection::btree_set(proptest::collection::vec(0u8..3, 1..5), 0..20),
        prefix in proptest::collection::vec(0u8..3, 0..5),
        length in 1usize..60,
    ) {
        let state: Vec<_> =
            keys.iter().map(|key| (key.clone(), vec![key.len() as u8; length])).collect();
        let proven = prove(&state, std::slice::from_ref(&prefix)).open().unwrap();
        let expected = !keys.iter().any(|key| key.starts_with(&prefix));
        prop_assert_eq!(proven.is_empty_under(&prefix), Ok(expected));
        let value = state.iter().find(|(key, _)| *key == prefix).map(|(_, value)| value.clone());
        prop_assert_eq!(proven.value(&prefix), Ok(value));
    }
}
