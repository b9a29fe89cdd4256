//! Arguments that several commands take: names that `--help` lists, and amounts.

use std::{error::Error, str::FromStr};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use medchain_client::chain::parse_balance;
use medchain_primitives::{Action, EmergencyReason, Purpose, RelationKind, Role};

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
pub fn amount(text: &str) -> Result<u128, String> {
    parse_balance(text).ok_or_else(|| "give an amount of MEDC such as 1 or 0.25".to_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

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
    fn an_amount_is_a_number_of_medc() {
        assert_eq!(amount("0.25"), Ok(250_000_000_000));
        assert!(amount("much").unwrap_err().contains("0.25"));
    }
}
