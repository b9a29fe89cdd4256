//! Before, in and after a runtime upgrade.

pub mod fake;

use codec::{Decode, Encode};
use futures::{StreamExt, TryStreamExt};
use medchain_primitives::{ModelId, RecordId, RequestId};
use scale_info::{PortableRegistry, TypeDef};
use sp_crypto_hashing::twox_128;

use self::fake::{hash, Fake, Runtime, OWNER};
use super::{
    compat::{tested_version, version},
    metadata::replaced,
};
use crate::{
    chain::{
        address::{NodeAddress, Plaintext},
        compat,
        items::StorageItem,
        Call, Chain, ChainError, ChainEvent, PastBlock, PastRequest,
    },
    keys::Identity,
};

/// An address that nothing dials here.
fn nowhere() -> NodeAddress {
    NodeAddress::parse("ws://127.0.0.1:1", Plaintext::LocalOnly).unwrap()
}

/// The committed runtime.
fn tested() -> Runtime {
    Runtime { version: tested_version(), metadata: compat::TESTED.to_vec() }
}

/// A runtime of one version before, with another text.
fn before(from: &str, to: &str) -> Runtime {
    let ours = tested_version();
    let metadata = replaced(compat::TESTED, &version(ours), &version(ours - 1));
    let metadata = replaced(&metadata, from.as_bytes(), to.as_bytes());
    Runtime { version: ours - 1, metadata }
}

/// Metadata in which requests have no quorum.
fn without_quorum(metadata: &[u8]) -> Vec<u8> {
    // `meta` and the version of the format come before the types.
    let (magic, mut rest) = metadata.split_at(5);
    let mut types = PortableRegistry::decode(&mut rest).unwrap();
    let mut all = types.types.iter_mut();
    let path = ["pallet_inference", "types", "Request"];
    let request = all.find(|ty| ty.ty.path.segments == path).expect("there are requests");
    let TypeDef::Composite(request) = &mut request.ty.type_def else {
        panic!("a request is a struct")
    };
    request.fields.retain(|field| field.name.as_deref() != Some("quorum"));
    [magic, &types.encode(), rest].concat()
}

/// A chain of six blocks, of which the third brings today's runtime.
fn upgraded(old: Runtime) -> Fake {
    Fake { old, new: tested(), upgraded_at: 3, best: 6, finalised: 6, asked: Default::default() }
}

const OLD_CALL: (&str, &str) = ("cancel_request", "cancel_demands");

#[tokio::test]
async fn history_goes_back_before_an_upgrade_of_what_it_does_not_read() {
    let node = upgraded(before(OLD_CALL.0, OLD_CALL.1));
    let asked = node.asked.clone();
    let chain = Chain::over(node.client(), &nowhere()).await.unwrap();
    let error = chain.at(hash(2)).await.unwrap_err();
    assert!(matches!(error, ChainError::Incompatible { .. }), "{error}");

    asked.lock().unwrap().clear();
    let history = chain.history(1, 6).await.unwrap();
    let blocks: Vec<PastBlock> = history.blocks().try_collect().await.unwrap();
    assert_eq!(blocks.iter().map(|block| block.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    for block in &blocks {
        let event = ChainEvent::EmergencyAccessSet { patient: OWNER, allowed: block.number > 3 };
        assert_eq!(block.events[0].event, event, "{}", block.number);
        assert_eq!(history.time(block.hash).await.unwrap(), u64::from(block.number));
    }
    assert_eq!(history.own_policy_of(&OWNER).await.unwrap(), None);
    assert_eq!(history.default_policy().await.unwrap(), None);
    assert_eq!(history.record_ids_of(&OWNER).await.unwrap(), []);
    assert_eq!(history.request(RequestId(1)).await.unwrap(), None);
    assert_eq!(history.end_time().await.unwrap(), 6);
    // Nothing was read that is not compared, and everything that is.
    let prefix = |item: &StorageItem| {
        [item.owner(), item.name()].map(|name| twox_128(name.as_bytes())).concat()
    };
    let asked = asked.lock().unwrap().clone();
    let items = [StorageItem::HISTORY, &[StorageItem::REQUESTS]].concat();
    for key in &asked {
        assert!(items.iter().any(|item| key.starts_with(&prefix(item))), "{key:?}");
    }
    for item in &items {
        assert!(asked.iter().any(|key| key.starts_with(&prefix(item))), "{item}");
    }
}

#[tokio::test]
async fn history_reads_requests_that_have_fewer_fields() {
    let metadata = without_quorum(&before(OLD_CALL.0, OLD_CALL.1).metadata);
    let old = Runtime { version: tested_version() - 1, metadata };
    let chain = Chain::over(upgraded(old).client(), &nowhere()).await.unwrap();
    let history = chain.history(1, 2).await.unwrap();
    assert_eq!(history.blocks().try_collect::<Vec<_>>().await.unwrap().len(), 2);
    let request = history.request(fake::REQUEST).await.unwrap().unwrap();
    let expected = PastRequest {
        id: fake::REQUEST,
        record: RecordId(1),
        patient: OWNER,
        model: ModelId(2),
        requester: OWNER,
    };
    assert_eq!(request, expected);
    assert_eq!(chain.history(1, 6).await.unwrap().blocks().count().await, 6);
}

#[tokio::test]
async fn history_names_the_runtime_that_it_cannot_read() {
    let node = upgraded(before("sudo_result", "sudo_resalt"));
    let chain = Chain::over(node.client(), &nowhere()).await.unwrap();
    let (ours, theirs) = (tested_version(), tested_version() - 1);
    let what = format!(
        "it has version {theirs} and this program is made for version {ours}: event Sudo.Sudid \
         differs"
    );
    let error = chain.history(1, 6).await.unwrap_err();
    assert_eq!(error, ChainError::UnreadableBlocks { first: 1, next: Some(4), what: what.clone() });
    assert!(error.to_string().contains(&what) && !error.is_retryable(), "{error}");
    let error = chain.history(2, 3).await.unwrap_err();
    assert_eq!(error, ChainError::UnreadableBlocks { first: 2, next: None, what });
    let history = chain.history(4, 6).await.unwrap();
    assert_eq!(history.blocks().try_collect::<Vec<_>>().await.unwrap().len(), 3);
}

#[tokio::test]
async fn an_upgrade_that_is_not_final_is_waited_for() {
    let node = Fake { finalised: 2, ..upgraded(before(OLD_CALL.0, OLD_CALL.1)) };
    let chain = Chain::over(node.client(), &nowhere()).await.unwrap();
    assert_eq!(chain.best().await.unwrap().number(), 6);
    let error = chain.finalised().await.unwrap_err();
    assert!(matches!(error, ChainError::UpgradeNotFinal { .. }), "{error}");
    assert!(error.is_retryable() && !error.is_disconnected());
    for words in ["not final yet", "call Inference.cancel_request is missing", "in a minute"] {
        assert!(error.to_string().contains(words), "{error}");
    }
    // What does not read the final state needs not wait.
    assert_eq!(chain.has_final(2, hash(2)).await, Ok(true));
    assert_eq!(chain.has_final(2, hash(1)).await, Ok(false));
    assert_eq!(chain.has_final(3, hash(3)).await, Ok(false));
    let call = Call::CancelRequest { request: RequestId(1) };
    let alice = Identity::open("//Alice", true).unwrap();
    assert_eq!(chain.estimate_fee(&alice, &call).await, Ok(fake::FEE));
}

#[tokio::test]
async fn a_runtime_that_does_not_fit_is_not_waited_for() {
    let node = Fake { best: 2, finalised: 2, ..upgraded(before(OLD_CALL.0, OLD_CALL.1)) };
    let error = Chain::over(node.client(), &nowhere()).await.unwrap_err();
    assert!(matches!(error, ChainError::Incompatible { .. }), "{error}");
    assert!(!error.is_retryable());
}
