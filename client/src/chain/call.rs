//! What can be signed and sent.

mod encode;

use codec::{Decode, Encode};
use medchain_disputes::{Leaf, Network, Nodes, Opening, Roots, Secret, Sums};
use medchain_primitives::{
    AnswerCommitment, AnswerSalt, ChangeId, Cid, ContentDigest, Document, EmergencyId,
    EmergencyReason, EncryptionKey, FailureCode, FilmCommitments, InferenceOrder, InstitutionId,
    ModelId, ModelStatus, Purpose, RecordId, RecordKind, RelationKind, RequestId, Role,
    SealedAnswer, SealedKey, VerdictRoot,
};
use medchain_sharing::{CustodianKey, Delivery, Entrustment, KeyProof, ReplyKey};
use subxt::Metadata;

use self::encode::{address, compact, compact_limit, compact_number, EncodeCalls};
use super::{fields::Arguments, ChainError, ParameterChange};
use crate::{AccountId32, H256};

/// What a contract may use, or used; the runtime calls it `Weight`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Gas {
    /// Computation, in picoseconds.
    #[codec(compact)]
    pub ref_time: u64,
    /// Storage proof, in bytes.
    #[codec(compact)]
    pub proof_size: u64,
}

/// A call, and how many members of a body must vote for it.
///
/// With a threshold of 1, the call is made at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Motion {
    /// How many members must vote for it.
    pub threshold: u32,
    /// The call.
    pub call: Box<Call>,
}

impl Motion {
    fn arguments(&self, metadata: &Metadata) -> Result<Vec<(&'static str, Vec<u8>)>, ChainError> {
        let proposal = self.call.encode_with(metadata)?;
        let length = u32::try_from(proposal.len()).unwrap_or(u32::MAX);
        Ok(vec![
            ("threshold", compact_number(self.threshold).encode()),
            ("proposal", proposal),
            ("length_bound", compact_number(length).encode()),
        ])
    }
}

/// The name or the encoded value of an argument, see `calls`.
macro_rules! argument {
    (@name $field:ident) => {
        stringify!($field)
    };
    (@name $field:ident $name:ident) => {
        stringify!($name)
    };
    (@value $field:ident) => {
        $field.encode()
    };
    (@value $field:ident $encoding:path) => {
        $encoding(*$field).encode()
    };
}

/// Declares the calls, each once: `Variant = call_on_chain { field: Type, … };`
/// under its pallet. `field: Type => name(encoding)` is an argument whose name, or
/// whose encoding as well, is not that of the field. The calls under `@nested` hold
/// other calls, and those under `@proposed` a call and a number of votes.
macro_rules! calls {
    (
        $(#[$meta:meta])*
        pub enum $calls:ident {
            $($pallet:ident { $(
                $(#[$doc:meta])*
                $variant:ident = $call:ident $({ $(
                    $(#[$field_doc:meta])*
                    $field:ident: $type:ty $(=> $argument:ident $(($encoding:path))?)?
                ),* $(,)? })?;
            )* })*
            @nested { $(
                $(#[$nested_doc:meta])*
                $nested:ident($inner:ty) =
                    $nested_pallet:ident.$nested_call:ident($nested_argument:ident);
            )* }
            @proposed { $(
                $(#[$proposed_doc:meta])*
                $proposed:ident($motion:ty) = $proposed_pallet:ident.$proposed_call:ident;
            )* }
        }
    ) => {
        $(#[$meta])*
        pub enum $calls {
            $($($(#[$doc])* $variant $({ $($(#[$field_doc])* $field: $type),* })?,)*)*
            $($(#[$nested_doc])* $nested($inner),)*
            $($(#[$proposed_doc])* $proposed($motion),)*
        }

        impl $calls {
            /// The pallet and the name of every call.
            pub(super) const ALL: &[(&str, &str)] = &[
                $($((stringify!($pallet), stringify!($call)),)*)*
                $((stringify!($nested_pallet), stringify!($nested_call)),)*
                $((stringify!($proposed_pallet), stringify!($proposed_call)),)*
            ];

            fn place(&self) -> (&'static str, &'static str) {
                match self {
                    $($(Self::$variant { .. } => (stringify!($pallet), stringify!($call)),)*)*
                    $(Self::$nested(..) => {
                        (stringify!($nested_pallet), stringify!($nested_call))
                    })*
                    $(Self::$proposed(..) => {
                        (stringify!($proposed_pallet), stringify!($proposed_call))
                    })*
                }
            }

            fn arguments(&self, metadata: &Metadata) -> Result<Arguments, ChainError> {
                Ok(Arguments(match self {
                    $($(Self::$variant $({ $($field),* })? => vec![$($((
                        argument!(@name $field $($argument)?),
                        argument!(@value $field $($($encoding)?)?),
                    )),*)?],)*)*
                    $(Self::$nested(inner) => {
                        vec![(stringify!($nested_argument), inner.encode_calls(metadata)?)]
                    })*
                    $(Self::$proposed(motion) => motion.arguments(metadata)?,)*
                }))
            }
        }
    };
}

calls! {
    /// A call of the chain. The names and meanings are those of the pallets.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[allow(missing_docs, reason = "the pallets document their calls and parameters")]
    pub enum Call {
        Emr {
            RegisterPatient = register_patient {
                profile: Option<Document>,
                encryption_key: EncryptionKey,
            };
            UpdateProfile = update_profile { profile: Document };
            RemoveProfile = remove_profile;
            DeregisterPatient = deregister_patient;
            SetEncryptionKey = set_encryption_key { key: EncryptionKey };
            RemoveEncryptionKey = remove_encryption_key;
            SetPolicy = set_policy { policy: Option<AccountId32> };
            AllowNobody = allow_nobody;
            AnnounceDefaultPolicy = announce_default_policy { policy: Option<AccountId32> };
            EnactDefaultPolicy = enact_default_policy;
            CancelDefaultPolicy = cancel_default_policy;
            AdmitInstitution = admit_institution { name: String, registrar: AccountId32 };
            RemoveInstitution = remove_institution { institution: InstitutionId };
            SetRegistrar = set_registrar {
                institution: InstitutionId,
                registrar: AccountId32,
            };
            AddProvider = add_provider {
                institution: InstitutionId,
                account: AccountId32,
                role: Role,
                until: u32,
            };
            RenewProvider = renew_provider { account: AccountId32, role: Role, until: u32 };
            RemoveProvider = remove_provider { account: AccountId32, role: Role };
            AddRecord = add_record {
                patient: AccountId32,
                cid: Cid,
                digest: ContentDigest,
                kind: RecordKind,
                commitments: Option<FilmCommitments>,
                envelopes: Vec<(AccountId32, SealedKey)>,
                inference: Option<InferenceOrder<AccountId32>>,
                custody: Option<Entrustment>,
            };
            AmendRecord = amend_record {
                record: RecordId,
                cid: Cid,
                digest: ContentDigest,
                commitments: Option<FilmCommitments>,
                envelopes: Vec<(AccountId32, SealedKey)>,
                custody: Option<Entrustment>,
            };
            ShareRecord = share_record {
                record: RecordId,
                reader: AccountId32,
                sealed_key: SealedKey,
            };
            RemoveEnvelope = remove_envelope { record: RecordId, reader: AccountId32 };
            WithdrawEnvelope = withdraw_envelope { record: RecordId, reader: AccountId32 };
            EraseRecord = erase_record { record: RecordId };
            RestoreRecord = restore_record { record: RecordId };
            SetRelation = set_relation {
                relative: AccountId32,
                kind: RelationKind,
                emergency_contact: bool,
            };
            RemoveRelation = remove_relation { relative: AccountId32 };
            SetLogArchive = set_log_archive { cid: Cid };
            RemoveLogArchive = remove_log_archive;
        }
        Custody {
            RegisterCustodian = register_custodian { key: CustodianKey, proof: KeyProof };
            RetireCustodian = retire_custodian;
            SetDeclined = set_declined { patient: AccountId32, declined: bool };
            SetCustodians = set_custodians { members: Vec<AccountId32>, threshold: u8 };
            EntrustRecord = entrust_record {
                record: RecordId,
                entrustment: Option<Entrustment>,
            };
            RequestAccess = request_access {
                record: RecordId,
                purpose: Purpose,
                reply: ReplyKey,
            };
            DeliverShare = deliver_share {
                record: RecordId,
                subject: AccountId32,
                reply: ReplyKey,
                delivery: Delivery,
            };
            ExpireGrant = expire_grant { record: RecordId, subject: AccountId32 };
            BreakGlass = break_glass { patient: AccountId32, reason: EmergencyReason };
            RequestInEmergency = request_in_emergency { record: RecordId, reply: ReplyKey };
            ReviewEmergency = review_emergency { emergency: EmergencyId, accepted: bool };
            JudgeEmergency = judge_emergency { emergency: EmergencyId, accepted: bool };
            CloseEmergency = close_emergency { emergency: EmergencyId };
            SetEmergencyAccess = set_emergency_access { allowed: bool };
            LiftSuspension = lift_suspension { account: AccountId32 };
            ForgetGrant = forget_grant {
                record: RecordId,
                subject: AccountId32,
                reply: ReplyKey,
            };
            RequestAsWorker = request_as_worker { request: RequestId, reply: ReplyKey };
            WithdrawShares = withdraw_shares { record: RecordId };
        }
        Inference {
            RegisterModel = register_model {
                name: String,
                version: String,
                cid: Cid,
                sha256: [u8; 32],
                card: Option<Cid>,
                labels: Vec<String>,
                preprocessing: String,
                network: Option<Network>,
                min_quorum: u8,
                /// In parts per million.
                confidence_threshold_ppm: u32 => confidence_threshold,
                fee: u128,
            };
            SetModelStatus = set_model_status { model: ModelId, status: ModelStatus };
            RegisterWorker = register_worker { models: Vec<ModelId> };
            SetWorkerModels = set_worker_models { models: Vec<ModelId> };
            DeregisterWorker = deregister_worker;
            RequestInference = request_inference {
                record: RecordId,
                order: InferenceOrder<AccountId32>,
            };
            CancelRequest = cancel_request { request: RequestId };
            DrawWorkers = draw_workers { request: RequestId, asks: u8 };
            SealToWorkers = seal_to_workers {
                request: RequestId,
                keys: Vec<(AccountId32, SealedKey)>,
            };
            CommitAnswer = commit_answer { request: RequestId, commitment: AnswerCommitment };
            RevealAnswer = reveal_answer {
                request: RequestId,
                sealed: SealedAnswer,
                salt: AnswerSalt,
            };
            SubmitAnswer = submit_answer { request: RequestId, sealed: SealedAnswer };
            ReportFailure = report_failure { request: RequestId, code: FailureCode };
            SettleOverdue = settle_overdue { request: RequestId };
            WithdrawBond = withdraw_bond;
            TopUpBond = top_up_bond;
            DiscloseVerdict = disclose_verdict { request: RequestId, root: VerdictRoot };
            ChallengeVerdict = challenge_verdict { request: RequestId, sealed: SealedAnswer };
            AnnulDispute = annul_dispute { request: RequestId };
        }
        Disputes {
            ShowRoots = show_roots { request: RequestId, roots: Roots };
            ShowNodes = show_nodes { request: RequestId, nodes: Nodes };
            ShowLeaf = show_leaf { request: RequestId, leaf: Leaf };
            ShowSums = show_sums { request: RequestId, sums: Sums };
            OpenValue = open_value { request: RequestId, opening: Opening };
            OpenSecret = open_secret { request: RequestId, secret: Secret };
        }
        Council {
            /// Votes for or against a motion, as a member of the council.
            CouncilVote = vote {
                motion: H256 => proposal,
                index: u32 => index(compact_number),
                approve: bool,
            };
            /// Ends a motion that has its votes, and makes its call.
            CouncilClose = close {
                motion: H256 => proposal_hash,
                index: u32 => index(compact_number),
                weight: Gas => proposal_weight_bound,
                length: u32 => length_bound(compact_number),
            };
        }
        EthicsCommittee {
            /// Votes for or against a motion, as a member of the ethics committee.
            EthicsVote = vote {
                motion: H256 => proposal,
                index: u32 => index(compact_number),
                approve: bool,
            };
            /// Ends a motion of the ethics committee that has its votes, and makes its call.
            EthicsClose = close {
                motion: H256 => proposal_hash,
                index: u32 => index(compact_number),
                weight: Gas => proposal_weight_bound,
                length: u32 => length_bound(compact_number),
            };
        }
        Timelock {
            /// Cancels a call that root was to make.
            CancelChange = cancel { change: ChangeId };
            /// Has root make an announced call.
            EnactChange = enact { change: ChangeId };
        }
        Parameters {
            /// Changes a value within its bounds; only root may.
            SetParameter = set_parameter { change: ParameterChange => key_value };
        }
        Contracts {
            /// Uploads a contract's code and makes an instance of it.
            ContractInstantiate = instantiate_with_code {
                value: u128 => value(compact),
                gas: Gas => gas_limit,
                storage_deposit_limit: Option<u128> => storage_deposit_limit(compact_limit),
                code: Vec<u8>,
                data: Vec<u8>,
                salt: Vec<u8>,
            };
            ContractCall = call {
                contract: AccountId32 => dest(address),
                value: u128 => value(compact),
                gas: Gas => gas_limit,
                storage_deposit_limit: Option<u128> => storage_deposit_limit(compact_limit),
                data: Vec<u8>,
            };
        }
        Balances {
            /// Sends MEDC, and fails rather than closing the sender's account.
            Transfer = transfer_keep_alive {
                to: AccountId32 => dest(address),
                amount: u128 => value(compact),
            };
        }
        @nested {
            /// All of these calls, or none.
            Batch(Vec<Call>) = Utility.batch_all(calls);
            /// A call with root's rights; the signer must be the chain's sudo key.
            Sudo(Box<Call>) = Sudo.sudo(call);
            /// A call that root will make after a delay.
            AnnounceChange(Box<Call>) = Timelock.announce(call);
        }
        @proposed {
            /// A call that the council will make, if so many members vote for it.
            CouncilPropose(Motion) = Council.propose;
            /// A call that the ethics committee will make, if so many members vote for it.
            EthicsPropose(Motion) = EthicsCommittee.propose;
        }
    }
}

impl Call {
    /// The pallet and the call, as Polkadot.js Apps shows them: `emr.addRecord`
    /// is written `Emr.add_record`.
    pub fn name(&self) -> String {
        let (pallet, call) = self.place();
        format!("{pallet}.{call}")
    }
}
