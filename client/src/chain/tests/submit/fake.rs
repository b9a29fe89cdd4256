//! A node with a pool and blocks, whose connections break when a test says so.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Bound,
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc, Mutex, MutexGuard,
    },
    time::Duration,
};

use codec::{Compact, Decode, Encode};
use futures::{stream, StreamExt};
use medchain_primitives::{Denied, DenyReason};
use serde_json::{json, Value};
use subxt::{
    ext::scale_value::scale::decode_as_type,
    rpcs::{
        client::{RawRpcFuture, RawRpcSubscription, RawValue, RpcClientT},
        Error, RpcClient, UserError,
    },
    Metadata,
};

use crate::{
    chain::{
        compat,
        line::Line,
        proof::keys::{events, last_runtime_upgrade, timestamp},
        tests::{
            compat::{tested_version, version},
            metadata::{metadata, replaced},
        },
        Chain, ChainError,
    },
    H256,
};

/// How many keys it answers at once, if no test says otherwise: fewer than it is asked for.
const KEYS_PAGE: usize = 3;

/// What happens to the next transaction that is handed over to be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before the node has it.
    LostBefore,
    /// The connection breaks once the pool has it.
    LostAfter,
    /// As [`Fault::LostAfter`], and the node restarts with an empty pool.
    Forgotten,
    /// The pool has it, and the node says nothing more.
    Silent,
    /// The pool has it, and no request over this connection is answered any more.
    Mute,
    /// The pool has it until another one with the same nonce replaces it.
    Usurped,
    /// It is in the best block, and the connection breaks before that is reported.
    LostInBlock,
    /// It arrives twice, and the answer is that to the second time.
    Twice,
}

/// After how long a connection gives a request up that is not answered. That of a real one does so
/// after a minute.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(20);

/// What the node knows; its connections share it.
#[derive(Default)]
pub struct Node {
    /// The transactions of each block, the genesis block first.
    pub blocks: Vec<Vec<Vec<u8>>>,
    pub pool: Vec<Vec<u8>>,
    /// How far the newest final block is behind.
    pub not_final: usize,
    /// What happens to the transactions to come.
    pub faults: VecDeque<Fault>,
    /// How many connections to come fail.
    pub refused_dials: usize,
    /// Whether it answers nothing at all, and no connection gives a request up.
    pub hangs: bool,
    /// Nonces that the node gives out although they are used in its pool.
    pub stale_nonces: VecDeque<u64>,
    /// Whether each look at the final head makes a block first.
    pub makes_blocks: bool,
    /// The first block whose state has today's runtime; before it, it has the version before.
    pub upgraded_at: usize,
    /// How often a transaction was handed over.
    pub offers: usize,
    /// What a test puts into its storage.
    pub values: BTreeMap<Vec<u8>, Vec<u8>>,
    /// How many keys it answers at once.
    pub keys_page: usize,
    /// Pages of keys that it answers first, whatever it is asked for.
    pub pages: VecDeque<Vec<Vec<u8>>>,
    /// How long each answer is on its way.
    pub round_trip: Duration,
    /// How many requests are under way, and the most that ever were.
    pub under_way: (usize, usize),
    /// How often each method was asked for, those of the runtime by their own names.
    pub asked: BTreeMap<String, usize>,
    /// How many bytes all its answers had.
    pub answered: usize,
}

impl Node {
    /// Makes a block of what is in the pool and may follow.
    pub fn make_block(&mut self) {
        let mut block = Vec::new();
        while let Some(at) = self.pool.iter().position(|one| nonce(one) == self.nonce(&block)) {
            block.push(self.pool.remove(at));
        }
        self.blocks.push(block);
        let next = self.nonce(&[]);
        self.pool.retain(|one| nonce(one) >= next);
    }

    fn nonce(&self, further: &[Vec<u8>]) -> u64 {
        self.nonce_after(self.best()) + further.len() as u64
    }

    fn nonce_after(&self, block: usize) -> u64 {
        self.blocks[..=block].iter().flatten().count() as u64
    }

    pub fn best(&self) -> usize {
        self.blocks.len() - 1
    }

    fn finalised(&self) -> usize {
        self.best().saturating_sub(self.not_final)
    }

    /// How often these bytes are in blocks.
    pub fn included(&self) -> Vec<Vec<u8>> {
        self.blocks.iter().flatten().cloned().collect()
    }

    pub fn spec_version(&self, block: usize) -> u32 {
        tested_version() - u32::from(block < self.upgraded_at)
    }

    /// Takes a transaction into the pool, as a node does.
    fn offer(&mut self, bytes: &[u8], spec_version: u32) -> Result<(), Error> {
        self.offers += 1;
        let nonce = nonce(bytes);
        if spec_version != self.spec_version(self.best()) {
            return Err(invalid(1010, "Transaction has a bad signature"));
        }
        if nonce < self.nonce(&[]) {
            return Err(invalid(1010, "Transaction is outdated"));
        }
        if self.pool.iter().any(|one| one == bytes) {
            return Err(invalid(1013, "already imported"));
        }
        if self.pool.iter().any(|one| self::nonce(one) == nonce) {
            return Err(invalid(1014, "Priority is too low: (10 vs 10)"));
        }
        self.pool.push(bytes.to_vec());
        Ok(())
    }
}

fn invalid(code: i32, data: &str) -> Error {
    let data = RawValue::from_string(json!(data).to_string()).unwrap();
    Error::User(UserError { code, message: "Invalid Transaction".into(), data: Some(data) })
}

fn broken() -> Error {
    Error::Client("the connection was closed".into())
}

/// Splits a signed transaction into what its extensions say: the nonce.
pub fn nonce(bytes: &[u8]) -> u64 {
    extension(bytes, "CheckNonce", |value| Compact::<u64>::decode(value).unwrap().0)
}

fn extension<T>(bytes: &[u8], name: &str, read: impl Fn(&mut &[u8]) -> T) -> T {
    let metadata = metadata();
    let mut rest = bytes;
    Compact::<u32>::decode(&mut rest).unwrap();
    // The version, the address and the signature, each of these with an index.
    rest = &rest[1 + 33 + 65..];
    for one in metadata.extrinsic().transaction_extensions_to_use_for_encoding() {
        if one.identifier() == name {
            return read(&mut rest);
        }
        decode_as_type(&mut rest, one.extra_ty(), metadata.types()).unwrap();
    }
    panic!("transactions have no {name}")
}

/// A node that tests control, and how to reach it.
#[derive(Clone)]
pub struct Fake(Arc<Mutex<Node>>);

impl Fake {
    /// A node with a genesis block and one more.
    pub fn new() -> Self {
        let blocks = vec![Vec::new(), Vec::new()];
        let node = Node { blocks, makes_blocks: true, keys_page: KEYS_PAGE, ..Node::default() };
        Self(Arc::new(Mutex::new(node)))
    }

    pub fn node(&self) -> MutexGuard<'_, Node> {
        self.0.lock().unwrap()
    }

    /// A chain over this node.
    pub async fn chain(&self) -> Chain {
        let again = self.clone();
        let line = Line::new(self.connection(), move || {
            let again = again.clone();
            async move {
                let mut node = again.node();
                if node.refused_dials > 0 {
                    node.refused_dials -= 1;
                    return Err(ChainError::ConnectionLost { reason: "nobody answers".into() });
                }
                drop(node);
                Ok(again.connection())
            }
        });
        Chain::over_line(line, "ws://fake").await.unwrap()
    }

    fn connection(&self) -> RpcClient {
        RpcClient::new(Connection {
            fake: self.clone(),
            open: AtomicBool::new(true),
            mute: AtomicBool::new(false),
        })
    }
}

struct Connection {
    fake: Fake,
    open: AtomicBool,
    mute: AtomicBool,
}

/// The hash of the block of this height.
pub fn hash(block: usize) -> H256 {
    let mut hash = [9; 32];
    hash[..8].copy_from_slice(&(block as u64).to_le_bytes());
    H256(hash)
}

fn bytes(hex: &Value) -> Vec<u8> {
    hex::decode(hex.as_str().unwrap().trim_start_matches("0x")).unwrap()
}

fn hex(bytes: &[u8]) -> Value {
    json!(format!("0x{}", hex::encode(bytes)))
}

fn block_of(hash: &Value) -> usize {
    u64::from_le_bytes(bytes(hash)[..8].try_into().unwrap()) as usize
}

impl Connection {
    /// An error where the connection is closed, or a request over it is not answered.
    async fn ensure_answers(&self) -> Result<(), Error> {
        if !self.open.load(Ordering::Relaxed) {
            return Err(broken());
        }
        if self.fake.node().hangs {
            std::future::pending::<()>().await;
        }
        if self.mute.load(Ordering::Relaxed) {
            tokio::time::sleep(REQUEST_TIMEOUT).await;
            return Err(Error::Client("Request timeout".into()));
        }
        Ok(())
    }

    fn answer(&self, method: &str, params: &[Value]) -> Result<Value, Error> {
        let mut node = self.fake.node();
        let function = params.first().and_then(Value::as_str).filter(|_| method == "state_call");
        *node.asked.entry(function.unwrap_or(method).to_owned()).or_default() += 1;
        let best = node.best();
        let at = |place: usize| params.get(place).filter(|one| !one.is_null());
        let block = |place: usize| at(place).map_or(best, block_of);
        Ok(match method {
            "state_getRuntimeVersion" => {
                let version = node.spec_version(block(0));
                json!({ "specName": "medchain", "specVersion": version, "transactionVersion": 1 })
            }
            "chain_getFinalizedHead" => {
                if node.makes_blocks {
                    node.make_block();
                }
                hex(&hash(node.finalised()).0)
            }
            "chain_getBlockHash" => match at(0).and_then(Value::as_u64) {
                Some(number) if number as usize > best => Value::Null,
                Some(number) => hex(&hash(number as usize).0),
                None => hex(&hash(best).0),
            },
            "chain_getHeader" => header(block(0)),
            "chain_getBlock" => {
                let all: Vec<Value> = node.blocks[block(0)].iter().map(|one| hex(one)).collect();
                json!({ "block": { "header": header(block(0)), "extrinsics": all } })
            }
            "state_call" => {
                let function = params[0].as_str().unwrap();
                let version = node.spec_version(block(2));
                match function {
                    // Whoever has an even number may.
                    "EmrApi_check_access" => {
                        let subject = bytes(&params[1])[32..64].to_vec();
                        let denied = Denied::Refused(DenyReason::NoGrant);
                        let answer =
                            if subject[0].is_multiple_of(2) { Ok(()) } else { Err(denied) };
                        hex(&answer.encode())
                    }
                    _ => hex(&call(function, &node, block(2), version)),
                }
            }
            "state_getStorage" => state(&node, &bytes(&params[0]), block(1)),
            "state_getKeysPaged" => {
                let (prefix, most) = (bytes(&params[0]), params[1].as_u64().unwrap() as usize);
                let first =
                    at(2).map(bytes).map_or(Bound::Included(prefix.clone()), Bound::Excluded);
                let range = (first, Bound::<Vec<u8>>::Unbounded);
                let page = node.pages.pop_front().unwrap_or_else(|| {
                    let keys = node.values.range::<Vec<u8>, _>(range).map(|(key, _)| key);
                    let keys = keys.take_while(|key| key.starts_with(&prefix));
                    keys.take(most.min(node.keys_page)).cloned().collect()
                });
                page.iter().map(|key| hex(key)).collect()
            }
            "state_queryStorageAt" => {
                let keys = params[0].as_array().unwrap().iter();
                let changes = keys.map(|key| json!([key, state(&node, &bytes(key), block(1))]));
                json!([{ "block": params[1], "changes": changes.collect::<Vec<_>>() }])
            }
            "system_accountNextIndex" => {
                let pool = node.pool.iter().map(|one| nonce(one) + 1).max().unwrap_or_default();
                let next = pool.max(node.nonce(&[]));
                json!(node.stale_nonces.pop_front().unwrap_or(next))
            }
            "author_submitExtrinsic" => {
                // Signed for the runtime of the time; every test signs with the newest.
                let version = node.spec_version(node.best());
                node.offer(&bytes(&params[0]), version)?;
                hex(&[0; 32])
            }
            other => panic!("{other} is not faked"),
        })
    }

    /// Takes a transaction, and returns the reports on it.
    fn watch(&self, bytes: &[u8]) -> Result<Vec<Value>, Error> {
        let mut node = self.fake.node();
        let fault = node.faults.pop_front();
        let close = || self.open.store(false, Ordering::Relaxed);
        if fault == Some(Fault::LostBefore) {
            close();
            return Err(broken());
        }
        let version = node.spec_version(node.best());
        node.offer(bytes, version)?;
        let mut reports = vec![json!("ready")];
        match fault {
            None => {
                node.make_block();
                let block = hex(&hash(node.best()).0);
                reports.extend([json!({ "inBlock": block }), json!({ "finalized": block })]);
            }
            Some(Fault::Silent | Fault::LostBefore) => reports.push(Value::Null),
            Some(Fault::Mute) => {
                self.mute.store(true, Ordering::Relaxed);
                reports.push(Value::Null);
            }
            Some(Fault::LostAfter) => close(),
            Some(Fault::Forgotten) => {
                node.pool.clear();
                close();
            }
            Some(Fault::Twice) => return Err(invalid(1013, "Any { .. }")),
            Some(Fault::LostInBlock) => {
                node.make_block();
                close();
            }
            Some(Fault::Usurped) => {
                let at = node.pool.iter().position(|one| one == bytes).unwrap();
                let mut other = bytes.to_vec();
                // Another signature: what a second command of the account signed.
                other[40] ^= 1;
                node.pool[at] = other;
                reports.push(json!({ "usurped": hex(&[1; 32]) }));
            }
        }
        Ok(reports)
    }
}

fn header(block: usize) -> Value {
    json!({
        "parentHash": hex(&hash(block.saturating_sub(1)).0),
        "number": block,
        "stateRoot": hex(&[0; 32]),
        "extrinsicsRoot": hex(&[0; 32]),
        "digest": { "logs": [] },
    })
}

fn state(node: &Node, key: &[u8], block: usize) -> Value {
    let version = node.spec_version(block);
    if key == events() {
        return hex(&Compact(0u32).encode());
    }
    if key == last_runtime_upgrade() {
        return hex(&(Compact(version), "medchain").encode());
    }
    if key == timestamp() {
        return hex(&(block as u64).encode());
    }
    node.values.get(key).map_or(Value::Null, |value| hex(value))
}

fn call(function: &str, node: &Node, block: usize, spec_version: u32) -> Vec<u8> {
    match function {
        "AccountNonceApi_account_nonce" => (node.nonce_after(block) as u32).encode(),
        "Core_version" => {
            let version = ("medchain", "medchain", 1u32, spec_version);
            (version, 1u32, Vec::<([u8; 8], u32)>::new(), 1u32).encode()
        }
        "Metadata_metadata_versions" => vec![15u32].encode(),
        "Metadata_metadata_at_version" => {
            let ours = version(tested_version());
            let metadata = replaced(compat::TESTED, &ours, &version(spec_version));
            debug_assert!(Metadata::decode_from(&metadata).is_ok());
            Some(metadata).encode()
        }
        other => panic!("{other} is not faked"),
    }
}

fn parameters(params: Option<Box<RawValue>>) -> Vec<Value> {
    params.map_or_else(Vec::new, |params| serde_json::from_str(params.get()).unwrap())
}

impl RpcClientT for Connection {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        params: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        Box::pin(async move {
            self.ensure_answers().await?;
            let round_trip = {
                let mut node = self.fake.node();
                node.under_way.0 += 1;
                node.under_way.1 = node.under_way.1.max(node.under_way.0);
                node.round_trip
            };
            if round_trip > Duration::ZERO {
                tokio::time::sleep(round_trip).await;
            }
            let answer = self.answer(method, &parameters(params));
            self.fake.node().under_way.0 -= 1;
            let answer = answer?.to_string();
            self.fake.node().answered += answer.len();
            Ok(RawValue::from_string(answer).unwrap())
        })
    }

    fn subscribe_raw<'a>(
        &'a self,
        sub: &'a str,
        params: Option<Box<RawValue>>,
        _unsub: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        assert_eq!(sub, "author_submitAndWatchExtrinsic");
        Box::pin(async move {
            self.ensure_answers().await?;
            let reports = self.watch(&bytes(&parameters(params)[0]))?;
            let silent = reports.last() == Some(&Value::Null);
            let said = reports.into_iter().filter(|report| !report.is_null());
            let said = said.map(|report| Ok(RawValue::from_string(report.to_string()).unwrap()));
            let said = stream::iter(said.collect::<Vec<_>>());
            let stream = match silent {
                true => said.chain(stream::pending()).boxed(),
                false => said.boxed(),
            };
            Ok(RawRpcSubscription { stream, id: Some("1".into()) })
        })
    }
}
