//! Arguments that several commands take: names that `--help` lists, numbers and amounts.

use std::{error::Error, ffi::OsStr, str::FromStr};

use clap::{
    builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser},
    error::ErrorKind,
    Arg, Command,
};
use medchain_client::chain::parse_balance;
use medchain_primitives::{
    Action, ChangeId, EmergencyId, EmergencyReason, InstitutionId, ModelId, Purpose, RecordId,
    RecordKind, RelationKind, RequestId, Role,
};

use crate::{consent::GrantSpec, output::time};

/// Parses one of the named values, which `--help` lists with what they mean.
fn one_of<T>(
    values: impl IntoIterator<Item = (&'static str, &'static str)>,
) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    let values = values.into_iter().map(|(name, help)| PossibleValue::new(name).help(help));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<T>())
}

/// Parses an action.
pub fn action() -> impl TypedValueParser<Value = Action> {
    one_of(Action::ALL.map(|action| {
        let help = match action {
            Action::View => "Read a record",
            Action::Append => "Add a record",
            Action::Amend => "Replace a record by a new version",
            Action::Share => "Seal a record's key to another reader",
            Action::Infer => "Run a model on a record, or request that",
            Action::Emergency => "Break the glass in an emergency",
        };
        (action.as_str(), help)
    }))
}

/// Parses a purpose.
pub fn purpose() -> impl TypedValueParser<Value = Purpose> {
    one_of(Purpose::ALL.map(|purpose| {
        let help = match purpose {
            Purpose::Treatment => "Treating the patient",
            Purpose::SecondOpinion => "A second opinion",
            Purpose::Research => "Research",
            Purpose::Billing => "Billing",
            Purpose::Other => "Anything else",
        };
        (purpose.as_str(), help)
    }))
}

/// Parses what a record is.
pub fn record_kind() -> impl TypedValueParser<Value = RecordKind> {
    one_of(RecordKind::ALL.map(|kind| {
        let help = match kind {
            RecordKind::ChestXray => "A chest X-ray, the only kind that models run on",
            RecordKind::Report => "A written report",
            RecordKind::Other => "Another document",
        };
        (kind.as_str(), help)
    }))
}

/// Parses a provider's role.
pub fn role() -> impl TypedValueParser<Value = Role> {
    one_of(Role::ALL.map(|role| {
        let help = match role {
            Role::LabTechnician => "Takes X-rays and adds records, where the policy allows it",
            Role::Clinician => "Treats patients",
            Role::Hospital => "An institution",
            Role::Custodian => "Keeps content keys for patients",
        };
        (role.as_str(), help)
    }))
}

/// Parses how an account is related to a patient.
pub fn relation_kind() -> impl TypedValueParser<Value = RelationKind> {
    one_of(RelationKind::ALL.map(|kind| {
        let help = match kind {
            RelationKind::Parent => "Mother or father",
            RelationKind::Partner => "Husband, wife or partner",
            RelationKind::Child => "Daughter or son",
            RelationKind::Sibling => "Sister or brother",
            RelationKind::Guardian => "Legal guardian, who reviews emergencies in your place",
            RelationKind::Other => "Anybody else",
        };
        (kind.as_str(), help)
    }))
}

/// Parses the reason of an emergency.
pub fn emergency_reason() -> impl TypedValueParser<Value = EmergencyReason> {
    one_of(EmergencyReason::ALL.map(|reason| {
        let help = match reason {
            EmergencyReason::CannotConsent => "The patient cannot be asked",
            EmergencyReason::LifeThreatening => "Waiting would endanger the patient's life",
            EmergencyReason::MassCasualty => "Many people are hurt at once",
            EmergencyReason::Other => "Another emergency, to be explained at the review",
        };
        (reason.as_str(), help)
    }))
}

/// Parses an amount of MEDC into plancks.
pub fn amount() -> impl TypedValueParser<Value = u128> {
    Sentence { parse: parse_balance, wanted: "an amount; give MEDC such as 10 or 0.25" }
}

/// Parses a grant in one word.
pub fn grant() -> impl TypedValueParser<Value = GrantSpec> {
    StringValueParser::new().try_map(|text| text.parse::<GrantSpec>())
}

/// Parses a record's number.
pub fn record() -> impl TypedValueParser<Value = RecordId> {
    number("a record number; see `medchain records`")
}

/// Parses a model's number.
pub fn model() -> impl TypedValueParser<Value = ModelId> {
    number("a model number; see `medchain model list`")
}

/// Parses the number of a request for a verdict.
pub fn request() -> impl TypedValueParser<Value = RequestId> {
    number("a request number; see `medchain show`")
}

/// Parses an emergency's number.
pub fn emergency() -> impl TypedValueParser<Value = EmergencyId> {
    number("an emergency number; see `medchain emergency list`")
}

/// Parses an institution's number.
pub fn institution() -> impl TypedValueParser<Value = InstitutionId> {
    number("an institution number; see `medchain institution list`")
}

/// Parses the number of a call that root will make.
pub fn change() -> impl TypedValueParser<Value = ChangeId> {
    number("a change number; see `medchain council show`")
}

/// The place at which a reading that goes back stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// A block.
    Block(u32),
    /// A time in milliseconds since 1970.
    Time(u64),
}

/// Parses a block's number, or a date.
pub fn since() -> impl TypedValueParser<Value = Since> {
    let parse = |text: &str| {
        let block = text.parse().ok().map(Since::Block);
        block.or_else(|| time::parse(text).map(Since::Time))
    };
    Sentence { parse, wanted: "a block number or a date; give one such as 1200 or 2026-11-29" }
}

/// Parses a block's number.
pub fn block() -> impl TypedValueParser<Value = u32> {
    number("a block number; give one such as 1200")
}

fn number<T>(wanted: &'static str) -> impl TypedValueParser<Value = T>
where
    T: FromStr + Clone + Send + Sync + 'static,
{
    Sentence { parse: |text: &str| text.parse::<T>().ok(), wanted }
}

/// A parser whose error is a sentence: "`first` is not a record number; …". Clap's own
/// would say what the standard library says, such as "invalid digit found in string".
#[derive(Clone)]
struct Sentence<F> {
    parse: F,
    /// What the text is not, and the way out.
    wanted: &'static str,
}

impl<T, F> TypedValueParser for Sentence<F>
where
    T: Clone + Send + Sync + 'static,
    F: Fn(&str) -> Option<T> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        _argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let text = value.to_string_lossy();
        (self.parse)(&text).ok_or_else(|| {
            let message = format!("`{text}` is not {}", self.wanted);
            command.clone().error(ErrorKind::ValueValidation, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<T>(parser: &impl TypedValueParser<Value = T>, text: &str) -> Option<T>
    where
        T: Clone + Send + Sync + 'static,
    {
        parser.parse_ref(&clap::Command::new("test"), None, OsStr::new(text)).ok()
    }

    #[test]
    fn every_value_is_typed_as_it_is_shown() {
        for known in Action::ALL {
            assert_eq!(parse(&action(), known.as_str()), Some(known));
        }
        for known in Purpose::ALL {
            assert_eq!(parse(&purpose(), known.as_str()), Some(known));
        }
        for known in Role::ALL {
            assert_eq!(parse(&role(), known.as_str()), Some(known));
        }
        for known in RelationKind::ALL {
            assert_eq!(parse(&relation_kind(), known.as_str()), Some(known));
        }
        for known in EmergencyReason::ALL {
            assert_eq!(parse(&emergency_reason(), known.as_str()), Some(known));
        }
        for unknown in ["", "View", "fly"] {
            assert_eq!(parse(&action(), unknown), None, "{unknown}");
        }
    }

    #[test]
    fn numbers_and_amounts_are_read() {
        assert_eq!(parse(&amount(), "0.25"), Some(250_000_000_000));
        assert_eq!(parse(&record(), "7"), Some(RecordId(7)));
        assert_eq!(parse(&model(), "7"), Some(ModelId(7)));
        assert_eq!(parse(&request(), "7"), Some(RequestId(7)));
        assert_eq!(parse(&emergency(), "7"), Some(EmergencyId(7)));
        assert_eq!(parse(&institution(), "7"), Some(InstitutionId(7)));
        assert_eq!(parse(&change(), "7"), Some(ChangeId(7)));
        assert_eq!(parse(&block(), "7"), Some(7));
        for wrong in ["", "-1", "0x1", "1.5"] {
            assert_eq!(parse(&record(), wrong), None, "{wrong}");
        }
        assert_eq!(parse(&amount(), "-1"), None);
    }

    #[test]
    fn what_is_no_number_is_answered_in_a_sentence() {
        fn check<T>(parser: &impl TypedValueParser<Value = T>, text: &str, sentence: &str)
        where
            T: Clone + Send + Sync + 'static,
        {
            let error = parser.parse_ref(&Command::new("test"), None, OsStr::new(text)).err();
            let shown = error.map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(shown.lines().next(), Some(sentence));
        }
        let amounts = "error: `abc` is not an amount; give MEDC such as 10 or 0.25";
        check(&amount(), "abc", amounts);
        let records = "error: `first` is not a record number; see `medchain records`";
        check(&record(), "first", records);
        let models = "error: `vgg` is not a model number; see `medchain model list`";
        check(&model(), "vgg", models);
        let requests = "error: `it` is not a request number; see `medchain show`";
        check(&request(), "it", requests);
        let emergencies = "error: `-1` is not an emergency number; see `medchain emergency list`";
        check(&emergency(), "-1", emergencies);
        let blocks = "error: `soon` is not a block number; give one such as 1200";
        check(&block(), "soon", blocks);
    }
}
