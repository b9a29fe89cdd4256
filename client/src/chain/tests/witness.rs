//! What two nodes vouch for, where one of them lies, is behind, or is on another fork or chain.

use codec::Encode;
use medchain_primitives::{Action, Basis, EncryptionKey, Purpose, RecordId, RequestId, Step};
use medchain_sharing::{CustodianKey, ReplyKey};
use serde_json::{json, Value};
use sp_crypto_hashing::{blake2_128, twox_128};
use subxt::{
    config::substrate::{Digest, SubstrateHeader},
    rpcs::{
        client::{RawRpcFuture, RawRpcSubscription, RawValue, RpcClientT},
        RpcClient,
    },
};

use super::{
    compat::tested_version,
    proof::trie,
    upgrade::fake::{answered, bytes, call, hex, Runtime},
};
use crate::{
    chain::{
        address::{NodeAddress, Plaintext},
        compat,
        proof::keys,
        AccessQuestion, Chain, ChainError, View,
    },
    AccountId32, H256,
};

const READER: AccountId32 = AccountId32([2; 32]);
const NOBODY: AccountId32 = AccountId32([3; 32]);
const KEY: EncryptionKey = EncryptionKey([9; 32]);
/// The key of whoever runs the node that lies.
const FALSE_KEY: EncryptionKey = EncryptionKey([6; 32]);

const RECORD: RecordId = RecordId(7);
/// The number of a request, which is spelled as that of a record in the keys of the state.
const REQUEST: RecordId = RecordId(8);
/// By how many blocks two nodes may differ.
const MAX_LAG: usize = 30;

type Header = SubstrateHeader<H256>;

/// Keys and values.
type State = Vec<(Vec<u8>, Vec<u8>)>;

#[derive(Clone)]
struct Block {
    header: Header,
    hash: H256,
    state: State,
}

/// A state in which the reader has this key, and so has everything else that keys are handed out
/// by. Those of another `seed` differ in something else.
fn state(seed: u8, key: Option<EncryptionKey>) -> State {
    let known = key.into_iter().flat_map(|key| {
        [
            (keys::encryption_key(&READER), key.0.to_vec()),
            (of_account("CustodianGroups", &READER), group(key)),
            (of_account("Custodians", &READER), (key.0, Some(1u128)).encode()),
            (grant_of(&READER), grant(key)),
            (keys::of_record("Inference.Committees", REQUEST), committee(key)),
        ]
    });
    [(b"seed".to_vec(), vec![seed])].into_iter().chain(known).collect()
}

/// The key of a map of custody under an account.
fn of_account(item: &str, account: &AccountId32) -> Vec<u8> {
    let prefix = [twox_128(b"Custody"), twox_128(item.as_bytes())].concat();
    [&prefix[..], &blake2_128(&account.0), &account.0].concat()
}

fn grant_of(subject: &AccountId32) -> Vec<u8> {
    let of_record = keys::of_record("Custody.Grants", RECORD);
    [&of_record[..], &blake2_128(&subject.0), &subject.0].concat()
}

/// One custodian with this key, as `pallet-custody` stores a group.
fn group(key: EncryptionKey) -> Vec<u8> {
    (vec![(NOBODY, key.0)], 1u8, 5u128).encode()
}

/// A grant with this reply key, as `pallet-custody` stores it.
fn grant(key: EncryptionKey) -> Vec<u8> {
    let basis = Basis::Policy { purpose: Purpose::Treatment };
    (basis, key.0, 3u32, 9u32, Vec::<()>::new(), 5u128, 6u128).encode()
}

/// The worker with the account of these bytes was chosen, as `pallet-inference` stores it.
fn committee(key: EncryptionKey) -> Vec<u8> {
    let members = vec![(AccountId32(key.0), Step::Chosen)];
    // It was named.
    (members, 0u8, Vec::<AccountId32>::new()).encode()
}

/// A block on top of others.
fn block(parent: Option<&Block>, state: State) -> Block {
    let header = Header {
        parent_hash: parent.map_or(H256([0; 32]), |parent| parent.hash),
        number: parent.map_or(0, |parent| parent.header.number + 1),
        state_root: trie(&state, &[]).0,
        extrinsics_root: H256([0; 32]),
        digest: Digest::default(),
    };
    Block { hash: H256(sp_crypto_hashing::blake2_256(&header.encode())), header, state }
}

/// Three blocks of the chain of this `seed`: the genesis block, one without the reader's key, and
/// one with this key.
fn blocks(seed: u8, key: EncryptionKey) -> Vec<Block> {
    let mut blocks = vec![block(None, state(seed, None))];
    for key in [None, Some(key)] {
        blocks.push(block(blocks.last(), state(1, key)));
    }
    blocks
}

/// What a node lies about, apart from its blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    None,
    /// The values, which are from another state.
    Values,
    /// The header as well, which has that state's root.
    Header,
    /// Which keys it was asked for: it proves nothing about them.
    Keys,
    /// That it has no blocks but those that it is asked for by their hash.
    Forgets,
}

struct Fake {
    blocks: Vec<Block>,
    finalised: usize,
    lie: Lie,
}

/// A node with these blocks, whose newest final one has this number.
async fn node(blocks: &[Block], finalised: usize, lie: Lie, url: &str) -> Chain {
    let fake = Fake { blocks: blocks.to_vec(), finalised, lie };
    let address = NodeAddress::parse(url, Plaintext::LocalOnly).unwrap();
    Chain::over(RpcClient::new(fake), &address).await.unwrap()
}

async fn first(blocks: &[Block], lie: Lie) -> Chain {
    node(blocks, 2, lie, "ws://127.0.0.1:1").await
}

async fn second(blocks: &[Block], finalised: usize) -> Chain {
    node(blocks, finalised, Lie::None, "ws://127.0.0.1:2").await
}

impl Fake {
    fn block(&self, hash: Option<&Value>) -> &Block {
        match hash.filter(|hash| !hash.is_null()) {
            None => self.blocks.last().unwrap(),
            Some(hash) => self.blocks.iter().find(|one| one.hash.0[..] == bytes(hash)[..]).unwrap(),
        }
    }

    /// What it would like others to believe about this block.
    fn false_block(&self, block: &Block) -> Block {
        let parent = self.blocks.iter().find(|one| one.hash == block.header.parent_hash);
        self::block(parent, state(1, Some(FALSE_KEY)))
    }

    fn header(&self, block: &Block) -> Header {
        match self.lie {
            Lie::Header if block.header.number > 0 => self.false_block(block).header,
            _ => block.header.clone(),
        }
    }

    fn proof(&self, asked: &[Vec<u8>], block: &Block) -> Vec<Vec<u8>> {
        match self.lie {
            Lie::Values | Lie::Header => trie(&self.false_block(block).state, asked).1,
            Lie::Keys => trie(&block.state, &[]).1,
            Lie::None | Lie::Forgets => trie(&block.state, asked).1,
        }
    }

    fn answer(&self, method: &str, params: &[Value]) -> Value {
        let runtime = Runtime { version: tested_version(), metadata: compat::TESTED.to_vec() };
        match method {
            "state_getRuntimeVersion" => json!({
                "specName": "medchain",
                "specVersion": runtime.version,
                "transactionVersion": 1,
            }),
            "chain_getFinalizedHead" => hex(&self.blocks[self.finalised].hash.0),
            "chain_getBlockHash" => match params.first().and_then(Value::as_u64) {
                None => hex(&self.block(None).hash.0),
                Some(1..) if self.lie == Lie::Forgets => Value::Null,
                Some(number) => {
                    self.blocks.get(number as usize).map_or(Value::Null, |block| hex(&block.hash.0))
                }
            },
            "chain_getHeader" => {
                serde_json::to_value(self.header(self.block(params.first()))).unwrap()
            }
            "state_call" => call(params[0].as_str().unwrap(), &runtime),
            "state_getReadProof" => {
                let asked: Vec<Vec<u8>> = params[0].as_array().unwrap().iter().map(bytes).collect();
                let proof = self.proof(&asked, self.block(params.get(1)));
                let proof: Vec<Value> = proof.iter().map(|node| hex(node)).collect();
                json!({ "at": params[1], "proof": proof })
            }
            "state_getStorage" => {
                let key = bytes(&params[0]);
                let state = &self.block(params.get(1)).state;
                let found = state.iter().find(|(one, _)| *one == key);
                found.map_or(Value::Null, |(_, value)| hex(value))
            }
            other => panic!("{other} is not faked"),
        }
    }
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

/// The key of an account that both nodes vouch for.
async fn key_of(
    first: &Chain,
    second: &Chain,
    account: &AccountId32,
) -> Result<Option<EncryptionKey>, ChainError> {
    first.witnessed(second).await?.encryption_key(account).await
}

/// In what the nodes do not agree.
fn disagreement<T: std::fmt::Debug>(answer: Result<T, ChainError>) -> String {
    match answer {
        Err(ChainError::Disagreement { first, second, what }) => {
            assert!(first.contains(":1") && second.contains(":2"), "{first}, {second}");
            what
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_is_believed_that_one_node_proves_in_a_block_of_both() {
    let blocks = blocks(1, KEY);
    let (first, second) = (first(&blocks, Lie::None).await, second(&blocks, 2).await);
    assert_eq!(key_of(&first, &second, &READER).await, Ok(Some(KEY)));
    assert_eq!(key_of(&first, &second, &NOBODY).await, Ok(None));
}

#[tokio::test]
async fn what_the_second_node_does_not_call_final_yet_is_not_believed() {
    let blocks = blocks(1, KEY);
    let (first, second) = (first(&blocks, Lie::None).await, second(&blocks, 1).await);
    assert_eq!(key_of(&first, &second, &READER).await, Ok(None));
    // And the other way round, where the first node is the one that is behind.
    assert_eq!(key_of(&second, &first, &READER).await, Ok(None));
}

#[tokio::test]
async fn a_node_that_tells_a_false_key_is_found_out() {
    let blocks = blocks(1, KEY);
    let second = second(&blocks, 2).await;
    // With its values the header does not fit, and with its header the hash does not.
    for lie in [Lie::Values, Lie::Keys] {
        let lying = first(&blocks, lie).await;
        let what = disagreement(key_of(&lying, &second, &READER).await);
        assert!(what.contains("does not lead from the block's state"), "{lie:?}: {what}");
    }
    let lying = first(&blocks, Lie::Header).await;
    let error = key_of(&lying, &second, &READER).await.unwrap_err();
    assert!(error.to_string().contains("its hash is not the block's"), "{error}");
}

#[tokio::test]
async fn a_fork_of_ones_own_is_found_out() {
    let (honest, forked) = (blocks(1, KEY), blocks(1, FALSE_KEY));
    assert_eq!(honest[1].hash, forked[1].hash);
    let (lying, second) = (first(&forked, Lie::None).await, second(&honest, 2).await);
    let what = disagreement(key_of(&lying, &second, &READER).await);
    let hashes = [&forked, &honest].map(|blocks| format!("{:?}", blocks[2].hash));
    assert!(what.starts_with("final block 2 is"), "{what}");
    assert!(hashes.iter().all(|hash| what.contains(hash)), "{what}");
}

#[tokio::test]
async fn another_chain_vouches_for_nothing() {
    let (ours, others) = (blocks(1, KEY), blocks(7, KEY));
    let (first, second) = (first(&ours, Lie::None).await, second(&others, 2).await);
    let what = disagreement(key_of(&first, &second, &READER).await);
    assert!(what.contains("different genesis blocks"), "{what}");
}

#[tokio::test]
async fn a_node_that_has_no_common_block_vouches_for_nothing() {
    let blocks = blocks(1, KEY);
    let second = second(&blocks, 2).await;
    let forgets = first(&blocks, Lie::Forgets).await;
    let what = disagreement(key_of(&forgets, &second, &READER).await);
    assert!(what.contains("no block 2"), "{what}");
}

/// What of the state is asked for by those who hand keys out.
async fn all_of(view: &View) -> (CustodianKey, CustodianKey, ReplyKey, AccountId32) {
    let group = view.custodians_of(&READER).await.unwrap().unwrap();
    let custodian = view.custodian(&READER).await.unwrap().unwrap();
    let grant = view.grant(RECORD, &READER).await.unwrap().unwrap();
    let committee = view.committee(RequestId(REQUEST.0)).await.unwrap().unwrap();
    (group.members[0].1, custodian.key, grant.reply, committee.members[0].worker)
}

#[tokio::test]
async fn custodians_grants_and_drawn_workers_are_proven() {
    let blocks = blocks(1, KEY);
    let (first, second) = (first(&blocks, Lie::None).await, second(&blocks, 2).await);
    let view = first.witnessed(&second).await.unwrap();
    assert_eq!((view.number(), view.hash()), (2, blocks[2].hash));
    let custodian = CustodianKey(KEY.0);
    let all = (custodian, custodian, ReplyKey(KEY.0), AccountId32(KEY.0));
    assert_eq!(all_of(&view).await, all);
    // Several at once, of which one is not there.
    let grants = view.grants_to(&READER, &[RECORD, RecordId(9)]).await.unwrap();
    assert_eq!(grants[0].as_ref().map(|grant| grant.reply), Some(ReplyKey(KEY.0)));
    assert_eq!(grants[1], None);
}

#[tokio::test]
async fn what_is_not_there_is_proven_to_be_absent() {
    let blocks = blocks(1, KEY);
    let (first, second) = (first(&blocks, Lie::None).await, second(&blocks, 1).await);
    let view = first.witnessed(&second).await.unwrap();
    assert_eq!(view.custodians_of(&READER).await, Ok(None));
    assert_eq!(view.custodian(&READER).await, Ok(None));
    assert_eq!(view.grant(RECORD, &READER).await, Ok(None));
    assert_eq!(view.committee(RequestId(REQUEST.0)).await.unwrap(), None);
    // A balance has a value where there is none, which the metadata tells: not the state.
    assert_eq!(view.balance(&READER).await.unwrap().free, 0);
}

#[tokio::test]
async fn a_node_that_lies_about_custodians_grants_or_workers_is_found_out() {
    let blocks = blocks(1, KEY);
    let second = second(&blocks, 2).await;
    for lie in [Lie::Values, Lie::Keys] {
        let lying = first(&blocks, lie).await;
        let view = lying.witnessed(&second).await.unwrap();
        let all = [
            view.custodians_of(&READER).await.map(|_| ()),
            view.custodian(&READER).await.map(|_| ()),
            view.grant(RECORD, &READER).await.map(|_| ()),
            view.grants_to(&READER, &[RECORD]).await.map(|_| ()),
            view.committee(RequestId(REQUEST.0)).await.map(|_| ()),
        ];
        for answer in all {
            let what = disagreement(answer);
            assert!(what.contains("does not lead from the block's state"), "{lie:?}: {what}");
        }
    }
    let lying = first(&blocks, Lie::Header).await;
    let error = lying.witnessed(&second).await.unwrap_err();
    assert!(error.to_string().contains("its hash is not the block's"), "{error}");
}

#[tokio::test]
async fn what_a_node_computes_is_not_taken_for_proven() {
    let blocks = blocks(1, KEY);
    let (first, second) = (first(&blocks, Lie::None).await, second(&blocks, 2).await);
    let view = first.witnessed(&second).await.unwrap();
    let question = AccessQuestion::about(Action::View);
    let error = view.check_access(&READER, &NOBODY, question).await.unwrap_err();
    assert!(error.to_string().contains("cannot prove EmrApi.check_access"), "{error}");
    let error = view.open_request_ids().await.unwrap_err();
    assert!(error.to_string().contains("cannot prove that a list"), "{error}");
}

#[tokio::test]
async fn a_node_that_says_it_is_far_behind_proves_nothing_old() {
    let mut blocks = blocks(1, KEY);
    while blocks.len() <= 2 + MAX_LAG {
        blocks.push(block(blocks.last(), state(1, None)));
    }
    let newest = blocks.len() - 1;
    let honest = second(&blocks, newest).await;
    // In block 2 the reader still had the key.
    let near = node(&blocks, 2, Lie::None, "ws://127.0.0.1:1").await;
    assert_eq!(key_of(&near, &honest, &READER).await, Ok(Some(KEY)));
    let far = node(&blocks, 1, Lie::None, "ws://127.0.0.1:1").await;
    let what = disagreement(key_of(&far, &honest, &READER).await);
    assert!(what.contains(&format!("are 1 and {newest}")), "{what}");
}
