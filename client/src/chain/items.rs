//! Everything that is read by its name in the metadata.
//!
//! *Invariant:* no other storage item, constant or runtime API method is read,
//! so that [`super::compat`] compares everything that is.

use std::fmt;

/// `Type { NAME = Pallet.Item, … }`: the constants of `Type`, and all of them.
macro_rules! items {
    ($(#[$meta:meta])* $type:ident { $($constant:ident = $owner:ident.$name:ident,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $type {
            owner: &'static str,
            name: &'static str,
        }

        impl $type {
            $(pub const $constant: Self =
                Self { owner: stringify!($owner), name: stringify!($name) };)*

            /// All that are read.
            pub const ALL: &[Self] = &[$(Self::$constant),*];

            /// The pallet or the runtime API that it belongs to.
            pub const fn owner(self) -> &'static str {
                self.owner
            }

            /// Its name there.
            pub const fn name(self) -> &'static str {
                self.name
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}.{}", self.owner, self.name)
            }
        }
    };
}

items! {
    /// A storage item of a pallet.
    StorageItem {
        ACCOUNT = System.Account,
        BLOCK_HASH = System.BlockHash,
        EVENTS = System.Events,
        LAST_RUNTIME_UPGRADE = System.LastRuntimeUpgrade,
        NOW = Timestamp.Now,
        SUDO_KEY = Sudo.Key,
        PATIENTS = Emr.Patients,
        ENCRYPTION_KEYS = Emr.EncryptionKeys,
        INSTITUTIONS = Emr.Institutions,
        PROVIDERS = Emr.Providers,
        PATIENT_POLICIES = Emr.PatientPolicies,
        DEFAULT_POLICY = Emr.DefaultPolicy,
        PENDING_DEFAULT_POLICY = Emr.PendingDefaultPolicy,
        RECORDS = Emr.Records,
        RECORDS_OF = Emr.RecordsOf,
        CONTENTS = Emr.Contents,
        COMMITMENTS = Emr.Commitments,
        ENVELOPES = Emr.Envelopes,
        RELATIONS = Emr.Relations,
        LOGS = Emr.Logs,
        LOG_ARCHIVES = Emr.LogArchives,
        CUSTODIANS = Custody.Custodians,
        DECLINED = Custody.Declined,
        CUSTODIAN_GROUPS = Custody.CustodianGroups,
        CUSTODIES = Custody.Custodies,
        GRANTS = Custody.Grants,
        EMERGENCIES = Custody.Emergencies,
        EMERGENCIES_OVER = Custody.EmergenciesOver,
        EMERGENCY_GRANTS = Custody.EmergencyGrants,
        RUNNING_EMERGENCIES = Custody.RunningEmergencies,
        REJECTIONS = Custody.Rejections,
        EMERGENCY_OPT_OUTS = Custody.EmergencyOptOuts,
        MODELS = Inference.Models,
        NETWORKS = Inference.Networks,
        WORKERS = Inference.Workers,
        CANDIDATES = Inference.Candidates,
        REQUESTS = Inference.Requests,
        COMMITTEES = Inference.Committees,
        ASSIGNMENTS = Inference.Assignments,
        OPEN_REQUEST_OF = Inference.OpenRequestOf,
        DUE = Inference.Due,
        SEEDS = Inference.Seeds,
        VERDICTS = Inference.Verdicts,
        LATEST_VERDICT = Inference.LatestVerdict,
        DISPUTES = Disputes.Disputes,
        COUNCIL_MEMBERS = Council.Members,
        COUNCIL_PROPOSALS = Council.Proposals,
        COUNCIL_PROPOSAL_OF = Council.ProposalOf,
        COUNCIL_VOTING = Council.Voting,
        ETHICS_MEMBERS = EthicsCommittee.Members,
        ETHICS_PROPOSALS = EthicsCommittee.Proposals,
        ETHICS_PROPOSAL_OF = EthicsCommittee.ProposalOf,
        ETHICS_VOTING = EthicsCommittee.Voting,
        ETHICS_APPOINTED = EthicsMembership.Members,
        CHANGES = Timelock.Changes,
    }
}

impl StorageItem {
    /// Those that [`super::History`] reads, whose blocks an older runtime may have made.
    pub const HISTORY: &[Self] = &[
        Self::EVENTS,
        Self::LAST_RUNTIME_UPGRADE,
        Self::NOW,
        Self::PATIENT_POLICIES,
        Self::DEFAULT_POLICY,
        Self::RECORDS_OF,
    ];

    /// The fields of [`Self::REQUESTS`] that it reads: older runtimes had others as well.
    pub const HISTORY_REQUEST: &[&str] = &["record", "patient", "model", "requester"];
}

items! {
    /// A constant of a pallet. All that are read are amounts, counts or numbers of blocks,
    /// and the room in a block.
    Constant {
        BLOCK_WEIGHTS = System.BlockWeights,
        PATIENT_DEPOSIT = Emr.PatientDeposit,
        RECORD_DEPOSIT = Emr.RecordDeposit,
        ENVELOPE_DEPOSIT = Emr.EnvelopeDeposit,
        ENCRYPTION_KEY_DEPOSIT = Emr.EncryptionKeyDeposit,
        MAX_TERM = Emr.MaxTerm,
        CUSTODIAN_BOND = Custody.CustodianBond,
        CUSTODY_DEPOSIT = Custody.CustodyDeposit,
        GRANT_DEPOSIT = Custody.GrantDeposit,
        DELIVERY_FEE = Custody.DeliveryFee,
        EMERGENCY_BOND = Custody.EmergencyBond,
        MAX_REJECTIONS = Custody.MaxRejections,
        WORKER_BOND = Inference.WorkerBond,
        EXISTENTIAL_DEPOSIT = Balances.ExistentialDeposit,
    }
}

items! {
    /// A method of a runtime API.
    ApiMethod {
        ACCOUNT_NONCE = AccountNonceApi.account_nonce,
        CHECK_ACCESS = EmrApi.check_access,
        CHECK_POLICY = EmrApi.check_policy,
        CONTRACT_CALL = ContractsApi.call,
        CONTRACT_INSTANTIATE = ContractsApi.instantiate,
        CONTRACT_STORAGE = ContractsApi.get_storage,
        FEE_ESTIMATE = TransactionPaymentApi.query_info,
        PARAMETERS = ParametersApi.parameters,
    }
}

impl ApiMethod {
    /// What `state_call` knows the method by.
    pub fn function(self) -> String {
        format!("{}_{}", self.owner, self.name)
    }
}
