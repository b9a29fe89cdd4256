use tokio::net::TcpListener;

use crate::{
    chain::{submit::refusal, Chain, ChainError, DispatchFailure},
    AccountId32,
};

#[tokio::test]
async fn a_node_that_is_not_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Chain::connect(&url).await.unwrap_err();
    let named = matches!(&error, ChainError::Unreachable { url: found, .. } if *found == url);
    assert!(named, "{error}");
    assert!(error.is_retryable() && error.is_disconnected());
}

#[tokio::test]
async fn what_is_no_address_is_unreachable_and_says_what_to_give() {
    for url in ["", "127.0.0.1:9944", "http://127.0.0.1:9944", "ws://"] {
        let error = Chain::connect(url).await.unwrap_err();
        assert!(matches!(error, ChainError::Unreachable { .. }), "{error}");
    }
}

#[test]
fn the_pool_s_refusals_have_names() {
    let account = AccountId32([1; 32]);
    let of = |code, data| refusal(code, "Invalid Transaction", data, account);
    let poor = of(1010, "Inability to pay some fees (e.g. account balance too low)");
    assert_eq!(poor, ChainError::InsufficientFunds { account });
    assert!(!poor.is_retryable());
    assert_eq!(of(1010, "Transaction is outdated"), ChainError::StaleNonce);
    assert_eq!(of(1014, ""), ChainError::StaleNonce);
    assert!(of(1012, "").is_retryable());
    let bad = of(1010, "Transaction has a bad signature");
    assert!(matches!(&bad, ChainError::Pool { reason, .. } if reason.contains("signature")));
    assert!(!bad.is_retryable());
    assert!(matches!(of(-32603, ""), ChainError::Node { .. }));
}

#[test]
fn a_failure_reads_as_one_line() {
    let failure = DispatchFailure {
        pallet: "Emr".into(),
        error: "NoGrant".into(),
        docs: "The patient granted this account nothing.".into(),
    };
    let error = ChainError::Dispatch(failure);
    assert_eq!(error.to_string(), "Emr.NoGrant: The patient granted this account nothing.");
    assert!(error.is("Emr", "NoGrant"));
    assert!(!error.is("Emr", "GrantRevoked"));
}
