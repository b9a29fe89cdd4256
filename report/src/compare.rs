//! A page's values beside those of the chain, one by one.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::{percent, Code, Hash, Printed};

/// How a value that a page shows compares with the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// They agree.
    Agrees,
    /// They differ.
    Differs,
    /// Nobody can tell, or not whoever asks.
    NotCompared,
}

/// A value of a page and what came of comparing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was compared.
    pub what: String,
    /// Whether it agrees.
    pub finding: Finding,
    /// The value, or what differs, or why it was not compared.
    pub detail: String,
}

impl Check {
    /// What agrees.
    pub fn agrees(what: &str, detail: impl Into<String>) -> Self {
        Self { what: what.into(), finding: Finding::Agrees, detail: detail.into() }
    }

    /// What differs.
    pub fn differs(what: &str, detail: impl Into<String>) -> Self {
        Self { what: what.into(), finding: Finding::Differs, detail: detail.into() }
    }

    /// What was not compared, and why.
    pub fn not_compared(what: &str, detail: impl Into<String>) -> Self {
        Self { what: what.into(), finding: Finding::NotCompared, detail: detail.into() }
    }

    /// Compares two values as text.
    pub fn of(what: &str, page: impl fmt::Display, chain: impl fmt::Display) -> Self {
        let (page, chain) = (page.to_string(), chain.to_string());
        if page == chain {
            return Self::agrees(what, page);
        }
        Self::differs(what, format!("the page says {page}, and the chain says {chain}"))
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.finding {
            Finding::Agrees => "yes",
            Finding::Differs => "NO ",
            Finding::NotCompared => "?  ",
        };
        // The page may be a stranger's, and what controls a terminal must not reach one.
        let words = self.detail.split(|c: char| c.is_whitespace() || c.is_control());
        let detail: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        write!(f, "{mark}  {}: {}", self.what, detail.join(" "))
    }
}

/// Who can compare a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// Anybody.
    Anybody,
    /// Whoever can open the record.
    Readers,
    /// Whoever can have the model card.
    Card,
    /// Nobody: the chain does not know it.
    Nobody,
}

/// Every value of a page: where it is in the printed values, what it is called, and who can
/// compare it.
const VALUES: [(&str, &str, By); 21] = [
    ("/layout", "layout of the page", By::Anybody),
    ("/report/genesis", "genesis hash", By::Anybody),
    ("/report/block", "block whose state is reported", By::Anybody),
    ("/report/record/id", "record", By::Anybody),
    ("/report/record/patient", "patient's account", By::Anybody),
    ("/report/record/patient_name", "patient's name", By::Nobody),
    ("/report/record/author", "account that added the film", By::Anybody),
    ("/report/record/added_at", "block in which it was added", By::Anybody),
    ("/report/record/cid", "CID of the encrypted film", By::Anybody),
    ("/report/record/digest", "SHA-256 of the encrypted film", By::Anybody),
    ("/report/record/superseded_by", "newer version of the record", By::Anybody),
    ("/report/outcome", "result", By::Readers),
    ("/report/model/id", "model", By::Anybody),
    ("/report/model/name", "name of the model", By::Anybody),
    ("/report/model/version", "version of the model", By::Anybody),
    ("/report/model/sha256", "SHA-256 of the model", By::Anybody),
    ("/report/model/threshold", "threshold", By::Anybody),
    ("/report/model/card", "numbers of the model card", By::Card),
    ("/report/request", "request", By::Anybody),
    ("/report/salt", "salt of the code", By::Readers),
    ("/film", "film", By::Readers),
];

/// Compares what a page prints with what the chain says; `opened` where its film and verdict
/// were opened for that.
pub fn compare(page: &Printed, chain: &Printed, opened: bool) -> Vec<Check> {
    // Structures of texts and numbers: there is nothing that could fail.
    let [page, chain] =
        [page, chain].map(|printed| serde_json::to_value(printed).unwrap_or_default());
    let of = |(pointer, what, by): &(&str, &str, By)| -> Option<Check> {
        let [page, chain] =
            [&page, &chain].map(|printed| printed.pointer(pointer).cloned().unwrap_or_default());
        if page.is_null() && chain.is_null() {
            return None;
        }
        Some(one(what, *by, (&page, &chain), opened))
    };
    VALUES.iter().filter_map(of).collect()
}

/// Compares what a code binds, without its page, with what the chain says: `opened` where film
/// and verdict were opened for that, `is_then` where the state is that of the reported block.
pub fn compare_code(code: &Code, chain: &Printed, opened: bool, is_then: bool) -> Vec<Check> {
    let of_chain = chain.code();
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "nothing".into());
    let number = |value: Option<u64>| or_none(value.map(|value| value.to_string()));
    let hash = |value: Option<Hash>| or_none(value.map(|value| value.to_string()));
    let printed = "printed values";
    let values = if code.printed == of_chain.printed {
        Check::agrees(printed, "those that the chain gives, listed below")
    } else if !opened {
        Check::not_compared(
            printed,
            "the verdict is sealed: a reader of the record can compare them, with --key",
        )
    } else if !is_then {
        Check::not_compared(printed, "they are those of a state that the node has dropped")
    } else {
        Check::differs(
            printed,
            "they are not those that the chain gives, listed below. Where the page shows a name, \
             pass it with --patient-name",
        )
    };
    vec![
        Check::of("record", code.record, of_chain.record),
        Check::of("request", number(code.request), number(of_chain.request)),
        Check::of("receipt", hash(code.receipt), hash(of_chain.receipt)),
        Check::of("SHA-256 of the model", hash(code.model), hash(of_chain.model)),
        values,
    ]
}

fn one(what: &str, by: By, (page, chain): (&Value, &Value), opened: bool) -> Check {
    let equal = page == chain;
    match by {
        By::Nobody => Check::not_compared(what, "the chain does not know it"),
        By::Card if chain.is_null() => Check::not_compared(what, "the model card could not be had"),
        By::Card if page.is_null() => Check::not_compared(what, "the page was made without them"),
        // Equal without a key: a state that the chain shows to everybody.
        By::Readers if !opened && !equal && !is_public(page, chain) => {
            Check::not_compared(what, "sealed: a reader of the record can compare it, with --key")
        }
        _ if equal => Check::agrees(what, words(page)),
        _ => {
            let (page, chain) = (words(page), words(chain));
            Check::differs(what, format!("the page says {page}, and the chain says {chain}"))
        }
    }
}

/// Whether two results differ in what everybody sees.
fn is_public(page: &Value, chain: &Value) -> bool {
    let state = |value: &Value| value.get("state").and_then(Value::as_str).map(str::to_owned);
    let (Some(page), Some(chain)) = (state(page), state(chain)) else { return false };
    let is_sealed = |state: &str| ["verdict", "unreadable", "sealed"].contains(&state);
    !(is_sealed(&page) && is_sealed(&chain))
}

/// A value in words.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let all: Vec<String> = values.iter().map(words).collect();
            all.join(", ")
        }
        Value::Object(fields) => {
            if let (Some(label), Some(parts)) =
                (fields.get("label"), fields.get("probability").and_then(Value::as_u64))
            {
                let parts = u32::try_from(parts).unwrap_or(u32::MAX);
                return format!("{} {}", words(label), percent(parts));
            }
            let all = fields.iter().filter(|(_, value)| !value.is_null());
            let all: Vec<String> = all.map(|(name, value)| field(name, value)).collect();
            all.join("; ")
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn field(name: &str, value: &Value) -> String {
    format!("{} {}", name.replace('_', " "), words(value))
}

#[cfg(test)]
mod tests;
