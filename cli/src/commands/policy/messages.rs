//! `medchain policy messages`: the interface that a bundle describes.

use std::{fmt, path::PathBuf};

use anyhow::Result;
use clap::Args;
use medchain_client::contract::{Function, Interface};
use serde::Serialize;

use crate::{
    contracts,
    output::{self, hex, Outcome},
};

/// Arguments of `medchain policy messages`.
#[derive(Args, Clone, Debug)]
pub struct MessagesArgs {
    /// The .contract bundle, or the .json beside it.
    #[arg(value_name = "FILE.contract")]
    pub file: PathBuf,
}

/// A contract's interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessagesReport {
    /// The contract's name.
    pub contract: String,
    /// The constructors.
    pub constructors: Vec<FunctionReport>,
    /// The messages.
    pub messages: Vec<FunctionReport>,
    /// The types of arguments, with their values.
    pub types: Vec<TypeReport>,
}

/// A constructor or a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionReport {
    /// Its name.
    pub name: String,
    /// Its selector in a call's data.
    pub selector: String,
    /// Its arguments, in order.
    pub arguments: Vec<ArgumentReport>,
    /// The type of its answer.
    pub returns: String,
    /// Whether it may change the contract, and therefore is signed.
    pub mutates: bool,
    /// Whether it takes money.
    pub payable: bool,
    /// Its documentation.
    pub docs: String,
    #[serde(skip)]
    signature: String,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArgumentReport {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypeReport {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: String,
}

impl fmt::Display for MessagesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.contract)?;
        for (title, all) in [("constructors", &self.constructors), ("messages", &self.messages)] {
            write!(f, "\n\n{title}")?;
            for one in all {
                write!(f, "\n  {}", one.signature)?;
                if title == "messages" {
                    write!(f, " -> {}", one.returns)?;
                }
                let kind = if one.mutates { "signed" } else { "free" };
                let payable = if one.payable { ", takes money" } else { "" };
                write!(f, "\n    {}, {kind}{payable}", one.selector)?;
                if !one.docs.is_empty() {
                    write!(f, "\n    {}", one.docs)?;
                }
            }
        }
        if !self.types.is_empty() {
            write!(f, "\n\ntypes")?;
        }
        for ty in &self.types {
            write!(f, "\n  {}: {}", ty.name, ty.values)?;
        }
        Ok(())
    }
}

/// Runs `medchain policy messages`.
pub fn run(args: &MessagesArgs, json: bool) -> Result<Outcome> {
    let (_, interface) = contracts::read_bundle(&args.file)?;
    output::print(&report(&interface), json)?;
    Ok(Outcome::Done)
}

fn report(interface: &Interface) -> MessagesReport {
    let one = |function: &Function| FunctionReport {
        name: function.name.clone(),
        selector: hex(function.selector),
        arguments: function
            .arguments
            .iter()
            .map(|one| ArgumentReport { name: one.name.clone(), ty: interface.type_of(one) })
            .collect(),
        returns: interface.returns(function),
        mutates: function.mutates,
        payable: function.payable,
        docs: function.docs.clone(),
        signature: interface.signature(function),
    };
    let types = interface.legend().into_iter();
    MessagesReport {
        contract: interface.name.clone(),
        constructors: interface.constructors.iter().map(one).collect(),
        messages: interface.messages.iter().map(one).collect(),
        types: types.map(|(name, values)| TypeReport { name, values }).collect(),
    }
}
