//! One entry of the log.

use medchain_primitives::RecordId;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{AccountId32, Kind};

/// One thing that happened.
///
/// The field names are an interface: see docs/audit.md.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The block.
    pub block_number: u32,
    /// The index of its event in the block.
    pub event_index: u32,
    /// The block's time, in UTC (RFC 3339).
    pub time: String,
    /// The index of the extrinsic; none where the chain acted by itself.
    pub extrinsic_index: Option<u32>,
    /// The account that signed the extrinsic.
    pub signer: Option<String>,
    /// Its kind.
    pub kind: Kind,
    /// The account that acted, or whose access it is about.
    pub who: Option<String>,
    /// The record.
    pub record_id: Option<RecordId>,
    /// More facts, which depend on the kind.
    pub details: Map<String, Value>,
}

impl Entry {
    /// A detail that is a text.
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details.get(name).and_then(Value::as_str)
    }

    /// Whether an account signed this, is its subject, or is among the details.
    fn names(&self, account: &str) -> bool {
        let is = |text: &Option<String>| text.as_deref() == Some(account);
        let mentions = |value: &Value| match value {
            Value::String(text) => text == account,
            Value::Array(all) => all.iter().any(|one| one.as_str() == Some(account)),
            _ => false,
        };
        is(&self.who) || is(&self.signer) || self.details.values().any(mentions)
    }
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let record = self.record_id.map_or_else(|| "-".to_owned(), |record| record.to_string());
        let details: Vec<String> =
            self.details.iter().filter_map(|(name, value)| self.shown(name, value)).collect();
        let line = format!(
            "{:>8}  {:<20}  {:<23}  {:>6}  {:<48}  {}",
            self.block_number,
            seconds(&self.time),
            self.kind.name(),
            record,
            self.who.as_deref().unwrap_or("-"),
            details.join(", ")
        );
        f.write_str(line.trim_end())
    }
}

impl Entry {
    /// A detail for people; none where it adds nothing.
    fn shown(&self, name: &str, value: &Value) -> Option<String> {
        let said_better = name == "reason" && self.details.contains_key("explanation");
        let usual = name == "in_force" && *value == Value::Bool(true);
        if said_better || usual {
            return None;
        }
        let text = match value {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            Value::Bool(true) => "yes".into(),
            Value::Bool(false) => "no".into(),
            other => other.to_string(),
        };
        let name = name.replace('_', " ");
        (!text.is_empty())
            .then(|| if name == "explanation" { text } else { format!("{name} {text}") })
    }
}

/// A time without fractions of a second.
fn seconds(time: &str) -> String {
    let whole = time.split_once('.').map_or(time, |(whole, _)| whole);
    format!("{}Z", whole.trim_end_matches('Z'))
}

/// The entries of a log that are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Only entries that name this account.
    pub subject: Option<AccountId32>,
    /// Only entries about this record.
    pub record: Option<RecordId>,
    /// Only these kinds; empty: all.
    pub kinds: Vec<Kind>,
}

impl Filter {
    /// Whether an entry stays.
    pub fn keeps(&self, entry: &Entry) -> bool {
        let subject = self.subject.as_ref().map(ToString::to_string);
        subject.is_none_or(|subject| entry.names(&subject))
            && self.record.is_none_or(|record| entry.record_id == Some(record))
            && (self.kinds.is_empty() || self.kinds.contains(&entry.kind))
    }
}
