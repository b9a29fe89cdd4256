//! What no MedChain program would do: calls and deliveries by hand.

use medchain_client::{
    chain::{Call, Chain, ChainError, SubmitOptions, TxOutcome},
    custody::{self, Delivery, Granted, ReplyKey},
    keys::Identity,
    AccountId32,
};
use medchain_e2e::World;
use medchain_primitives::RecordId;

fn identity(suri: &str) -> Identity {
    Identity::from_secret_uri(suri).expect("a development secret")
}

/// The account of a development secret.
pub fn account(suri: &str) -> AccountId32 {
    identity(suri).account()
}

/// Signs a call, and waits for its block.
pub fn submit(world: &World, suri: &str, call: &Call) -> Result<TxOutcome, ChainError> {
    submit_as(world, &identity(suri), call)
}

/// As [`submit`], with any account.
pub fn submit_as(world: &World, who: &Identity, call: &Call) -> Result<TxOutcome, ChainError> {
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    runtime.block_on(async {
        let chain = Chain::connect(world.url()).await?;
        chain.submit(who, call, &SubmitOptions::default()).await
    })
}

/// What this custodian's secret gives for a grant, whether or not the policy still allows it:
/// the grant's reply key, and the share.
pub fn delivery(
    world: &World,
    custodian: &str,
    record: u64,
    subject: &str,
) -> (ReplyKey, Delivery) {
    let (me, subject) = (identity(custodian), account(subject));
    let record = RecordId(record);
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    let (genesis, custody, grant) = runtime.block_on(async {
        let chain = Chain::connect(world.url()).await.expect("the node answers");
        let view = chain.best().await.expect("there is a best block");
        let custody = view.custody(record).await.expect("it is read").expect("it is entrusted");
        let grant = view.grant(record, &subject).await.expect("it is read").expect("a grant");
        (chain.genesis_hash(), custody, grant)
    });
    let granted = Granted::from(&grant);
    let delivery =
        custody::deliver(me.custodian_secret(), &me.account(), genesis, &custody, &granted);
    (grant.reply, delivery.expect("the custodian keeps a share"))
}

/// The call with which a custodian delivers.
pub fn deliver(record: u64, subject: &str, (reply, delivery): (ReplyKey, Delivery)) -> Call {
    let (record, subject) = (RecordId(record), account(subject));
    Call::DeliverShare { record, subject, reply, delivery }
}
