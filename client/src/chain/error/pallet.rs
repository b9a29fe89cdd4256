//! The errors of pallets that programs tell apart. A runtime must have
//! them; any other is read by its name, for people.

/// Declares errors of a pallet.
macro_rules! errors {
    ($(#[$meta:meta])* $type:ident of $pallet:ident { $($error:ident,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the pallet documents its errors")]
        pub enum $type {
            $($error,)*
        }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$error),*];

            /// The pallet.
            pub const PALLET: &str = stringify!($pallet);

            /// The error's name, as the pallet has it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$error => stringify!($error),)*
                }
            }

            /// The error of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|error| error.as_str() == name)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

errors! {
    /// An error of pallet-emr.
    EmrError of Emr {
        NoPolicy,
        PolicyNotFound,
        PolicyTrapped,
        PolicyOutOfGas,
        PolicyAnswerInvalid,
        PolicyReentered,
        NoGrant,
        ActionNotGranted,
        GrantExpired,
        GrantRevoked,
        PolicyRefused,
        PatientNotFound,
        RecordNotFound,
        RecordErased,
        RecordSuperseded,
        EnvelopeAlreadyExists,
    }
}

errors! {
    /// An error of pallet-custody.
    CustodyError of Custody {
        CustodianNotFound,
        CustodianAlreadyExists,
        CustodianKeyMismatch,
        CustodianDeclined,
        DeclineUnchanged,
        NotCustodian,
        ThresholdMismatch,
        InvalidDealing,
        RecordNotEntrusted,
        ShareNotFound,
        ShareAlreadyDelivered,
        OwnShare,
        InvalidDelivery,
        AccessNotFound,
        AccessAlreadyGranted,
        EmergencyAccessRuns,
        ReplyKeyUsed,
        NotDrawn,
        Suspended,
        CustodianOfPatient,
        GlassAlreadyBroken,
        EmergencyNotFound,
        EmergencyOver,
        EmergencyRejected,
        RecordBarred,
        EmergencyOptedOut,
        NotReviewer,
        AlreadyEndorsed,
        EmergencyAlreadyReviewed,
        EmergencyNotEscalated,
    }
}

errors! {
    /// An error of pallet-inference.
    InferenceError of Inference {
        ModelRetired,
        InvalidQuorum,
        WorkerNotFound,
        WorkerNotActive,
        WorkerNotSuspended,
        WorkerNotLeaving,
        BondInUse,
        MaxCandidatesExceeded,
        RecordNotFound,
        RecordNotActive,
        FilmNotCommitted,
        VerdictAlreadyExists,
        RequestAlreadyExists,
        RequestNotFound,
        RequestNotOpen,
        WorkerNotNameable,
        WorkerNotNamed,
        MaxFeeExceeded,
        AnswerCommitted,
        CancellationPending,
        WrongStatus,
        SeedNotReady,
        MayNotSeal,
        NotChosen,
        AlreadyAnswered,
        EnvelopeNotFound,
        DeadlinePassed,
        DeadlineNotPassed,
        AnswerLengthMismatch,
        CommitmentMismatch,
        QuorumNotOne,
        VerdictNotFound,
        NotPatient,
        VerdictRootMismatch,
        VerdictUnreadable,
        InvalidNetwork,
        NotDisputed,
        NotChallengeable,
        SameAnswer,
    }
}

errors! {
    /// An error of pallet-contracts.
    ContractsError of Contracts {
        StorageDepositNotEnoughFunds,
    }
}

errors! {
    /// An error of pallet-disputes.
    DisputesError of Disputes {
        DisputeNotFound,
        NotPlayer,
        DeadlinePassed,
        WrongMove,
        AlreadyMoved,
        WrongSize,
        Inconsistent,
        NotProven,
        WrongSecret,
    }
}

impl EmrError {
    /// Whether the access question was answered with no: the policy refused, or
    /// could not be asked.
    pub const fn is_denial(self) -> bool {
        matches!(
            self,
            Self::NoPolicy
                | Self::PolicyNotFound
                | Self::PolicyTrapped
                | Self::PolicyOutOfGas
                | Self::PolicyAnswerInvalid
                | Self::PolicyReentered
                | Self::NoGrant
                | Self::ActionNotGranted
                | Self::GrantExpired
                | Self::GrantRevoked
                | Self::PolicyRefused
        )
    }
}
