//! Transactions that `medchain` has no command for, or would refuse to send.
#![allow(dead_code)] // Each test program uses a part.

use medchain_client::{
    chain::{Call, Chain, ChainError, SubmitOptions, TxOutcome},
    keys::Identity,
    AccountId32,
};
use medchain_e2e::World;

/// The account of a development secret.
pub fn account(suri: &str) -> AccountId32 {
    Identity::from_secret_uri(suri).expect("a development secret").account()
}

/// Signs a call as `suri` and waits for its block.
pub fn submit(world: &World, suri: &str, call: Call) -> Result<TxOutcome, ChainError> {
    let who = Identity::from_secret_uri(suri).expect("a development secret");
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    runtime.block_on(async {
        let chain = Chain::connect(world.url()).await?;
        chain.submit(&who, &call, &SubmitOptions::default()).await
    })
}
