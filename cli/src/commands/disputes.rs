//! `medchain disputes`: the open disputes between workers, and who is to move.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::chain::{Dispute, View};
use medchain_primitives::{RequestId, VerdictStatus};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    inference::{self, DisputeReport},
    output::{self, Outcome},
};

/// Arguments of `medchain disputes`.
#[derive(Args, Clone, Debug)]
pub struct DisputesArgs {
    /// The number of a request; defaults to all disputed requests.
    #[arg(value_parser = arguments::request())]
    pub request: Option<RequestId>,
}

/// The open disputes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DisputesReport {
    /// By the number of their request.
    pub disputes: Vec<DisputeReport>,
    /// The block that was read.
    pub block_number: u32,
}

impl fmt::Display for DisputesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.disputes.is_empty() {
            return write!(f, "no disputes are open at block {}", self.block_number);
        }
        for (place, dispute) in self.disputes.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{dispute}")?;
        }
        write!(f, "\nas of block {}", self.block_number)
    }
}

/// Runs `medchain disputes`.
pub async fn run(context: &Context, args: &DisputesArgs) -> Result<Outcome> {
    output::print(&disputes(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Reads the open disputes, or that of one request, at one block.
pub async fn disputes(context: &Context, args: &DisputesArgs) -> Result<DisputesReport> {
    let view = context.view().await?;
    let open = match args.request {
        Some(id) => match view.dispute(id).await? {
            Some(dispute) => vec![dispute],
            None => return none(&view, id).await,
        },
        None => view.disputes().await?,
    };
    let mut disputes = Vec::new();
    for dispute in &open {
        disputes.extend(report(&view, dispute).await?);
    }
    Ok(DisputesReport { disputes, block_number: view.number() })
}

async fn report(view: &View, dispute: &Dispute) -> Result<Option<DisputeReport>> {
    let Some(request) = view.request(dispute.request).await? else { return Ok(None) };
    let verdict = view.verdict(request.id).await?;
    let challenges = verdict.is_some_and(|verdict| verdict.status == VerdictStatus::Challenged);
    Ok(Some(DisputeReport::new(&request, &dispute.players, &dispute.game, challenges)))
}

/// Says of a request without a dispute what it is instead.
async fn none(view: &View, id: RequestId) -> Result<DisputesReport> {
    let Some(request) = view.request(id).await? else { bail!("there is no request {id}") };
    bail!("request {id} is not disputed: it is {}", inference::state(request.status))
}
