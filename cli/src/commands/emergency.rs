//! `medchain emergency`: breaking the glass, and reviewing that.

pub mod allow;
pub mod break_glass;
pub mod close;
pub mod judge;
pub mod lift;
pub mod list;
mod opening;
pub mod request;
pub mod review;

use anyhow::Result;
use clap::Subcommand;

use crate::{context::Context, output::Outcome};

/// Subcommands of `medchain emergency`.
#[derive(Debug, Subcommand)]
pub enum EmergencyCommand {
    /// Get the keys of a patient's records at once, against a bond and a review.
    ///
    /// The bond is returned unless the emergency is rejected. One bond is for all of the
    /// patient's records: `emergency request` adds further ones. Everybody can see that the
    /// glass was broken.
    #[command(visible_alias = "break")]
    BreakGlass(break_glass::BreakArgs),
    /// Get the keys of further records of the patient, while your emergency runs.
    Request(request::RequestArgs),
    /// List the emergencies that are not closed.
    List(list::ListArgs),
    /// Accept or reject an emergency, as the patient or a guardian.
    ///
    /// A guardian's yes does not return the bond yet: the patient can still say no. What a
    /// guardian rejected, the patient can still accept.
    Review(review::ReviewArgs),
    /// Close an emergency whose review is over, as the chain also does by itself.
    Close(close::CloseArgs),
    /// Judge an emergency that nobody reviewed, or accept a rejected one (ethics committee only).
    Judge(judge::JudgeArgs),
    /// Let an account break the glass again after too many rejections (ethics committee only).
    Lift(lift::LiftArgs),
    /// Allow emergency access to your records, which is the default.
    Allow,
    /// Forbid emergency access to your records.
    Forbid,
}

/// Runs `medchain emergency`.
pub async fn run(context: &Context, command: &EmergencyCommand) -> Result<Outcome> {
    match command {
        EmergencyCommand::BreakGlass(args) => break_glass::run(context, args).await,
        EmergencyCommand::Request(args) => request::run(context, args).await,
        EmergencyCommand::List(args) => list::run(context, args).await,
        EmergencyCommand::Review(args) => review::run(context, args).await,
        EmergencyCommand::Close(args) => close::run(context, args).await,
        EmergencyCommand::Judge(args) => judge::run(context, args).await,
        EmergencyCommand::Lift(args) => lift::run(context, args).await,
        EmergencyCommand::Allow => allow::run(context, true).await,
        EmergencyCommand::Forbid => allow::run(context, false).await,
    }
}
