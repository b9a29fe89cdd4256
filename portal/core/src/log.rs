//! A patient's log, of what the page read from blocks, as FHIR.
//!
//! The page takes events apart with the node's own metadata, and hands their fields over as the
//! chain encodes them. What they say is told by `medchain-audit`, as it is to the command line.

use std::collections::BTreeMap;

use codec::DecodeAll;
use medchain_audit::{
    fhir, AccountId32, ChainEvent, Entry, Gathering, LoggedBlock, LoggedEntry, PastEvent, Source,
    H256,
};
use medchain_primitives::{log_topic, LogHead, RecordId, RequestId};
use serde::{Deserialize, Deserializer};

/// A block with entries of the log, as the page describes it. Bytes are hexadecimal.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    number: u32,
    /// Its time in UTC (RFC 3339).
    time: String,
    /// The chain's default policy after it.
    default_policy: Option<AccountId32>,
    /// The end of the log before it and after it.
    before: Head,
    after: Head,
    entries: Vec<Event>,
}

#[derive(Deserialize)]
struct Head {
    length: u32,
    head: Bytes,
    at: u32,
}

#[derive(Deserialize)]
struct Event {
    /// Its index in the block.
    index: u32,
    extrinsic: Option<u32>,
    /// The account that signed the extrinsic.
    signer: Option<AccountId32>,
    pallet: String,
    name: String,
    /// The whole event, encoded.
    bytes: Bytes,
    /// Its fields, encoded.
    fields: BTreeMap<String, Bytes>,
}

struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        hex::decode(digits).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Source for Event {
    /// A log has no event about a call that failed.
    type Failure = ();
    type Error = String;

    fn pallet(&self) -> &str {
        &self.pallet
    }

    fn name(&self) -> &str {
        &self.name
    }

    /// Those of contracts alone are read, which are in no log.
    fn topics(&self) -> &[H256] {
        &[]
    }

    fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    fn get<T: DecodeAll>(&self, field: &str) -> Result<T, String> {
        let wrong = |reason: &str| format!("{}.{}.{field}: {reason}", self.pallet, self.name);
        let bytes = self.fields.get(field).ok_or_else(|| wrong("there is no such field"))?;
        T::decode_all(&mut bytes.0.as_slice()).map_err(|error| wrong(&error.to_string()))
    }

    fn failure(&self, _field: &str) -> Result<(), String> {
        Ok(())
    }

    fn outcome(&self, _field: &str) -> Result<Option<()>, String> {
        Ok(None)
    }
}

impl Head {
    fn log_head(&self) -> Result<LogHead<u32>, String> {
        let head = self.head.0.as_slice().try_into();
        let head = head.map_err(|_| "the end of the log has another hash".to_owned())?;
        Ok(LogHead { length: self.length, head, at: self.at })
    }
}

impl Block {
    fn read(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    fn events(&self) -> Result<Vec<PastEvent<()>>, String> {
        let event = |one: &Event| -> Result<PastEvent<()>, String> {
            Ok(PastEvent { extrinsic: one.extrinsic, event: ChainEvent::read(one)? })
        };
        self.entries.iter().map(event).collect()
    }

    /// Compares the entries with the links of the chain: all of them, unaltered and in order.
    fn check(&self) -> Result<(), String> {
        let mut head = self.before.log_head()?;
        for entry in &self.entries {
            head = head.after(self.number, &entry.bytes.0);
        }
        let broken = || format!("the node has other entries of the log in block {}", self.number);
        (head == self.after.log_head()?).then_some(()).ok_or_else(broken)
    }

    fn logged(&self) -> LoggedBlock {
        let entry = |one: &Event| LoggedEntry {
            index: one.index,
            extrinsic: one.extrinsic,
            signer: one.signer,
            event: one.bytes.0.clone(),
        };
        LoggedBlock {
            number: self.number,
            // What is told of a block needs neither its hash nor its time.
            hash: [0; 32],
            time: 0,
            default_policy: self.default_policy,
            entries: self.entries.iter().map(entry).collect(),
        }
    }
}

/// The entries of one patient's log, block by block in the order of the chain.
pub struct Log {
    patient: AccountId32,
    gathering: Gathering,
    entries: Vec<Entry>,
}

impl Log {
    /// Begins for a patient with these records. The policies are those after the first block that
    /// is taken: the patient's own, and the chain's.
    ///
    /// # Errors
    /// Where an account is none.
    pub fn new(
        patient: &str,
        records: &[u64],
        own_policy: Option<&str>,
        default_policy: Option<&str>,
    ) -> Result<Self, String> {
        let patient = account(patient)?;
        let own_policy = own_policy.map(account).transpose()?;
        let default_policy = default_policy.map(account).transpose()?;
        let records = records.iter().copied().map(RecordId);
        let gathering = Gathering::new(patient, records, own_policy, default_policy);
        Ok(Self { patient, gathering, entries: Vec::new() })
    }

    /// The topic of the log's entries.
    ///
    /// # Errors
    /// Where the account is none.
    pub fn topic(patient: &str) -> Result<[u8; 32], String> {
        account(patient).map(|patient| log_topic(&patient.0))
    }

    /// The requests that a block's entries name and that are to be looked up before it is taken.
    ///
    /// # Errors
    /// Where the block cannot be read.
    pub fn unknown(&self, block: &str) -> Result<Vec<u64>, String> {
        let events = Block::read(block)?.events()?;
        Ok(self.gathering.unknown_requests(&events).into_iter().map(|request| request.0).collect())
    }

    /// Adds a request that was looked up.
    ///
    /// # Errors
    /// Where an account is none.
    pub fn learn(
        &mut self,
        request: u64,
        record: u64,
        patient: &str,
        requester: &str,
    ) -> Result<(), String> {
        let (patient, requester) = (account(patient)?, account(requester)?);
        self.gathering.learn_request(RequestId(request), RecordId(record), &patient, &requester);
        Ok(())
    }

    /// Takes the next block, after comparing it with the links of the chain.
    ///
    /// # Errors
    /// Where the block cannot be read, or the node left out or altered an entry.
    pub fn take(&mut self, block: &str) -> Result<(), String> {
        let block = Block::read(block)?;
        block.check()?;
        let entries = self.gathering.take_logged(&block.logged(), &block.events()?);
        self.entries.extend(entries.into_iter().map(|entry| entry.at(block.time.clone())));
        Ok(())
    }

    /// The number of entries.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// The entries as a FHIR file, as of a `time` (RFC 3339), on the chain with this genesis
    /// block.
    pub fn fhir(&self, genesis: [u8; 32], time: &str) -> Vec<u8> {
        let naming = fhir::Naming::new(genesis);
        fhir::file(&self.entries, &self.patient.to_string(), &naming, time)
    }
}

fn account(text: &str) -> Result<AccountId32, String> {
    text.parse::<AccountId32>().map_err(|error| format!("{text} is not an account: {error}"))
}
