use medchain_client::store::StoreError as E;

use super::*;
use crate::prediction::ports::StoreError::{Corrupt, NotAvailable, TooLarge, Unreachable};

fn corrupt() -> E {
    E::Corrupt { cid: "bafy".into(), reason: "a bit is flipped".into() }
}

fn down() -> E {
    E::Unreachable { store: "A".into(), reason: "no route".into() }
}

fn missing() -> E {
    E::NotFound { cid: "bafy".into() }
}

fn all(errors: Vec<E>) -> StoreError {
    let failures = errors.into_iter().map(|error| Failure { store: "a store".into(), error });
    StoreError::from(E::AllFailed { task: "delivered the content", failures: failures.collect() })
}

#[test]
fn content_is_reported_as_corrupt_only_where_no_store_may_have_it_later() {
    assert!(matches!(StoreError::from(corrupt()), Corrupt(_)));
    assert!(matches!(all(vec![corrupt(), corrupt()]), Corrupt(_)));
    for other in [down(), missing(), E::Timeout { store: "A".into(), seconds: 1 }] {
        let error = all(vec![corrupt(), other]);
        assert!(matches!(error, NotAvailable(_)) && error.is_retryable(), "{error:?}");
    }
}

#[test]
fn stores_are_unreachable_only_if_all_of_them_are() {
    let no_folder = E::NoFolder { path: "/gone".into() };
    assert!(matches!(all(vec![down(), no_folder]), Unreachable(_)));
    assert!(matches!(all(vec![down(), missing()]), NotAvailable(_)));
    assert!(matches!(StoreError::from(E::TooLarge { limit: 1 }), TooLarge(_)));
}

#[tokio::test]
async fn one_store_that_answers_is_enough_to_start() {
    let folder = tempfile::tempdir().unwrap();
    // Port 1 of this machine: nothing listens there.
    let with_folder = format!("http://127.0.0.1:1,{}", folder.path().display());
    assert_eq!(ContentStore::open(&with_folder).unwrap().ping().await, Ok(()));
    let mistyped = format!("http://127.0.0.1:1,{}", folder.path().join("storage").display());
    assert!(ContentStore::open(&mistyped).unwrap().ping().await.is_err());

    let none = ContentStore::open("http://127.0.0.1:1,http://127.0.0.1:2").unwrap();
    let error = none.ping().await.unwrap_err().to_string();
    assert!(error.starts_with("none of 2 stores answers: the IPFS node at http://127.0.0.1:1"));
    assert!(error.contains("http://127.0.0.1:2: cannot be reached"), "{error}");
    let alone = ContentStore::open("http://127.0.0.1:1").unwrap();
    let error = alone.ping().await.unwrap_err().to_string();
    assert!(error.starts_with("cannot reach the IPFS node at http://127.0.0.1:1:"), "{error}");
}
