//! Transactions on their way to nodes that fail in between.

pub mod fake;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use medchain_primitives::RecordId;

use self::fake::{hash, nonce, Fake, Fault};
use crate::{
    chain::{Call, Chain, ChainError, Fate, Finality, SubmitOptions, Transaction, TxOutcome},
    keys::Identity,
};

const CALL: Call = Call::EraseRecord { record: RecordId(1) };

/// Fast, because a fake node needs no time.
fn options() -> SubmitOptions {
    SubmitOptions {
        finality: Finality::Finalised,
        timeout: Duration::from_millis(300),
        look_up: Duration::from_secs(5),
        pause: Duration::from_millis(2),
        ..SubmitOptions::default()
    }
}

fn alice() -> Identity {
    Identity::open("//Alice", true).unwrap()
}

/// The result, and the transactions that were noted before they were sent.
async fn submit(
    chain: &Chain,
    options: &SubmitOptions,
) -> (Result<TxOutcome, ChainError>, Vec<Transaction>) {
    let mut noted = Vec::new();
    let outcome = chain
        .submit_noted(&alice(), &CALL, options, &mut |transaction| {
            noted.push(transaction.clone());
            Ok(())
        })
        .await;
    (outcome, noted)
}

#[tokio::test]
async fn whatever_breaks_the_transaction_is_in_one_block_once() {
    for fault in [
        None,
        Some(Fault::LostBefore),
        Some(Fault::LostAfter),
        Some(Fault::LostInBlock),
        Some(Fault::Forgotten),
        Some(Fault::Silent),
        Some(Fault::Mute),
        Some(Fault::Twice),
    ] {
        for refused_dials in [0, 3] {
            let fake = Fake::new();
            let chain = fake.chain().await;
            fake.node().faults.extend(fault);
            fake.node().refused_dials = refused_dials;
            let (outcome, noted) = submit(&chain, &options()).await;
            let outcome = outcome.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
            assert_eq!(noted.len(), 1, "{fault:?}");
            assert_eq!(outcome.extrinsic_hash, noted[0].hash, "{fault:?}");
            assert_eq!(fake.node().included(), [noted[0].bytes.clone()], "{fault:?}");
            // The chain goes on over the new connection.
            assert!(chain.best().await.is_ok(), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn an_outcome_that_nobody_knows_is_no_failure() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    fake.node().faults.push_back(Fault::LostAfter);
    fake.node().refused_dials = usize::MAX;
    let impatient = SubmitOptions { look_up: Duration::from_millis(50), ..options() };
    let (outcome, noted) = submit(&chain, &impatient).await;
    let error = outcome.unwrap_err();
    let [transaction] = &noted[..] else { panic!("{noted:?}") };
    assert!(error.is_unknown() && error.is_disconnected() && error.is_retryable(), "{error}");
    let hash = format!("{:?}", transaction.hash);
    let until = format!("until block {}", transaction.until);
    for words in ["unknown", "Emr.erase_record", "nonce 0", &hash, &until, "nobody answers"] {
        assert!(error.to_string().contains(words), "no '{words}' in {error}");
    }
    // It was in the pool all the time.
    fake.node().refused_dials = 0;
    let outcome = chain.resume(transaction, &options()).await.unwrap();
    assert_eq!(outcome.extrinsic_hash, transaction.hash);
    assert_eq!(fake.node().included(), *std::slice::from_ref(&transaction.bytes));
    // Asking again changes nothing.
    assert_eq!(chain.resume(transaction, &options()).await, Ok(outcome));
    assert_eq!(fake.node().included().len(), 1);
}

#[tokio::test]
async fn of_a_node_that_goes_silent_the_outcome_is_unknown_in_time() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    fake.node().faults.push_back(Fault::Mute);
    fake.node().refused_dials = usize::MAX;
    fake.node().makes_blocks = false;
    let impatient = SubmitOptions { look_up: Duration::from_millis(100), ..options() };
    let begun = Instant::now();
    let (outcome, noted) = submit(&chain, &impatient).await;
    let error = outcome.unwrap_err();
    assert!(error.is_unknown(), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(noted.len(), 1);
    // So it is where it answers nothing, and no request is given up.
    fake.node().refused_dials = 0;
    fake.node().hangs = true;
    let resumed = chain.resume(&noted[0], &impatient).await.unwrap_err();
    assert!(resumed.is_unknown(), "{resumed}");
    fake.node().hangs = false;
    fake.node().makes_blocks = true;
    let outcome = chain.resume(&noted[0], &options()).await.unwrap();
    assert_eq!(outcome.extrinsic_hash, noted[0].hash);
    assert_eq!(fake.node().included().len(), 1);
}

#[tokio::test]
async fn a_node_that_is_silent_before_anything_is_sent_is_late_and_that_is_certain() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    fake.node().hangs = true;
    let (outcome, noted) = submit(&chain, &options()).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, ChainError::Timeout { .. }) && !error.is_unknown(), "{error}");
    assert_eq!(noted, []);
    assert_eq!(fake.node().offers, 0);
}

#[tokio::test]
async fn without_a_connection_nothing_is_sent_and_that_is_certain() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    fake.node().faults.push_back(Fault::LostAfter);
    fake.node().refused_dials = usize::MAX;
    let impatient = SubmitOptions { look_up: Duration::ZERO, ..options() };
    let (outcome, _) = submit(&chain, &impatient).await;
    assert!(outcome.unwrap_err().is_unknown());
    // The line is dead before the next is signed.
    let (outcome, noted) = submit(&chain, &impatient).await;
    let error = outcome.unwrap_err();
    assert!(!error.is_unknown() && error.is_disconnected(), "{error}");
    assert_eq!(noted, []);
}

#[tokio::test]
async fn what_cannot_be_noted_is_not_sent() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    let full = &mut |_: &Transaction| Err("the disk is full".to_owned());
    let error = chain.submit_noted(&alice(), &CALL, &options(), full).await.unwrap_err();
    assert!(error.to_string().contains("nothing was sent"), "{error}");
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(fake.node().offers, 0);
}

#[tokio::test]
async fn a_late_block_is_found_later() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    fake.node().faults.push_back(Fault::Silent);
    fake.node().makes_blocks = false;
    let impatient = SubmitOptions { look_up: Duration::from_millis(50), ..options() };
    let (outcome, noted) = submit(&chain, &impatient).await;
    assert!(outcome.unwrap_err().is_unknown());
    assert_eq!(chain.fate(&noted[0]).await, Ok(Fate::Open));
    fake.node().not_final = 1;
    fake.node().make_block();
    let best = SubmitOptions { finality: Finality::Best, ..impatient.clone() };
    assert!(chain.resume(&noted[0], &best).await.is_ok());
    // The block is not final, which was asked for.
    let Fate::Included { is_final, .. } = chain.fate(&noted[0]).await.unwrap() else { panic!() };
    assert!(!is_final);
    fake.node().make_block();
    assert!(chain.resume(&noted[0], &impatient).await.is_ok());
    assert_eq!(fake.node().included().len(), 1);
}

#[tokio::test]
async fn two_commands_of_one_account_take_two_nonces() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    // Both see the nonce 0 before either is in the pool.
    fake.node().stale_nonces.extend([0, 0]);
    fake.node().faults.push_back(Fault::Silent);
    fake.node().makes_blocks = false;
    let best = SubmitOptions { timeout: Duration::from_secs(5), ..options() };
    let (first, second) = tokio::join!(submit(&chain, &best), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let done = submit(&chain, &best).await;
        fake.node().makes_blocks = true;
        done
    });
    let (_, second_noted) = second;
    assert_eq!(second_noted.iter().map(|one| one.nonce).collect::<Vec<_>>(), [0, 1]);
    assert!(first.0.is_ok(), "{:?}", first.0);
    let nonces: Vec<u64> = fake.node().included().iter().map(|one| nonce(one)).collect();
    assert_eq!(nonces, [0, 1]);
}

#[tokio::test]
async fn one_that_another_replaced_is_signed_again_once_that_is_final() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    fake.node().faults.push_back(Fault::Usurped);
    fake.node().not_final = 2;
    let (outcome, noted) = submit(&chain, &options()).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(noted.iter().map(|one| one.nonce).collect::<Vec<_>>(), [0, 1]);
    let included = fake.node().included();
    assert_eq!(included.len(), 2);
    assert_ne!(included[0], noted[0].bytes);
    assert_eq!(included[1], noted[1].bytes);
    // Whoever chose the nonce learns that it is gone.
    fake.node().faults.push_back(Fault::Usurped);
    let chosen = SubmitOptions { nonce: Some(2), ..options() };
    let error = submit(&chain, &chosen).await.0.unwrap_err();
    assert!(matches!(error, ChainError::NeverIncluded { .. }) && !error.is_unknown(), "{error}");
    assert!(error.to_string().contains("used its nonce 2"), "{error}");
}

/// Its pool may still look at the block before, where there is no newer one to count from.
#[tokio::test]
async fn none_counts_from_a_block_that_the_node_has_just_made_unless_asked_to() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    fake.node().makes_blocks = false;
    let signed = async |not_final: usize, era_from: Finality| {
        fake.node().not_final = not_final;
        let options = SubmitOptions { era_from, ..options() };
        chain.sign_transaction(&alice(), &CALL, &options).await.unwrap()
    };
    fake.node().blocks = vec![Vec::new(); 1];
    assert_eq!(signed(0, Finality::Finalised).await.since, 0, "there is none before it");
    fake.node().blocks = vec![Vec::new(); 101];
    assert_eq!(signed(0, Finality::Finalised).await.since, 99);
    // No fork without that very block takes these.
    assert_eq!(signed(0, Finality::Best).await.since, 100);
    assert_eq!(signed(3, Finality::Best).await.since, 100);
    assert_eq!(signed(3, Finality::Finalised).await.since, 97);
    assert_eq!(signed(3, Finality::Finalised).await.until, 97 + 255);
}

#[tokio::test]
async fn one_that_has_expired_is_certain() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    let options = SubmitOptions { mortality: 4, ..options() };
    let transaction = chain.sign_transaction(&alice(), &CALL, &options).await.unwrap();
    assert_eq!(chain.fate(&transaction).await, Ok(Fate::Open));
    fake.node().blocks.extend(vec![Vec::new(); 5]);
    let error = chain.resume(&transaction, &options).await.unwrap_err();
    assert!(matches!(error, ChainError::NeverIncluded { .. }), "{error}");
    assert!(error.to_string().contains(&format!("until block {}", transaction.until)), "{error}");
    assert_eq!(fake.node().included().len(), 0);
}

#[tokio::test]
async fn an_old_one_is_found_among_many_blocks() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    let (outcome, noted) = submit(&chain, &options()).await;
    let outcome = outcome.unwrap();
    fake.node().blocks.extend(vec![Vec::new(); 400]);
    assert_eq!(chain.resume(&noted[0], &options()).await, Ok(outcome));
}

#[tokio::test]
async fn an_upgrade_in_between_is_signed_for_again() {
    let fake = Fake::new();
    // The best block brings the new runtime, and is not final.
    fake.node().upgraded_at = usize::MAX;
    let chain = fake.chain().await;
    let before = chain.sign_transaction(&alice(), &CALL, &options()).await.unwrap();
    {
        let mut node = fake.node();
        node.makes_blocks = false;
        node.not_final = 1;
        node.make_block();
        node.upgraded_at = node.best();
    }
    let after = chain.sign_transaction(&alice(), &CALL, &options()).await.unwrap();
    assert_eq!(after.spec_version, before.spec_version + 1);
    // The old one might still be included in a fork without the upgrade.
    assert_eq!(chain.fate(&before).await, Ok(Fate::Open));
    fake.node().make_block();
    let Fate::Never { reason } = chain.fate(&before).await.unwrap() else { panic!() };
    assert!(reason.contains("upgraded to version"), "{reason}");
    fake.node().makes_blocks = true;
    let (outcome, _) = submit(&chain, &options()).await;
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[tokio::test]
async fn what_a_block_is_is_asked_for_once() {
    let fake = Fake::new();
    fake.node().makes_blocks = false;
    let chain = fake.chain().await;
    let asked = || {
        let node = fake.node();
        let of = |method: &str| node.asked.get(method).copied().unwrap_or_default();
        (of("Core_version"), of("chain_getHeader"))
    };
    let before = asked();
    for _ in 0..3 {
        assert_eq!(chain.best().await.unwrap().number(), 1);
        assert_eq!(chain.finalised().await.unwrap().number(), 1);
    }
    assert_eq!(asked(), before);
    fake.node().make_block();
    assert_eq!(chain.best().await.unwrap().number(), 2);
    assert_eq!(asked(), (before.0 + 1, before.1 + 1));
}

#[tokio::test]
async fn a_block_with_many_transactions_is_read_once() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    let look = || async { chain.executed(hash(1)).await.unwrap() };
    let (one, other, third) = tokio::join!(look(), look(), look());
    assert!(Arc::ptr_eq(&one, &other) && Arc::ptr_eq(&one, &third));
    assert_eq!(fake.node().asked.get("chain_getBlock"), Some(&1));
    // The next block is another one.
    fake.node().make_block();
    assert_eq!(chain.executed(hash(2)).await.unwrap().number, 2);
    assert_eq!(fake.node().asked.get("chain_getBlock"), Some(&2));
}
