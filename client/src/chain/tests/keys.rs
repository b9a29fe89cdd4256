//! The keys of a list, a page at a time.

use medchain_primitives::RequestId;
use sp_crypto_hashing::{twox_128, twox_64};

use super::submit::fake::Fake;
use crate::chain::{ChainError, View};

const BLOCK: u32 = 7;

/// The key of a request in `Inference.Due` of a block.
fn key(block: u32, request: u64) -> Vec<u8> {
    let (block, request) = (block.to_le_bytes(), request.to_le_bytes());
    let item = [twox_128(b"Inference"), twox_128(b"Due")].concat();
    [&item[..], &twox_64(&block), &block, &twox_64(&request), &request].concat()
}

async fn view(fake: &Fake) -> View {
    fake.chain().await.best().await.unwrap()
}

/// What is said of a list of which the node answers these pages.
async fn refused(pages: &[Vec<Vec<u8>>]) -> String {
    let fake = Fake::new();
    let view = view(&fake).await;
    fake.node().pages = pages.to_vec().into();
    match view.due(BLOCK).await {
        Err(ChainError::Decode { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_node_may_answer_fewer_keys_than_it_is_asked_for() {
    let fake = Fake::new();
    let view = view(&fake).await;
    for count in [0, 1, 3, 8, 9] {
        let (due, later) = ((0..count).map(|n| key(BLOCK, n)), (0..5).map(|n| key(BLOCK + 1, n)));
        fake.node().values = due.chain(later).map(|key| (key, Vec::new())).collect();
        let all: Vec<RequestId> = (0..count).map(RequestId).collect();
        assert_eq!(view.due(BLOCK).await.unwrap(), all);
    }
}

#[tokio::test]
async fn a_page_that_does_not_go_on_is_an_error_and_not_the_end() {
    let mut keys: Vec<Vec<u8>> = (0..4).map(|number| key(BLOCK, number)).collect();
    keys.sort();
    let out_of_order = "the node answers keys out of order";
    assert_eq!(refused(&[keys.clone(), keys.clone()]).await, out_of_order, "repeated");
    assert_eq!(refused(&[keys[2..].to_vec(), keys[..2].to_vec()]).await, out_of_order);
    keys.reverse();
    assert_eq!(refused(&[keys]).await, out_of_order, "within a page");
}

#[tokio::test]
async fn a_key_of_another_list_is_an_error() {
    let other = "a key is of another list";
    assert_eq!(refused(&[vec![key(BLOCK + 1, 3)]]).await, other);
    let short = key(BLOCK, 3)[..50].to_vec();
    assert_eq!(refused(&[vec![short]]).await, "a key is too short");
    let long = [key(BLOCK, 3), vec![0; 8]].concat();
    assert_eq!(refused(&[vec![long]]).await, "a key is too long");
}
