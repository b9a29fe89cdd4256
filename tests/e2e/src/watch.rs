//! What a chain has, asked over one connection: a command that asks again and again takes a
//! program's start, and the chain's metadata, each time.

use std::time::Duration;

use medchain_client::chain::{Chain, ChainError};
use medchain_primitives::RecordId;

/// How often is asked; there is nothing new before the next block.
const PAUSE: Duration = Duration::from_millis(500);

/// Returns when the chain has a verdict on a record, after `limit`, or when it cannot be asked:
/// a command that looks for the verdict then says which.
pub(crate) fn wait_for_verdict(node: &str, record: u64, limit: Duration) {
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    let found = async { tokio::time::timeout(limit, verdict(node, RecordId(record))).await };
    let _ = runtime.block_on(found);
}

async fn verdict(node: &str, record: RecordId) -> Result<(), ChainError> {
    let chain = Chain::connect(node).await?;
    while chain.best().await?.verdicts_of(record).await?.is_empty() {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
