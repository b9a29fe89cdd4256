//! The errors of MedChain's pallets.

/// Declares the errors of a pallet.
macro_rules! errors {
    ($(#[$meta:meta])* $type:ident of $pallet:ident { $($error:ident,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the pallet documents its errors")]
        pub enum $type {
            $($error,)*
        }

        impl $type {
            /// Every error.
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
        PatientAlreadyExists,
        PatientNotFound,
        InvalidCid,
        InvalidEncryptionKey,
        EncryptionKeyNotFound,
        EncryptionKeyRequired,
        ProviderAlreadyExists,
        ProviderNotFound,
        NotLabTechnician,
        NotPatient,
        NotPatientOrReader,
        RecordNotFound,
        RecordErased,
        RecordSuperseded,
        RecordIdsExhausted,
        EnvelopeAlreadyExists,
        EnvelopeNotFound,
        DuplicateReader,
        MaxEnvelopesExceeded,
        SelfRelation,
        MaxRelationsExceeded,
        RelationNotFound,
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
        NotCustodian,
        SelfCustodian,
        ShareNotFound,
        DuplicateCustodian,
        InvalidThreshold,
        CustodiansNotFound,
        CustodiansMismatch,
        ContentAlreadyEntrusted,
        RecordNotEntrusted,
        MaxGrantsExceeded,
        AccessNotFound,
        AccessExpired,
        AccessNotExpired,
        GlassAlreadyBroken,
        ShareAlreadyDelivered,
        OwnRecord,
        EmergencyOptedOut,
        MaxEmergenciesExceeded,
        EmergencyIdsExhausted,
        EmergencyNotFound,
        NotReviewer,
        ReviewExpired,
        ReviewNotExpired,
    }
}

errors! {
    /// An error of pallet-inference.
    InferenceError of Inference {
        ModelNotFound,
        ModelRetired,
        ModelStatusUnchanged,
        ModelIdsExhausted,
        InvalidCid,
        EmptyText,
        TooFewLabels,
        DuplicateLabel,
        WorkerNotFound,
        WorkerAlreadyExists,
        EncryptionKeyNotFound,
        NoModels,
        DuplicateModel,
        ModelNotSupported,
        RecordNotFound,
        RecordNotActive,
        NotChestXray,
        PredictionAlreadyExists,
        RequestAlreadyExists,
        RequestIdsExhausted,
        RequestNotFound,
        RequestNotOpen,
        NotRequester,
        FailureAlreadyReported,
        EnvelopeNotFound,
        RequestExpired,
        RequestNotExpired,
        OutputClassesMismatch,
        OutputSumMismatch,
        OutputLabelMismatch,
        ReceiptMismatch,
    }
}

impl EmrError {
    /// Whether the access question was answered with no: the policy refused, or
    /// could not be asked. A new error must be added on one side or the other.
    pub const fn is_denial(self) -> bool {
        match self {
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
            | Self::PolicyRefused => true,
            Self::PatientAlreadyExists
            | Self::PatientNotFound
            | Self::InvalidCid
            | Self::InvalidEncryptionKey
            | Self::EncryptionKeyNotFound
            | Self::EncryptionKeyRequired
            | Self::ProviderAlreadyExists
            | Self::ProviderNotFound
            | Self::NotLabTechnician
            | Self::NotPatient
            | Self::NotPatientOrReader
            | Self::RecordNotFound
            | Self::RecordErased
            | Self::RecordSuperseded
            | Self::RecordIdsExhausted
            | Self::EnvelopeAlreadyExists
            | Self::EnvelopeNotFound
            | Self::DuplicateReader
            | Self::MaxEnvelopesExceeded
            | Self::SelfRelation
            | Self::MaxRelationsExceeded
            | Self::RelationNotFound
            | Self::NotCustodian
            | Self::SelfCustodian
            | Self::ShareNotFound
            | Self::DuplicateCustodian
            | Self::InvalidThreshold
            | Self::CustodiansNotFound
            | Self::CustodiansMismatch
            | Self::ContentAlreadyEntrusted
            | Self::RecordNotEntrusted
            | Self::MaxGrantsExceeded
            | Self::AccessNotFound
            | Self::AccessExpired
            | Self::AccessNotExpired
            | Self::GlassAlreadyBroken
            | Self::ShareAlreadyDelivered
            | Self::OwnRecord
            | Self::EmergencyOptedOut
            | Self::MaxEmergenciesExceeded
            | Self::EmergencyIdsExhausted
            | Self::EmergencyNotFound
            | Self::NotReviewer
            | Self::ReviewExpired
            | Self::ReviewNotExpired => false,
        }
    }
}
