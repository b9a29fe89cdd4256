//! What happens on chain.

mod source;
#[macro_use]
mod table;

use medchain_primitives::{
    Action, ChangeId, Cid, Denied, EmergencyId, EmergencyReason, EncryptionKey, EndReason,
    FailureCause, FailureCode, InstitutionId, ModelId, ModelStatus, Purpose, Receipt, RecordId,
    RecordKind, RequestId, Role, SealedAnswer, SlashReason, VerdictStatus,
};
use medchain_sharing::CustodianKey;

use self::source::{failure, institution_name, label, labelled, later, outcome, topics};
pub use self::source::{text, Source};
use crate::{AccountId32, H256};

events! {
    /// An event of the pallets that MedChain is about. Names and fields are those
    /// of the pallets; `Failure` is why a call failed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    #[allow(missing_docs, reason = "the pallets document their events and fields")]
    pub enum ChainEvent<Failure> {
        Emr {
            PatientRegistered { patient: AccountId32 };
            PatientDeregistered { patient: AccountId32 };
            ProfileUpdated { patient: AccountId32 };
            ProfileRemoved { patient: AccountId32 };
            EncryptionKeySet { account: AccountId32, key: EncryptionKey };
            EncryptionKeyRemoved { account: AccountId32 };
            PolicySet {
                patient: AccountId32,
                old: Option<AccountId32>,
                new: Option<AccountId32>,
            };
            DefaultPolicySet { old: Option<AccountId32>, new: Option<AccountId32> };
            DefaultPolicyAnnounced {
                current: Option<AccountId32>,
                announced: Option<AccountId32>,
                enactable_at: u32,
            };
            DefaultPolicyCancelled { announced: Option<AccountId32> };
            InstitutionAdmitted {
                institution: InstitutionId,
                name: String => name(institution_name),
                registrar: AccountId32,
            };
            InstitutionRemoved { institution: InstitutionId };
            RegistrarSet { institution: InstitutionId, old: AccountId32, new: AccountId32 };
            ProviderAdded {
                account: AccountId32,
                role: Role,
                institution: InstitutionId,
                until: u32,
            };
            ProviderRenewed { account: AccountId32, role: Role, old: u32, new: u32 };
            ProviderRemoved { account: AccountId32, role: Role };
            AccessChecked {
                patient: AccountId32,
                subject: AccountId32,
                record: Option<RecordId>,
                action: Action,
                policy: Option<AccountId32>,
            };
            RecordAdded {
                record: RecordId,
                patient: AccountId32,
                author: AccountId32,
                cid: Cid,
                kind: RecordKind,
            };
            RecordAmended {
                record: RecordId,
                previous: RecordId,
                patient: AccountId32,
                author: AccountId32,
                cid: Cid,
            };
            EnvelopeAdded { record: RecordId, reader: AccountId32 };
            EnvelopeRemoved { record: RecordId, reader: AccountId32 };
            EnvelopeWithdrawn {
                record: RecordId,
                reader: AccountId32,
                depositor: AccountId32,
            };
            RecordByCaretaker { record: RecordId, patient: AccountId32 };
            ProfileByCaretaker { patient: AccountId32 };
            RecordRestored { record: RecordId, replaced: RecordId, patient: AccountId32 };
            RecordErased { record: RecordId, patient: AccountId32 };
            RelationSet { patient: AccountId32, relative: AccountId32 };
            RelationRemoved { patient: AccountId32, relative: AccountId32 };
            PolicyNoted { patient: AccountId32, policy: AccountId32, entry: Vec<u8> };
            LogArchiveSet { archive: AccountId32, cid: Cid };
            LogArchiveRemoved { archive: AccountId32 };
        }
        Custody {
            CustodianRegistered { custodian: AccountId32, key: CustodianKey, bond: u128 };
            CustodianRetired { custodian: AccountId32, bond: u128 };
            DeclinedSet { custodian: AccountId32, patient: AccountId32, declined: bool };
            CustodiansSet {
                patient: AccountId32,
                old: Option<Vec<AccountId32>>,
                new: Option<Vec<AccountId32>>,
                threshold: u8,
            };
            RecordEntrusted {
                record: RecordId,
                patient: AccountId32,
                custodians: Vec<AccountId32>,
                threshold: u8,
            };
            AccessGranted {
                record: RecordId,
                patient: AccountId32,
                subject: AccountId32,
                purpose: Purpose,
                until: Option<u32>,
            };
            AccessDenied {
                record: RecordId,
                patient: AccountId32,
                subject: AccountId32,
                purpose: Purpose,
                reason: Denied,
            };
            ShareDelivered {
                record: RecordId,
                patient: AccountId32,
                subject: AccountId32,
                custodian: AccountId32,
                delivered: u32,
                threshold: u32,
            };
            ShareExposed {
                record: RecordId,
                patient: AccountId32,
                subject: AccountId32,
                custodian: AccountId32,
            };
            RecordBarred { record: RecordId, patient: AccountId32, subject: AccountId32 };
            AccessEnded {
                record: RecordId,
                patient: AccountId32,
                subject: AccountId32,
                reason: EndReason,
            };
            GlassBroken {
                emergency: EmergencyId,
                patient: AccountId32,
                subject: AccountId32,
                reason: EmergencyReason,
                until: u32,
                review_until: u32,
            };
            EmergencyAccess {
                emergency: EmergencyId,
                record: RecordId,
                patient: AccountId32,
                subject: AccountId32,
                until: u32,
            };
            WorkerAccess {
                request: RequestId,
                record: RecordId,
                patient: AccountId32,
                worker: AccountId32,
                until: u32,
            };
            EmergencyEndorsed {
                emergency: EmergencyId,
                patient: AccountId32,
                subject: AccountId32,
                by: AccountId32,
            };
            EmergencyReviewed {
                emergency: EmergencyId,
                patient: AccountId32,
                subject: AccountId32,
                reviewer: AccountId32,
                accepted: bool,
                bond: u128,
            };
            EmergencyJudged {
                emergency: EmergencyId,
                patient: AccountId32,
                subject: AccountId32,
                accepted: bool,
                bond: u128,
            };
            EmergencyEscalated {
                emergency: EmergencyId,
                patient: AccountId32,
                subject: AccountId32,
                judge_until: u32,
            };
            EmergencyVoided {
                emergency: EmergencyId,
                patient: AccountId32,
                subject: AccountId32,
                bond: u128,
            };
            EmergencyClosed {
                emergency: EmergencyId,
                patient: AccountId32,
                subject: AccountId32,
                bond: u128,
                burned: bool,
            };
            EmergencyAccessSet { patient: AccountId32, allowed: bool };
            AccountSuspended { account: AccountId32, rejections: u32 };
            SuspensionLifted { account: AccountId32, rejections: u32 };
        }
        Inference {
            ModelRegistered { model: ModelId, name: String => name(label), cid: Cid };
            ModelStatusSet { model: ModelId, old: ModelStatus, new: ModelStatus };
            WorkerRegistered { worker: AccountId32, models: Vec<ModelId> };
            WorkerModelsSet { worker: AccountId32 };
            WorkerLeaving { worker: AccountId32, until: u32 };
            BondWithdrawn { worker: AccountId32, amount: u128 };
            BondToppedUp { worker: AccountId32, amount: u128 };
            WorkerSlashed {
                worker: AccountId32,
                request: RequestId,
                reason: SlashReason,
                amount: u128,
            };
            InferenceRequested {
                request: RequestId,
                record: RecordId,
                patient: AccountId32,
                model: ModelId,
                requester: AccountId32,
                quorum: u8,
                fee: u128,
            };
            WorkersDrawn {
                request: RequestId,
                record: RecordId,
                workers: Vec<AccountId32>,
                missing: u8,
            };
            AnswersAwaited {
                request: RequestId,
                record: RecordId,
                workers: Vec<AccountId32>,
                deadline: u32,
            };
            AnswerCommitted { request: RequestId, worker: AccountId32 };
            RevealStarted { request: RequestId, deadline: u32 };
            AnswerRevealed { request: RequestId, worker: AccountId32 };
            VerdictReached {
                request: RequestId,
                record: RecordId,
                model: ModelId,
                workers: Vec<AccountId32>,
                sealed: SealedAnswer,
                receipt: Receipt,
                challengeable_until: u32,
            };
            AnswersDiffer {
                request: RequestId,
                record: RecordId,
                answers: Vec<(AccountId32, SealedAnswer)>,
            };
            FailureReported {
                request: RequestId,
                record: RecordId,
                worker: AccountId32,
                code: FailureCode,
            };
            WorkerMissed { request: RequestId, worker: AccountId32 };
            DrawReopened { request: RequestId, missing: u8, deadline: u32 };
            InferenceFailed { request: RequestId, record: RecordId, cause: FailureCause };
            CancellationBegun { request: RequestId, until: u32 };
            AnswerNotKept { request: RequestId, worker: AccountId32 };
            KeyCostRepaid { request: RequestId, worker: AccountId32, amount: u128 };
            RequestCancelled { request: RequestId };
            RequestExpired { request: RequestId };
            VerdictChallenged {
                request: RequestId,
                record: RecordId,
                challenger: AccountId32,
                sealed: SealedAnswer,
            };
            VerdictUpheld { request: RequestId, challengeable_until: u32 };
            VerdictAnnulled {
                request: RequestId,
                record: RecordId,
                /// `None` where the runtime of that time did not say it.
                status: Option<VerdictStatus> => status(later),
            };
            DisputeAnnulled { request: RequestId, record: RecordId };
            VerdictDisclosed {
                request: RequestId,
                record: RecordId,
                model: ModelId,
                label: String => label(label),
                certain: bool,
                /// In parts per million, by the label of the class.
                probabilities: Vec<(String, u32)> => probabilities(labelled),
            };
        }
        Disputes {
            DisputeStarted { request: RequestId, players: [AccountId32; 2], deadline: u32 };
            MoveMade { request: RequestId, player: AccountId32 };
            RoundStarted { request: RequestId, deadline: u32 };
            DisputeSettled {
                request: RequestId,
                winner: Option<AccountId32>,
                losers: Vec<AccountId32>,
                timed_out: bool,
            };
            DisputeAbandoned { request: RequestId };
        }
        Council {
            /// A member proposed a motion.
            MotionProposed = Proposed {
                index: u32 => proposal_index,
                motion: H256 => proposal_hash,
                threshold: u32,
            };
            /// The council made the call of a motion; it may have failed.
            MotionExecuted = Executed {
                motion: H256 => proposal_hash,
                failure: Option<Failure> => result(outcome),
            };
            /// A motion ended with these votes.
            MotionClosed = Closed { motion: H256 => proposal_hash, yes: u32, no: u32 };
        }
        EthicsCommittee {
            /// A member of the ethics committee proposed a motion.
            EthicsMotionProposed = Proposed {
                index: u32 => proposal_index,
                motion: H256 => proposal_hash,
                threshold: u32,
            };
            /// The ethics committee made the call of a motion; it may have failed.
            EthicsMotionExecuted = Executed {
                motion: H256 => proposal_hash,
                failure: Option<Failure> => result(outcome),
            };
            /// A motion of the ethics committee ended with these votes.
            EthicsMotionClosed = Closed { motion: H256 => proposal_hash, yes: u32, no: u32 };
        }
        Timelock {
            ChangeAnnounced { change: ChangeId, enactable_at: u32, expires_at: u32 };
            ChangeCancelled { change: ChangeId };
            /// Root made an announced call; it may have failed.
            ChangeEnacted {
                change: ChangeId,
                failure: Option<Failure> => result(outcome),
            };
        }
        Contracts {
            /// A contract was instantiated.
            ContractInstantiated = Instantiated { deployer: AccountId32, contract: AccountId32 };
            /// A contract's own event, encoded as its metadata says.
            ContractEmitted {
                contract: AccountId32,
                /// What it is indexed by: the kind of event, then its indexed fields.
                topics: Vec<H256> => data(topics),
                data: Vec<u8>,
            };
        }
        TransactionPayment {
            /// A transaction's fee was paid.
            FeePaid = TransactionFeePaid { who: AccountId32, fee: u128 => actual_fee };
        }
        System {
            /// A transaction's call failed.
            ExtrinsicFailed { failure: Failure => dispatch_error(failure) };
        }
        Sudo {
            /// A call was made with root's rights; it may have failed.
            SudoDone = Sudid { failure: Option<Failure> => sudo_result(outcome) };
        }
    }
}

/// An event and its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastEvent<Failure> {
    /// The index of the extrinsic that caused it, if one did.
    pub extrinsic: Option<u32>,
    /// What happened.
    pub event: ChainEvent<Failure>,
}
