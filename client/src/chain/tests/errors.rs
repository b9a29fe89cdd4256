use medchain_primitives::{Denied, DenyReason};
use tokio::net::TcpListener;

use crate::{
    chain::{
        submit::refusal, AddressError, Chain, ChainError, DispatchFailure, EmrError, RuntimeError,
    },
    AccountId32,
};

#[tokio::test]
async fn a_missing_node_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Chain::connect(&url).await.unwrap_err();
    let named = matches!(&error, ChainError::Unreachable { url: found, .. } if *found == url);
    assert!(named, "{error}");
    assert!(error.is_retryable() && error.is_disconnected());
}

#[tokio::test]
async fn an_invalid_address_says_what_to_give() {
    for url in ["", "127.0.0.1:9944", "http://127.0.0.1:9944", "ws://"] {
        let error = Chain::connect(url).await.unwrap_err();
        assert!(matches!(error, ChainError::Address(AddressError::Malformed { .. })), "{error}");
        assert!(error.to_string().contains("ws://127.0.0.1:9944"), "{error}");
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn an_unreachable_node_does_not_show_its_password() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("ws://clinic:hunter2@{place}/k3y");
    let error = Chain::connect(&url).await.unwrap_err();
    assert!(matches!(error, ChainError::Unreachable { .. }), "{error}");
    for said in [error.to_string(), format!("{error:?}")] {
        assert!(said.contains(&place.to_string()), "{said}");
        assert!(!said.contains("clinic") && !said.contains("hunter2"), "{said}");
        assert!(!said.contains("k3y"), "{said}");
    }
}

#[test]
fn rejections_by_the_pool_have_names() {
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
fn a_failure_is_one_line_and_a_type() {
    let docs = "The patient has granted this account nothing.";
    let failure = DispatchFailure { kind: EmrError::NoGrant.into(), docs: docs.into() };
    let error = ChainError::Dispatch(failure);
    assert_eq!(error.to_string(), format!("Emr.NoGrant: {docs}"));
    assert!(error.is(EmrError::NoGrant));
    assert!(!error.is(EmrError::GrantRevoked));
    let bad_origin = ChainError::Dispatch(RuntimeError::BadOrigin.into());
    assert!(bad_origin.is(RuntimeError::BadOrigin));
    assert_eq!(bad_origin.to_string(), "BadOrigin");
    assert_eq!(ChainError::StaleNonce.failure(), None);
}

/// A new answer does not compile here before it is on one side or the other.
#[test]
fn every_answer_of_a_policy_is_a_denial() {
    let error = |denied| match denied {
        Denied::NoPolicy => Some(EmrError::NoPolicy),
        Denied::PolicyNotFound => Some(EmrError::PolicyNotFound),
        Denied::PolicyTrapped => Some(EmrError::PolicyTrapped),
        Denied::PolicyOutOfGas => Some(EmrError::PolicyOutOfGas),
        Denied::PolicyAnswerInvalid => Some(EmrError::PolicyAnswerInvalid),
        Denied::PolicyReentered => Some(EmrError::PolicyReentered),
        Denied::Refused(reason) => Some(match reason {
            DenyReason::NoGrant => EmrError::NoGrant,
            DenyReason::ActionNotGranted => EmrError::ActionNotGranted,
            DenyReason::Expired => EmrError::GrantExpired,
            DenyReason::Revoked => EmrError::GrantRevoked,
            DenyReason::Other(_) => EmrError::PolicyRefused,
        }),
        // The question was about nothing.
        Denied::PatientNotFound | Denied::RecordNotFound | Denied::RecordErased => None,
    };
    let reasons = [
        DenyReason::NoGrant,
        DenyReason::ActionNotGranted,
        DenyReason::Expired,
        DenyReason::Revoked,
        DenyReason::Other(1),
    ];
    let failures = [
        Denied::NoPolicy,
        Denied::PolicyNotFound,
        Denied::PolicyTrapped,
        Denied::PolicyOutOfGas,
        Denied::PolicyAnswerInvalid,
        Denied::PolicyReentered,
        Denied::PatientNotFound,
        Denied::RecordNotFound,
        Denied::RecordErased,
    ];
    let answers = failures.into_iter().chain(reasons.map(Denied::Refused));
    let denials: Vec<EmrError> = answers.filter_map(error).collect();
    for one in EmrError::ALL {
        assert_eq!(one.is_denial(), denials.contains(one), "{one}");
    }
}
