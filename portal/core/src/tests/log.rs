//! A log as the page hands it over, against the same log as the command line reads it.

use codec::Encode;
use medchain_audit::{
    fhir, AccountId32, ChainEvent, Gathering, LoggedBlock, LoggedEntry, PastEvent,
};
use medchain_primitives::{
    Denied, DenyReason, EncryptionKey, LogHead, ModelId, Purpose, RecordId, RecordKind, RequestId,
};
use serde_json::{json, Value};

use super::{cid, GENESIS};
use crate::log::Log;

type Event = ChainEvent<()>;

const PATIENT: AccountId32 = AccountId32(super::PATIENT);
const DOCTOR: AccountId32 = AccountId32(super::READER);
const POLICY: AccountId32 = AccountId32([5; 32]);
const RECORD: RecordId = RecordId(3);
/// It was made before the first block of the log.
const EARLIER: RequestId = RequestId(40);
const TIME: &str = "2026-11-29T07:30:00.000Z";

/// An event as the client reads it, and its fields as the chain encodes them.
struct Told {
    event: Event,
    pallet: &'static str,
    name: &'static str,
    fields: Vec<(&'static str, Vec<u8>)>,
}

macro_rules! told {
    ($pallet:ident, $name:ident { $($field:ident: $value:expr),* $(,)? }) => {
        Told {
            event: Event::$name { $($field: $value),* },
            pallet: stringify!($pallet),
            name: stringify!($name),
            fields: vec![$((stringify!($field), $value.encode())),*],
        }
    };
}

impl Told {
    /// The whole event: two indices and the fields.
    fn bytes(&self) -> Vec<u8> {
        let fields = self.fields.iter().map(|(_, bytes)| bytes.as_slice());
        [[1, 2].as_slice()].into_iter().chain(fields).collect::<Vec<_>>().concat()
    }
}

/// Blocks with entries of each kind of field, in order.
fn story() -> Vec<(u32, Vec<Told>)> {
    let unknown = Told {
        event: Event::Other { pallet: "Emr".into(), name: "New".into() },
        pallet: "Emr",
        name: "New",
        fields: vec![("something", vec![1, 2, 3])],
    };
    let added = told!(
        Emr,
        RecordAdded {
            record: RECORD,
            patient: PATIENT,
            author: DOCTOR,
            cid: cid(),
            kind: RecordKind::ChestXray,
        }
    );
    let ordered = told!(
        Inference,
        InferenceRequested {
            request: RequestId(41),
            record: RECORD,
            patient: PATIENT,
            model: ModelId(0),
            requester: DOCTOR,
            quorum: 2u8,
            fee: 5u128,
        }
    );
    let denied = told!(
        Custody,
        AccessDenied {
            record: RECORD,
            patient: PATIENT,
            subject: DOCTOR,
            purpose: Purpose::Research,
            reason: Denied::Refused(DenyReason::Revoked),
        }
    );
    vec![
        (
            5,
            vec![
                told!(Emr, PatientRegistered { patient: PATIENT }),
                told!(Emr, EncryptionKeySet { account: PATIENT, key: EncryptionKey([1; 32]) }),
                told!(Inference, RequestExpired { request: EARLIER }),
            ],
        ),
        (8, vec![added, told!(Emr, EnvelopeAdded { record: RECORD, reader: DOCTOR }), ordered]),
        (9, vec![denied, told!(Inference, RequestExpired { request: RequestId(41) }), unknown]),
    ]
}

/// The index of an entry's extrinsic, and who signed it: the chain expires requests by itself.
fn cause(told: &Told) -> (Option<u32>, Option<AccountId32>) {
    let is_signed = told.name != "RequestExpired";
    (is_signed.then_some(1), is_signed.then_some(DOCTOR))
}

/// The blocks as the page hands them over.
fn blocks() -> Vec<String> {
    let mut head = LogHead::<u32>::default();
    let shown = |head: &LogHead<u32>| json!({ "length": head.length, "head": hex::encode(head.head), "at": head.at });
    let entry = |(index, told): (usize, &Told)| {
        let (extrinsic, signer) = cause(told);
        let fields: serde_json::Map<String, Value> = told
            .fields
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), format!("0x{}", hex::encode(bytes)).into()))
            .collect();
        json!({
            "index": index + 4,
            "extrinsic": extrinsic,
            "signer": signer.map(|signer| signer.to_string()),
            "pallet": told.pallet,
            "name": told.name,
            "bytes": format!("0x{}", hex::encode(told.bytes())),
            "fields": fields,
        })
    };
    let mut blocks = Vec::new();
    for (number, all) in story() {
        let before = head;
        head = all.iter().fold(head, |head, told| head.after(number, &told.bytes()));
        let block = json!({
            "number": number,
            "time": TIME,
            "defaultPolicy": POLICY.to_string(),
            "before": shown(&before),
            "after": shown(&head),
            "entries": all.iter().enumerate().map(entry).collect::<Vec<_>>(),
        });
        blocks.push(block.to_string());
    }
    blocks
}

/// The log as the page reads it.
fn read(blocks: &[String]) -> Result<Log, String> {
    let mut log = Log::new(&PATIENT.to_string(), &[RECORD.0], None, None)?;
    for block in blocks {
        for request in log.unknown(block)? {
            log.learn(request, RECORD.0, &PATIENT.to_string(), &DOCTOR.to_string())?;
        }
        log.take(block)?;
    }
    Ok(log)
}

/// The file of the page.
fn file() -> Vec<u8> {
    read(&blocks()).expect("the log is whole").fhir(GENESIS, TIME)
}

/// The file of the command line, by the calls of `medchain audit`.
fn file_of_the_command_line() -> Vec<u8> {
    let mut gathering = Gathering::new(PATIENT, [RECORD], None, None);
    let mut entries = Vec::new();
    for (number, all) in story() {
        let logged = |(index, told): (usize, &Told)| {
            let (extrinsic, signer) = cause(told);
            let index = u32::try_from(index).expect("it is small") + 4;
            LoggedEntry { index, extrinsic, signer, event: told.bytes() }
        };
        let block = LoggedBlock {
            number,
            hash: [9; 32],
            time: 1,
            default_policy: Some(POLICY),
            entries: all.iter().enumerate().map(logged).collect(),
        };
        let past = |told: &Told| PastEvent { extrinsic: cause(told).0, event: told.event.clone() };
        let events: Vec<PastEvent<()>> = all.iter().map(past).collect();
        for request in gathering.unknown_requests(&events) {
            gathering.learn_request(request, RECORD, &PATIENT, &DOCTOR);
        }
        let told = gathering.take_logged(&block, &events).into_iter();
        entries.extend(told.map(|entry| entry.at(TIME.to_owned())));
    }
    fhir::file(&entries, &PATIENT.to_string(), &fhir::Naming::new(GENESIS), TIME)
}

/// What the module is held to.
pub fn golden() -> Value {
    let topic = Log::topic(&PATIENT.to_string()).expect("it is an account");
    json!({
        "patient": PATIENT.to_string(),
        "records": [RECORD],
        "learned": { "record": RECORD, "requester": DOCTOR.to_string() },
        "time": TIME,
        "topic": hex::encode(topic),
        "blocks": blocks(),
        "fhir": hex::encode(medchain_crypto::digest(&file()).0),
    })
}

#[test]
fn the_page_writes_the_bytes_of_the_command_line() {
    let file = file();
    assert_eq!(
        String::from_utf8(file.clone()).expect("it is text"),
        String::from_utf8(file_of_the_command_line()).expect("it is text")
    );
    let bundle: Value = serde_json::from_slice(&file).expect("it is JSON");
    let entries = bundle["entry"].as_array().expect("there are entries");
    let kinds: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry["resource"]["meta"]["tag"][0]["code"].as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "patient_registered",
            "encryption_key_set",
            "request_expired",
            "record_added",
            "envelope_added",
            "inference_requested",
            "access_denied",
            "request_expired",
            "unknown",
        ]
    );
}

#[test]
fn a_log_with_other_entries_is_refused() {
    let whole = blocks();
    assert_eq!(read(&whole).map(|log| log.count()), Ok(9));
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut block: Value = serde_json::from_str(&whole[0]).expect("it is JSON");
        change(&mut block);
        let read = read(&[block.to_string()]);
        read.map(|log| log.count()).expect_err("it is refused")
    };
    let left_out = refused(&|block| {
        block["entries"].as_array_mut().expect("it is a list").pop();
    });
    assert!(left_out.contains("other entries of the log in block 5"), "{left_out}");
    let altered = refused(&|block| block["entries"][0]["bytes"] = "0x0102".into());
    assert!(altered.contains("other entries"), "{altered}");
    // What it is said to mean has to be there at all.
    let nameless = refused(&|block| block["entries"][0]["fields"] = json!({}));
    assert!(nameless.contains("Emr.PatientRegistered.patient: there is no such"), "{nameless}");
    assert!(Log::new("nobody", &[], None, None).is_err());
}
