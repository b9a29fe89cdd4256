//! A node of a chain whose runtime is upgraded once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use codec::{Compact, Encode};
use medchain_primitives::{ModelId, RecordId, RequestId};
use serde_json::{json, Value};
use sp_crypto_hashing::{twox_128, twox_64};
use subxt::{
    rpcs::{
        client::{RawRpcFuture, RawRpcSubscription, RawValue, RpcClientT},
        RpcClient,
    },
    Metadata,
};

use crate::{
    chain::{
        proof::keys::{events, last_runtime_upgrade, timestamp},
        tests::metadata::events::encode,
    },
    AccountId32, H256,
};

/// The account that every block has an event about.
pub const OWNER: AccountId32 = AccountId32([1; 32]);
/// A request that was made before the upgrade, and is not in the state after it.
pub const REQUEST: RequestId = RequestId(3);
/// The fee of every transaction.
pub const FEE: u128 = 12_345;

pub struct Runtime {
    pub version: u32,
    pub metadata: Vec<u8>,
}

pub struct Fake {
    pub old: Runtime,
    pub new: Runtime,
    /// The last block that the old runtime executed, with the new one in its state.
    pub upgraded_at: u32,
    pub best: u32,
    pub finalised: u32,
    /// The storage keys that were asked for.
    pub asked: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// The hash of the block of this height.
pub fn hash(number: u32) -> H256 {
    let mut hash = [7; 32];
    hash[..4].copy_from_slice(&number.to_le_bytes());
    H256(hash)
}

/// The height of the block with this hash.
fn number(hash: &[u8]) -> u32 {
    u32::from_le_bytes(hash[..4].try_into().unwrap())
}

pub fn hex(bytes: &[u8]) -> Value {
    json!(format!("0x{}", hex::encode(bytes)))
}

pub fn bytes(hex: &Value) -> Vec<u8> {
    hex::decode(hex.as_str().unwrap().trim_start_matches("0x")).unwrap()
}

impl Fake {
    pub fn client(self) -> RpcClient {
        RpcClient::new(self)
    }

    /// The runtime in the state of a block.
    fn runtime(&self, number: u32) -> &Runtime {
        if number < self.upgraded_at {
            &self.old
        } else {
            &self.new
        }
    }

    fn executed_by(&self, number: u32) -> &Runtime {
        if number <= self.upgraded_at {
            &self.old
        } else {
            &self.new
        }
    }

    fn answer(&self, method: &str, params: &[Value]) -> Value {
        let block = |place: usize| match params.get(place) {
            None | Some(Value::Null) => self.best,
            Some(hash) => number(&bytes(hash)),
        };
        match method {
            "state_getRuntimeVersion" => {
                let version = self.runtime(block(0)).version;
                json!({ "specName": "medchain", "specVersion": version, "transactionVersion": 1 })
            }
            "chain_getFinalizedHead" => hex(&hash(self.finalised).0),
            "chain_getBlockHash" => match params.first().and_then(Value::as_u64) {
                None => hex(&hash(self.best).0),
                Some(number) if number > self.best.into() => Value::Null,
                Some(number) => hex(&hash(number as u32).0),
            },
            "chain_getHeader" => {
                let number = block(0);
                let upgrade = if number == self.upgraded_at { vec!["0x08"] } else { vec![] };
                json!({
                    "parentHash": hex(&hash(number.saturating_sub(1)).0),
                    "number": number,
                    "stateRoot": hex(&[0; 32]),
                    "extrinsicsRoot": hex(&[0; 32]),
                    "digest": { "logs": upgrade },
                })
            }
            "state_call" => call(params[0].as_str().unwrap(), self.runtime(block(2))),
            "state_getKeysPaged" => {
                self.asked.lock().unwrap().push(bytes(&params[0]));
                json!([])
            }
            "state_getStorage" => {
                let key = bytes(&params[0]);
                let value = self.state(block(1)).get(&key).map_or(Value::Null, |value| hex(value));
                self.asked.lock().unwrap().push(key);
                value
            }
            "system_accountNextIndex" => json!(0),
            other => panic!("{other} is not faked"),
        }
    }

    fn state(&self, number: u32) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let runtime = self.executed_by(number);
        let metadata = Metadata::decode_from(&runtime.metadata).unwrap();
        let is_new = runtime.version == self.new.version;
        let fields = [("patient", OWNER.encode()), ("allowed", is_new.encode())];
        let event = encode(&metadata, ("Custody", "EmergencyAccessSet"), &fields);
        let mut state = BTreeMap::from([
            (events(), [Compact(1u32).encode(), event].concat()),
            (last_runtime_upgrade(), (Compact(runtime.version), "medchain").encode()),
            (timestamp(), u64::from(number).encode()),
        ]);
        if !is_new {
            state.insert(request_key(), request());
        }
        state
    }
}

fn request_key() -> Vec<u8> {
    let id = REQUEST.encode();
    let (pallet, item) = (twox_128(b"Inference"), twox_128(b"Requests"));
    [&pallet[..], &item, &twox_64(&id), &id].concat()
}

/// A request without its quorum.
fn request() -> Vec<u8> {
    let (fee, opened, deadline, open) = (5u128, 1u32, 9u32, 0u8);
    (RecordId(1), OWNER, ModelId(2), OWNER, fee, opened, deadline, open).encode()
}

/// What a method of a runtime API answers.
pub fn call(function: &str, runtime: &Runtime) -> Value {
    hex(&match function {
        "Core_version" => {
            let version = ("medchain", "medchain", 1u32, runtime.version);
            (version, 1u32, Vec::<([u8; 8], u32)>::new(), 1u32).encode()
        }
        "Metadata_metadata_versions" => vec![15u32].encode(),
        "Metadata_metadata_at_version" => Some(&runtime.metadata).encode(),
        "TransactionPaymentApi_query_info" => (Compact(1u64), Compact(1u64), 0u8, FEE).encode(),
        other => panic!("{other} is not faked"),
    })
}

/// What a fake node answers to a request, at once.
pub fn answered<'a>(
    params: Option<Box<RawValue>>,
    answer: impl FnOnce(&[Value]) -> Value,
) -> RawRpcFuture<'a, Box<RawValue>> {
    let params = params.map_or_else(|| "[]".to_owned(), |params| params.get().to_owned());
    let params: Vec<Value> = serde_json::from_str(&params).unwrap();
    let answer = answer(&params).to_string();
    Box::pin(async move { Ok(RawValue::from_string(answer).unwrap()) })
}

impl RpcClientT for Fake {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        params: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        answered(params, |params| self.answer(method, params))
    }

    fn subscribe_raw<'a>(
        &'a self,
        sub: &'a str,
        _params: Option<Box<RawValue>>,
        _unsub: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        panic!("{sub} is not faked")
    }
}
