//! `medchain ethics`: who judges emergencies, and what they vote on.

use std::fmt;

use anyhow::Result;
use clap::Subcommand;
use medchain_client::{chain::Body, AccountId32};
use medchain_primitives::MIN_ETHICS_MEMBERS;
use serde::Serialize;

use crate::{
    context::Context,
    motions::{self, MotionReport, VoteArgs},
    output::{self, Outcome},
};

/// Subcommands of `medchain ethics`.
#[derive(Debug, Subcommand)]
pub enum EthicsCommand {
    /// Show the members, the open motions, and who judges emergencies.
    Show,
    /// Vote on a motion; the last vote that it needs also makes its call.
    Vote(VoteArgs),
}

/// The ethics committee.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShowReport {
    /// The members who can vote. Whoever sits in the council as well cannot.
    pub members: Vec<AccountId32>,
    /// Those who are appointed as well, and have no vote while they sit in the council.
    pub resting: Vec<AccountId32>,
    /// The open motions, by number.
    pub motions: Vec<MotionReport>,
    /// Who judges emergencies: the council, while the committee is too small.
    pub judges: Body,
    /// The block that was asked.
    pub block_number: u32,
}

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for member in &self.members {
            writeln!(f, "member  {member}")?;
        }
        for member in &self.resting {
            writeln!(f, "resting  {member} (sits in the council)")?;
        }
        for motion in &self.motions {
            writeln!(f, "{motion}")?;
        }
        write!(f, "judges  {}", self.judges)?;
        if self.judges == Body::Council {
            let members = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
            let members = output::counted(members, "member");
            write!(f, ", because the committee has {members} and needs {MIN_ETHICS_MEMBERS}")?;
        }
        write!(f, "\n(at block {})", self.block_number)
    }
}

/// Runs `medchain ethics`.
pub async fn run(context: &Context, command: &EthicsCommand) -> Result<Outcome> {
    match command {
        EthicsCommand::Show => output::print(&show(context).await?, context.json)?,
        EthicsCommand::Vote(args) => {
            let voted = motions::vote(context, Body::Ethics, args).await?;
            output::print(&voted, context.json)?;
        }
    }
    Ok(Outcome::Done)
}

async fn show(context: &Context) -> Result<ShowReport> {
    let view = context.view().await?;
    let members = view.members(Body::Ethics).await?;
    let mut resting = view.appointed_to_ethics().await?;
    resting.retain(|appointed| !members.contains(appointed));
    Ok(ShowReport {
        members,
        resting,
        motions: motions::open(&view, Body::Ethics).await?,
        judges: view.judges().await?,
        block_number: view.number(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_who_judges_and_why() {
        let show = |members, judges| {
            let members = vec![AccountId32([1; 32]); members];
            let (resting, motions) = (Vec::new(), Vec::new());
            ShowReport { members, resting, motions, judges, block_number: 7 }.to_string()
        };
        let shown = show(3, Body::Ethics);
        assert!(shown.contains("judges  the ethics committee\n(at block 7)"), "{shown}");
        assert_eq!(shown.matches("member  ").count(), 3);
        for (members, why) in [(0, "has 0 members and needs 3"), (1, "has 1 member and needs 3")] {
            let shown = show(members, Body::Council);
            assert!(shown.contains("judges  the council, because the committee"), "{shown}");
            assert!(shown.contains(why), "{shown}");
        }
    }

    #[test]
    fn a_seat_that_rests_is_shown() {
        let (one, two) = (AccountId32([1; 32]), AccountId32([2; 32]));
        let shown = ShowReport {
            members: vec![one],
            resting: vec![two],
            motions: Vec::new(),
            judges: Body::Council,
            block_number: 7,
        };
        let shown = shown.to_string();
        assert!(shown.contains(&format!("resting  {two} (sits in the council)\n")), "{shown}");
        assert!(shown.contains("has 1 member and needs 3"), "{shown}");
    }
}
