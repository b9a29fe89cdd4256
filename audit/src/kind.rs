//! The kinds of entries, whose names are an interface: see docs/audit.md.

use std::str::FromStr;

use serde::Serialize;

/// `kinds! { Variant = "name": meaning }` makes an enum, its stable names and `ALL`.
macro_rules! kinds {
    ($($kind:ident = $name:literal: $meaning:literal,)*) => {
        /// What an entry is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum Kind {
            $(
                #[doc = $meaning]
                #[serde(rename = $name)]
                $kind,
            )*
        }

        impl Kind {
            /// Every kind, in order.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),*];

            /// The stable name.
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
    PatientDeregistered = "patient_deregistered": "The patient left, and everything but the log with them.",
    ProfileUpdated = "profile_updated": "The patient stored a new profile.",
    ProfileByCaretaker = "profile_by_caretaker": "A caretaker, not the patient, signed for the profile that was stored.",
    ProfileRemoved = "profile_removed": "The patient removed the profile.",
    EncryptionKeySet = "encryption_key_set": "The patient published a new encryption key.",
    EncryptionKeyRemoved = "encryption_key_removed": "The encryption key of the patient, who left, was removed.",
    PolicySet = "policy_set": "The patient chose a policy contract, or nobody (their own account).",
    DefaultPolicySet = "default_policy_set": "The chain's default policy, in force for the patient, was set.",
    CustodiansSet = "custodians_set": "The patient chose custodians.",
    CustodianDeclined = "custodian_declined": "A custodian declined to keep the patient's keys, or accepts again.",
    EmergencyAccessSet = "emergency_access_set": "The patient allowed or forbade emergency access.",
    RelationSet = "relation_set": "The patient named a relative.",
    RelationRemoved = "relation_removed": "The patient removed a relative.",
    RecordAdded = "record_added": "A record was added.",
    RecordAmended = "record_amended": "A new version of a record was added.",
    RecordByCaretaker = "record_by_caretaker": "A caretaker, not the patient, signed for the record that was added.",
    RecordRestored = "record_restored": "The patient made a previous version the newest again.",
    RecordErased = "record_erased": "A record was erased.",
    RecordEntrusted = "record_entrusted": "A record's key was shared among custodians, or withdrawn from them.",
    EnvelopeAdded = "envelope_added": "A record's key was sealed to a reader.",
    EnvelopeRemoved = "envelope_removed": "A reader's envelope was removed.",
    EnvelopeWithdrawn = "envelope_withdrawn": "The account that had paid for a reader's envelope removed it.",
    AccessChecked = "access_checked": "The policy was asked and said yes.",
    AccessGranted = "access_granted": "An account requested access and got it.",
    AccessDenied = "access_denied": "An account requested access and was refused.",
    ShareDelivered = "share_delivered": "A custodian handed over its share of the key.",
    ShareExposed = "share_exposed": "An account holds a share of the key although its access was refused or over, or the custodian had lost its role.",
    RecordBarred = "record_barred": "The patient kept an account from requesting a record again in its emergency.",
    AccessEnded = "access_ended": "Access to a record ended.",
    GlassBroken = "glass_broken": "An account broke the glass in an emergency.",
    EmergencyAccess = "emergency_access": "A record was requested in an emergency.",
    WorkerAccess = "worker_access": "A drawn worker asked custodians for a record's key.",
    EmergencyEndorsed = "emergency_endorsed": "A guardian accepted an emergency.",
    EmergencyReviewed = "emergency_reviewed": "An emergency was accepted by the patient, or rejected.",
    EmergencyEscalated = "emergency_escalated": "Nobody reviewed an emergency in time, so the ethics committee judges it.",
    EmergencyJudged = "emergency_judged": "The ethics committee judged an emergency, or accepted one that had been rejected.",
    EmergencyVoided = "emergency_voided": "An emergency ended without a request, and nobody reviewed it.",
    EmergencyClosed = "emergency_closed": "An emergency is over, and so is its review.",
    InferenceRequested = "inference_requested": "A verdict was ordered.",
    WorkersDrawn = "workers_drawn": "The chain drew workers for a request.",
    AnswersAwaited = "answers_awaited": "The workers of a request have the record's key.",
    AnswerCommitted = "answer_committed": "A worker committed to an answer.",
    RevealStarted = "reveal_started": "All workers of a request have committed, and show their answers.",
    AnswerRevealed = "answer_revealed": "A worker showed its answer, sealed.",
    VerdictReached = "verdict_reached": "All workers of a request gave the same answer.",
    AnswersDiffer = "answers_differ": "The workers of a request gave different answers.",
    DisputeStarted = "dispute_started": "Two workers settle on chain whose answer is right.",
    DisputeMoveMade = "dispute_move_made": "A worker made a move in a dispute.",
    DisputeRoundStarted = "dispute_round_started": "A dispute went on to something smaller.",
    DisputeSettled = "dispute_settled": "A dispute is over.",
    DisputeAbandoned = "dispute_abandoned": "A dispute ended before a worker had lost it.",
    DisputeAnnulled = "dispute_annulled": "The patient ended a dispute.",
    VerdictChallenged = "verdict_challenged": "A worker with another answer disputes a verdict.",
    VerdictUpheld = "verdict_upheld": "A verdict was defended.",
    VerdictAnnulled = "verdict_annulled": "A verdict does not count any more.",
    VerdictDisclosed = "verdict_disclosed": "The patient made a verdict public.",
    FailureReported = "failure_reported": "A worker could not answer a request.",
    WorkerMissed = "worker_missed": "A worker with the record's key did not answer in time.",
    WorkerSlashed = "worker_slashed": "A worker lost a part of its bond.",
    DrawReopened = "draw_reopened": "A request lost a worker, and another one is to be drawn.",
    InferenceFailed = "inference_failed": "A request failed.",
    CancellationBegun = "cancellation_begun": "A request was cancelled, and ends with its named worker's answer or its deadline.",
    AnswerNotKept = "answer_not_kept": "A named worker was paid for an answer that was not kept.",
    KeyCostRepaid = "key_cost_repaid": "A worker got back out of the fees what it had paid custodians for a record's key.",
    RequestCancelled = "request_cancelled": "A request was cancelled.",
    RequestExpired = "request_expired": "Nobody moved a request on in time.",
    PolicyGranted = "policy_granted": "The policy contract recorded a grant to an account.",
    PolicyRevoked = "policy_revoked": "The policy contract recorded the revocation of a grant.",
    PolicyRoleGranted = "policy_role_granted": "The policy contract recorded a grant to a role.",
    PolicyRoleRevoked = "policy_role_revoked": "The policy contract recorded the revocation of a role's grant.",
    PolicyDelegateSet = "policy_delegate_set": "The policy contract recorded a delegate.",
    PolicyDelegateRemoved = "policy_delegate_removed": "The policy contract recorded the removal of a delegate.",
    PolicyEvent = "policy_event": "The policy contract emitted an event of its own.",
    Unknown = "unknown": "An entry of the log that this program does not know.",
}

/// The kinds that one word of `--kind` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds(pub Vec<Kind>);

impl FromStr for Kinds {
    type Err = String;

    /// Reads the name of a kind, or a word of such names, which stands for every kind
    /// that contains it: `emergency`.
    fn from_str(text: &str) -> Result<Self, String> {
        let named = |kind: &&Kind| kind.name() == text;
        let has_word = |kind: &&Kind| kind.name().split('_').any(|word| word == text);
        let mut kinds: Vec<Kind> = Kind::ALL.iter().filter(named).copied().collect();
        if kinds.is_empty() {
            kinds = Kind::ALL.iter().filter(has_word).copied().collect();
        }
        if kinds.is_empty() {
            let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            return Err(format!("give one of {}, or a word of them", names.join(", ")));
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
        assert!(read("emergency").unwrap().contains(&Kind::EmergencyEscalated));
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
