//! What is shown, on a terminal, while a transaction is waited for.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use medchain_client::chain::{Chain, Finality, Heads};

use crate::context::Context;

/// How often the line changes.
const TICK: Duration = Duration::from_secs(1);
/// Every how many ticks the node is asked for its newest blocks.
const LOOK: u32 = 3;

impl Context {
    /// Waits for a transaction, and says how long it waits and which block is final.
    pub(super) async fn waiting<T>(
        &self,
        chain: &Chain,
        (finality, purpose): (Finality, &str),
        transaction: impl Future<Output = T>,
    ) -> T {
        let started = Instant::now();
        let step = self.progress.step(said(finality, purpose, 0, None));
        if !self.progress.is_shown() {
            return transaction.await;
        }
        let telling = async {
            let (mut heads, mut tick) = (None, 0u32);
            loop {
                if tick.is_multiple_of(LOOK) {
                    // Whoever waits need not know why the node does not answer.
                    heads = chain.heads().await.ok().or(heads);
                }
                tick += 1;
                step.say(said(finality, purpose, started.elapsed().as_secs(), heads));
                tokio::time::sleep(TICK).await;
            }
        };
        tokio::select! {
            answer = transaction => answer,
            never = telling => never,
        }
    }
}

fn said(finality: Finality, purpose: &str, seconds: u64, heads: Option<Heads>) -> String {
    let waiting = match finality {
        Finality::Best => "Waiting for the block",
        Finality::Finalised => "Waiting for the final block",
    };
    let since = if seconds > 0 { format!(", {seconds} s") } else { String::new() };
    let blocks = heads.map_or_else(String::new, |heads| {
        format!("; block {} is the newest, {} is final", heads.best, heads.finalised)
    });
    format!("{waiting} ({purpose}){since}{blocks}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_says_how_long_and_which_block_is_final() {
        let heads = Some(Heads { best: 120, finalised: 117 });
        assert_eq!(
            said(Finality::Finalised, "grant access", 9, heads),
            "Waiting for the final block (grant access), 9 s; block 120 is the newest, 117 is final"
        );
        assert_eq!(
            said(Finality::Best, "grant access", 0, None),
            "Waiting for the block (grant access)"
        );
    }
}
