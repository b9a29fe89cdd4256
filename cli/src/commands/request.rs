//! `medchain request`: ends requests for verdicts.

use std::fmt;

use anyhow::{bail, Context as _, Result};
use clap::Subcommand;
use medchain_client::{
    chain::{Call, ChainEvent, Request},
    AccountId32,
};
use medchain_primitives::RequestId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    inference,
    output::{self, Outcome},
    signing::{ensure_event, Included},
};

/// Subcommands of `medchain request`.
#[derive(Debug, Subcommand)]
pub enum RequestCommand {
    /// Cancel an open request for a verdict (requester or patient).
    ///
    /// Fees that no worker has earned are released, less what drawn workers have paid custodians
    /// for the key. Once a worker has committed to an answer, or one that was named has the key,
    /// only the patient can cancel. Whoever has committed is paid. A worker that was named is paid
    /// if it answers before its deadline: until then the request is `cancelling`, and the answer is
    /// not kept.
    Cancel {
        /// The request's number; see `medchain show`.
        #[arg(value_parser = arguments::request())]
        request: RequestId,
    },
    /// Move on a request whose deadline has passed, which the chain also does by itself.
    ///
    /// One for which nobody drew workers, or sealed the key to them, expires, and its fees are
    /// released.
    Expire {
        /// The request's number; see `medchain show`.
        #[arg(value_parser = arguments::request())]
        request: RequestId,
    },
}

/// A request that was ended or moved on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestReport {
    /// The request.
    pub request_id: RequestId,
    /// The account that made it.
    pub requester: AccountId32,
    /// How far it is now, as one word; `removed` where the chain has forgotten it, `cancelling`
    /// where its worker may still be paid for an answer.
    pub status: &'static str,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for RequestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {} is {} ({})", self.request_id, self.status, self.included)
    }
}

/// Runs `medchain request`.
pub async fn run(context: &Context, command: &RequestCommand) -> Result<Outcome> {
    let report = match command {
        RequestCommand::Cancel { request } => cancel(context, *request).await?,
        RequestCommand::Expire { request } => expire(context, *request).await?,
    };
    output::print(&report, context.json)?;
    Ok(Outcome::Done)
}

async fn find(context: &Context, id: RequestId) -> Result<Request> {
    let request = context.view().await?.request(id).await?;
    request.with_context(|| format!("there is no request {id}; see `medchain show RECORD`"))
}

async fn cancel(context: &Context, id: RequestId) -> Result<RequestReport> {
    let request = find(context, id).await?;
    let account = context.account()?;
    if account != request.requester && account != request.patient {
        bail!(
            "only {}, who made request {id}, and the patient {} may cancel it, and you sign as \
             {account}",
            request.requester,
            request.patient
        );
    }
    if !request.status.is_open() {
        bail!("request {id} is {} already", inference::state(request.status));
    }
    let purpose = "cancel the request";
    let outcome = context.sign(&Call::CancelRequest { request: id }, purpose).await?;
    ensure_event(&outcome, purpose, |event| {
        use ChainEvent as E;
        matches!(event, E::RequestCancelled { .. } | E::CancellationBegun { .. })
    })?;
    let after = context.chain().await?.at(outcome.block_hash).await?.request(id).await?;
    // One that awaits the answer of a named worker is open until that worker's time is over.
    let status = match after {
        Some(request) if request.status.is_open() => "cancelling",
        _ => "cancelled",
    };
    let requester = request.requester;
    Ok(RequestReport { request_id: id, requester, status, included: (&outcome).into() })
}

async fn expire(context: &Context, id: RequestId) -> Result<RequestReport> {
    let request = find(context, id).await?;
    let now = context.view().await?.number();
    if now <= request.deadline {
        bail!(
            "the deadline of request {id} is block {}, and the newest block is {now}",
            request.deadline
        );
    }
    let purpose = "move the request on";
    let outcome = context.sign(&Call::SettleOverdue { request: id }, purpose).await?;
    let after = context.chain().await?.at(outcome.block_hash).await?.request(id).await?;
    let status = after.map_or("removed", |request| inference::state(request.status));
    let requester = request.requester;
    Ok(RequestReport { request_id: id, requester, status, included: (&outcome).into() })
}
