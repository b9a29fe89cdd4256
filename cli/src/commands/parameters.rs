//! `medchain parameters`: the bonds, fees and periods that the council can change.

use std::fmt;

use anyhow::{bail, Context as _, Result};
use clap::{Args, Subcommand};
use medchain_client::chain::{
    format_balance, parse_balance, Call, ChainEvent, Parameter, ParameterChange, ParameterUnit,
};
use medchain_primitives::ChangeId;
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    signing::{event, Governed, Included, Proposal, Share},
};

/// Subcommands of `medchain parameters`.
#[derive(Debug, Subcommand)]
pub enum ParametersCommand {
    /// List the values, and the bounds within which they can be changed.
    List,
    /// Have root change a value, after the delay (two thirds of the council).
    ///
    /// What is held or running already stays as it is. When the motion has passed, the change
    /// waits in public, and anybody has it made with `medchain council enact`.
    Propose(ProposeArgs),
}

/// Arguments of `medchain parameters propose`.
#[derive(Args, Clone, Debug)]
pub struct ProposeArgs {
    /// The value's name, such as Inference.WorkerBond, or WorkerBond.
    pub name: String,
    /// The new value: MEDC for an amount, such as 0.02, or a number of blocks.
    #[arg(required_unless_present = "initial")]
    pub value: Option<String>,
    /// The value that it had when the chain began.
    #[arg(long, conflicts_with = "value")]
    pub initial: bool,
}

/// The values that can be changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// The values, by pallet.
    pub parameters: Vec<ParameterReport>,
    /// The block that was asked.
    pub block_number: u32,
}

/// A value that can be changed. Numbers are text, because JSON numbers lose digits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterReport {
    /// The name: the pallet and the constant.
    pub name: String,
    /// What it counts: `amount`, in plancks, or `blocks`.
    pub unit: &'static str,
    /// The value in force.
    pub value: String,
    /// The value where nobody has set one.
    pub initial: String,
    /// The smallest value.
    pub least: String,
    /// The largest value.
    pub most: String,
    /// The four values, as people write them.
    #[serde(skip)]
    pub shown: [String; 4],
}

impl From<&Parameter> for ParameterReport {
    fn from(parameter: &Parameter) -> Self {
        let Parameter { unit, value, initial, least, most, .. } = *parameter;
        Self {
            name: name_of(parameter),
            unit: unit.as_str(),
            value: value.to_string(),
            initial: initial.to_string(),
            least: least.to_string(),
            most: most.to_string(),
            shown: [value, initial, least, most].map(|number| shown(unit, number)),
        }
    }
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ParameterReport { name, shown: [value, initial, least, most], .. } in &self.parameters {
            write!(f, "{name}  {value}, from {least} to {most}")?;
            if value != initial {
                write!(f, ", initially {initial}")?;
            }
            writeln!(f)?;
        }
        write!(f, "(at block {})", self.block_number)
    }
}

/// What became of a proposal.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ProposeReport {
    /// It is announced.
    Announced {
        /// The change, for `medchain council enact`.
        change: ChangeId,
        /// The first block in which it can be enacted.
        enactable_at: u32,
        /// The transaction.
        #[serde(flatten)]
        included: Included,
    },
    /// The council has to vote on it.
    Proposed(Proposal),
}

impl fmt::Display for ProposeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Announced { change, enactable_at, included } => {
                write!(f, "change {change} waits until block {enactable_at} ({included})")?;
                write!(f, "\nthen anybody runs `medchain council enact {change}`")
            }
            Self::Proposed(proposal) => proposal.fmt(f),
        }
    }
}

/// Runs `medchain parameters`.
pub async fn run(context: &Context, command: &ParametersCommand) -> Result<Outcome> {
    match command {
        ParametersCommand::List => output::print(&list(context).await?, context.json)?,
        ParametersCommand::Propose(args) => {
            output::print(&propose(context, args).await?, context.json)?;
        }
    }
    Ok(Outcome::Done)
}

async fn list(context: &Context) -> Result<ListReport> {
    let view = context.view().await?;
    let parameters = view.parameters().await?;
    Ok(ListReport {
        parameters: parameters.iter().map(Into::into).collect(),
        block_number: view.number(),
    })
}

async fn propose(context: &Context, args: &ProposeArgs) -> Result<ProposeReport> {
    let parameters = context.view().await?.parameters().await?;
    let change = change(&parameters, args)?;
    let call = Call::AnnounceChange(Box::new(Call::SetParameter { change }));
    let purpose = "announce the change";
    match context.govern(call, Share::TwoThirds, purpose).await? {
        Governed::Done(outcome) => {
            let (change, enactable_at) = event(&outcome, purpose, |event| match event {
                ChainEvent::ChangeAnnounced { change, enactable_at, .. } => {
                    Some((*change, *enactable_at))
                }
                _ => None,
            })?;
            Ok(ProposeReport::Announced { change, enactable_at, included: (&outcome).into() })
        }
        Governed::Proposed(proposal) => Ok(ProposeReport::Proposed(proposal)),
    }
}

/// The change that the arguments ask for.
fn change(parameters: &[Parameter], args: &ProposeArgs) -> Result<ParameterChange> {
    let is_named = |parameter: &&Parameter| {
        let name = name_of(parameter);
        let constant = name.split_once('.').map_or(name.as_str(), |(_, constant)| constant);
        name.eq_ignore_ascii_case(&args.name) || constant.eq_ignore_ascii_case(&args.name)
    };
    let parameter = parameters.iter().find(is_named).with_context(|| {
        format!("there is no parameter {}; see `medchain parameters list`", args.name)
    })?;
    let (name, unit) = (name_of(parameter), parameter.unit);
    let value = args.value.as_deref().map(|text| number(unit, text)).transpose()?;
    let new = value.unwrap_or(parameter.initial);
    if new == parameter.value {
        bail!("{name} is {} already", shown(unit, new));
    }
    ParameterChange::new(parameter, value).with_context(|| {
        let (least, most) = (shown(unit, parameter.least), shown(unit, parameter.most));
        format!("{name} can be from {least} to {most}, and {} is outside", shown(unit, new))
    })
}

fn number(unit: ParameterUnit, text: &str) -> Result<u128> {
    match unit {
        ParameterUnit::Amount => parse_balance(text)
            .with_context(|| format!("`{text}` is no amount; write MEDC, such as 0.02")),
        ParameterUnit::Blocks => text
            .parse::<u32>()
            .map(Into::into)
            .with_context(|| format!("`{text}` is no number of blocks, such as 600")),
    }
}

fn shown(unit: ParameterUnit, number: u128) -> String {
    match unit {
        ParameterUnit::Amount => format_balance(number),
        ParameterUnit::Blocks => format!("{number} blocks"),
    }
}

fn name_of(parameter: &Parameter) -> String {
    String::from_utf8_lossy(&parameter.name).into_owned()
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::UNIT;

    use super::*;

    fn parameters() -> Vec<Parameter> {
        let name = |text: &str| text.as_bytes().to_vec().try_into().unwrap();
        let bond = Parameter {
            name: name("Inference.WorkerBond"),
            unit: ParameterUnit::Amount,
            place: [1, 0],
            value: 100 * UNIT,
            initial: 100 * UNIT,
            least: 50 * UNIT,
            most: 200 * UNIT,
        };
        let period = Parameter {
            name: name("Custody.AccessPeriod"),
            unit: ParameterUnit::Blocks,
            place: [0, 3],
            value: 60,
            initial: 100,
            least: 50,
            most: 200,
        };
        vec![bond, period]
    }

    fn asked(name: &str, value: Option<&str>) -> Result<ParameterChange, String> {
        let args = ProposeArgs { name: name.into(), value: value.map(Into::into), initial: false };
        change(&parameters(), &args).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_value_is_named_with_or_without_its_pallet() {
        let expected = ParameterChange::new(&parameters()[0], Some(75 * UNIT));
        for name in ["Inference.WorkerBond", "WorkerBond", "workerbond"] {
            assert_eq!(asked(name, Some("75")).ok(), expected, "{name}");
        }
        let expected = ParameterChange::new(&parameters()[1], Some(70));
        assert_eq!(asked("AccessPeriod", Some("70")).ok(), expected);
        let expected = ParameterChange::new(&parameters()[1], None);
        assert_eq!(asked("AccessPeriod", None).ok(), expected, "the initial value");
    }

    #[test]
    fn what_is_refused_says_why() {
        for (name, value, why) in [
            ("Bond", Some("1"), "there is no parameter Bond; see `medchain parameters list`"),
            ("WorkerBond", Some("much"), "`much` is no amount; write MEDC, such as 0.02"),
            ("AccessPeriod", Some("0.5"), "`0.5` is no number of blocks, such as 600"),
            ("WorkerBond", Some("100"), "Inference.WorkerBond is 100 MEDC already"),
            ("WorkerBond", None, "Inference.WorkerBond is 100 MEDC already"),
            (
                "WorkerBond",
                Some("200.1"),
                "Inference.WorkerBond can be from 50 MEDC to 200 MEDC, and 200.1 MEDC is outside",
            ),
            (
                "AccessPeriod",
                Some("49"),
                "Custody.AccessPeriod can be from 50 blocks to 200 blocks, and 49 blocks is outside",
            ),
        ] {
            let refused = asked(name, value).unwrap_err();
            assert!(refused.starts_with(why), "{refused}");
        }
    }

    #[test]
    fn a_list_says_what_was_changed() {
        let report = ListReport {
            parameters: parameters().iter().map(Into::into).collect(),
            block_number: 7,
        };
        assert_eq!(
            report.to_string(),
            "Inference.WorkerBond  100 MEDC, from 50 MEDC to 200 MEDC\n\
             Custody.AccessPeriod  60 blocks, from 50 blocks to 200 blocks, initially 100 blocks\n\
             (at block 7)"
        );
    }
}
