//! The kinds of entries. Their names are an interface: see docs/audit.md.

use std::str::FromStr;

use serde::Serialize;

/// `kinds! { Variant = "name": meaning }`: an enum, its stable names, and all of
/// them in their order.
macro_rules! kinds {
    ($($kind:ident = $name:literal: $meaning:literal,)*) => {
        /// What an entry tells.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum Kind {
            $(
                #[doc = $meaning]
                #[serde(rename = $name)]
                $kind,
            )*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),*];

            /// Its stable name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    PatientRegistered = "patient_registered": "The patient registered.",
    ProfileUpdated = "profile_updated": "The patient stored another profile.",
    EncryptionKeySet = "encryption_key_set": "The patient published another key to seal to.",
    PolicySet = "policy_set": "The patient chose a policy contract.",
    DefaultPolicySet = "default_policy_set": "The chain's default policy, then in force for the patient, was set.",
    CustodiansSet = "custodians_set": "The patient chose custodians.",
    EmergencyAccessSet = "emergency_access_set": "The patient said whether the glass may be broken.",
    RelationSet = "relation_set": "The patient named a relative.",
    RelationRemoved = "relation_removed": "The patient removed a relative.",
    RecordAdded = "record_added": "A record was added.",
    RecordAmended = "record_amended": "A new version of a record was added.",
    RecordErased = "record_erased": "A record was erased.",
    RecordEntrusted = "record_entrusted": "A record's key was split among custodians.",
    EnvelopeAdded = "envelope_added": "A reader was given a record's key.",
    EnvelopeRemoved = "envelope_removed": "A reader's envelope was removed.",
    AccessChecked = "access_checked": "The policy was asked and said yes.",
    AccessGranted = "access_granted": "Somebody asked for access and got it.",
    AccessDenied = "access_denied": "Somebody asked for access and was refused.",
    ShareDelivered = "share_delivered": "A custodian handed its share of the key over.",
    AccessEnded = "access_ended": "What was granted ended.",
    GlassBroken = "glass_broken": "Somebody took access in an emergency.",
    EmergencyReviewed = "emergency_reviewed": "An emergency access was reviewed.",
    EmergencyLapsed = "emergency_lapsed": "Nobody reviewed an emergency access in time.",
    EmergencyVoided = "emergency_voided": "An emergency came to nothing before the key was handed over.",
    InferenceRequested = "inference_requested": "A prediction was ordered.",
    RequestCancelled = "request_cancelled": "An order was taken back.",
    RequestExpired = "request_expired": "Nobody answered an order in time.",
    PredictionSubmitted = "prediction_submitted": "A worker answered an order.",
    FailureReported = "failure_reported": "A worker could not answer an order.",
    InferenceFailed = "inference_failed": "An order failed.",
    PolicyGranted = "policy_granted": "The policy contract noted a grant to an account.",
    PolicyRevoked = "policy_revoked": "The policy contract noted the end of a grant.",
    PolicyRoleGranted = "policy_role_granted": "The policy contract noted a grant to a role.",
    PolicyRoleRevoked = "policy_role_revoked": "The policy contract noted the end of a role's grant.",
    PolicyDelegateSet = "policy_delegate_set": "The policy contract noted a delegate.",
    PolicyDelegateRemoved = "policy_delegate_removed": "The policy contract noted the end of a delegate.",
    PolicyEvent = "policy_event": "The policy contract told something in its own words.",
}

/// Some kinds: what one word of `--kind` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds(pub Vec<Kind>);

impl FromStr for Kinds {
    type Err = String;

    /// Reads the name of a kind, or a word of such names, which stands for all
    /// that have it: `emergency` for every kind of emergency.
    fn from_str(text: &str) -> Result<Self, String> {
        let named = |kind: &&Kind| kind.name() == text;
        let has_word = |kind: &&Kind| kind.name().split('_').any(|word| word == text);
        let mut kinds: Vec<Kind> = Kind::ALL.iter().filter(named).copied().collect();
        if kinds.is_empty() {
            kinds = Kind::ALL.iter().filter(has_word).copied().collect();
        }
        if kinds.is_empty() {
            let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            return Err(format!("one of {}, or a word of them", names.join(", ")));
        }
        Ok(Self(kinds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_for_every_kind_that_has_it() {
        let read = |text: &str| text.parse::<Kinds>().map(|kinds| kinds.0);
        assert_eq!(read("access_denied"), Ok(vec![Kind::AccessDenied]));
        assert_eq!(read("denied"), Ok(vec![Kind::AccessDenied]));
        assert_eq!(
            read("granted"),
            Ok(vec![Kind::AccessGranted, Kind::PolicyGranted, Kind::PolicyRoleGranted])
        );
        assert!(read("emergency").unwrap().contains(&Kind::EmergencyLapsed));
        for text in ["", "deni", "_", "Denied"] {
            assert!(read(text).unwrap_err().contains("glass_broken"), "{text}");
        }
    }

    #[test]
    fn names_are_what_json_has() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
