//! What can be signed and sent.

use codec::{Compact, Encode};
use medchain_primitives::{
    Cid, ContentDigest, EmergencyId, EmergencyReason, EncryptionKey, FailureCode, ModelId, Output,
    Receipt, RecordId, RecordKind, RelationKind, RequestId, Role, SealedKey,
};
use subxt::{transactions::Payload, utils::MultiAddress, Metadata};

use super::{fields::Arguments, ChainError, Document, ModelStatus, Purpose};
use crate::AccountId32;

/// What a contract may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode)]
pub struct Gas {
    /// Computation, in picoseconds.
    #[codec(compact)]
    pub ref_time: u64,
    /// Storage proof, in bytes.
    #[codec(compact)]
    pub proof_size: u64,
}

/// A call of the chain. The names and meanings are those of the pallets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The pallets document their calls' parameters.
pub enum Call {
    RegisterPatient {
        profile: Option<Document>,
        encryption_key: EncryptionKey,
    },
    UpdateProfile {
        profile: Document,
    },
    SetEncryptionKey {
        key: EncryptionKey,
    },
    RemoveEncryptionKey,
    SetPolicy {
        policy: Option<AccountId32>,
    },
    SetDefaultPolicy {
        policy: Option<AccountId32>,
    },
    AddProvider {
        account: AccountId32,
        role: Role,
    },
    RemoveProvider {
        account: AccountId32,
        role: Role,
    },
    AddRecord {
        patient: AccountId32,
        cid: Cid,
        digest: ContentDigest,
        kind: RecordKind,
        envelopes: Vec<(AccountId32, SealedKey)>,
        inference: Option<ModelId>,
        custody: Option<Vec<(AccountId32, SealedKey)>>,
    },
    AmendRecord {
        record: RecordId,
        cid: Cid,
        digest: ContentDigest,
        envelopes: Vec<(AccountId32, SealedKey)>,
        custody: Option<Vec<(AccountId32, SealedKey)>>,
    },
    ShareRecord {
        record: RecordId,
        reader: AccountId32,
        sealed_key: SealedKey,
    },
    RemoveEnvelope {
        record: RecordId,
        reader: AccountId32,
    },
    EraseRecord {
        record: RecordId,
    },
    SetRelation {
        relative: AccountId32,
        kind: RelationKind,
        emergency_contact: bool,
    },
    RemoveRelation {
        relative: AccountId32,
    },
    RequestAccess {
        record: RecordId,
        purpose: Purpose,
    },
    SetCustodians {
        custodians: Vec<AccountId32>,
        threshold: u32,
    },
    EntrustRecord {
        record: RecordId,
        shares: Vec<(AccountId32, SealedKey)>,
    },
    DeliverShare {
        record: RecordId,
        subject: AccountId32,
        sealed_share: SealedKey,
    },
    ExpireGrant {
        record: RecordId,
        subject: AccountId32,
    },
    BreakGlass {
        record: RecordId,
        reason: EmergencyReason,
    },
    ReviewEmergency {
        emergency: EmergencyId,
        accepted: bool,
    },
    LapseEmergency {
        emergency: EmergencyId,
    },
    SetEmergencyAccess {
        allowed: bool,
    },
    RegisterModel {
        name: String,
        version: String,
        cid: Cid,
        sha256: [u8; 32],
        card: Option<Cid>,
        labels: Vec<String>,
        preprocessing: String,
        /// In parts per million.
        confidence_threshold_ppm: u32,
        fee: u128,
    },
    SetModelStatus {
        model: ModelId,
        status: ModelStatus,
    },
    RegisterWorker {
        models: Vec<ModelId>,
    },
    SetWorkerModels {
        models: Vec<ModelId>,
    },
    DeregisterWorker,
    RequestInference {
        record: RecordId,
        model: ModelId,
    },
    CancelRequest {
        request: RequestId,
    },
    SubmitPrediction {
        request: RequestId,
        output: Output,
        receipt: Receipt,
    },
    ReportFailure {
        request: RequestId,
        code: FailureCode,
    },
    ExpireRequest {
        request: RequestId,
    },
    /// Uploads a contract's code and makes an instance of it.
    ContractInstantiate {
        value: u128,
        gas: Gas,
        storage_deposit_limit: Option<u128>,
        code: Vec<u8>,
        data: Vec<u8>,
        salt: Vec<u8>,
    },
    ContractCall {
        contract: AccountId32,
        value: u128,
        gas: Gas,
        storage_deposit_limit: Option<u128>,
        data: Vec<u8>,
    },
    /// Sends MEDC, and fails rather than closing the sender's account.
    Transfer {
        to: AccountId32,
        amount: u128,
    },
    /// All of these calls, or none.
    Batch(Vec<Call>),
    /// A call with root's rights; the signer must be the chain's sudo key.
    Sudo(Box<Call>),
}

impl Call {
    /// The pallet and the call, as Polkadot.js Apps shows them: `emr.addRecord`
    /// is written `Emr.add_record`.
    pub fn name(&self) -> String {
        let (pallet, call) = self.place();
        format!("{pallet}.{call}")
    }

    fn place(&self) -> (&'static str, &'static str) {
        match self {
            Self::RegisterPatient { .. } => ("Emr", "register_patient"),
            Self::UpdateProfile { .. } => ("Emr", "update_profile"),
            Self::SetEncryptionKey { .. } => ("Emr", "set_encryption_key"),
            Self::RemoveEncryptionKey => ("Emr", "remove_encryption_key"),
            Self::SetPolicy { .. } => ("Emr", "set_policy"),
            Self::SetDefaultPolicy { .. } => ("Emr", "set_default_policy"),
            Self::AddProvider { .. } => ("Emr", "add_provider"),
            Self::RemoveProvider { .. } => ("Emr", "remove_provider"),
            Self::AddRecord { .. } => ("Emr", "add_record"),
            Self::AmendRecord { .. } => ("Emr", "amend_record"),
            Self::ShareRecord { .. } => ("Emr", "share_record"),
            Self::RemoveEnvelope { .. } => ("Emr", "remove_envelope"),
            Self::EraseRecord { .. } => ("Emr", "erase_record"),
            Self::SetRelation { .. } => ("Emr", "set_relation"),
            Self::RemoveRelation { .. } => ("Emr", "remove_relation"),
            Self::RequestAccess { .. } => ("Emr", "request_access"),
            Self::SetCustodians { .. } => ("Emr", "set_custodians"),
            Self::EntrustRecord { .. } => ("Emr", "entrust_record"),
            Self::DeliverShare { .. } => ("Emr", "deliver_share"),
            Self::ExpireGrant { .. } => ("Emr", "expire_grant"),
            Self::BreakGlass { .. } => ("Emr", "break_glass"),
            Self::ReviewEmergency { .. } => ("Emr", "review_emergency"),
            Self::LapseEmergency { .. } => ("Emr", "lapse_emergency"),
            Self::SetEmergencyAccess { .. } => ("Emr", "set_emergency_access"),
            Self::RegisterModel { .. } => ("Inference", "register_model"),
            Self::SetModelStatus { .. } => ("Inference", "set_model_status"),
            Self::RegisterWorker { .. } => ("Inference", "register_worker"),
            Self::SetWorkerModels { .. } => ("Inference", "set_worker_models"),
            Self::DeregisterWorker => ("Inference", "deregister_worker"),
            Self::RequestInference { .. } => ("Inference", "request_inference"),
            Self::CancelRequest { .. } => ("Inference", "cancel_request"),
            Self::SubmitPrediction { .. } => ("Inference", "submit_prediction"),
            Self::ReportFailure { .. } => ("Inference", "report_failure"),
            Self::ExpireRequest { .. } => ("Inference", "expire_request"),
            Self::ContractInstantiate { .. } => ("Contracts", "instantiate_with_code"),
            Self::ContractCall { .. } => ("Contracts", "call"),
            Self::Transfer { .. } => ("Balances", "transfer_keep_alive"),
            Self::Batch(_) => ("Utility", "batch_all"),
            Self::Sudo(_) => ("Sudo", "sudo"),
        }
    }

    fn arguments(&self, metadata: &Metadata) -> Result<Arguments, ChainError> {
        /// `arguments![a, b]`: the variables `a` and `b` under their names.
        macro_rules! arguments {
            ($($name:ident),*) => { vec![$((stringify!($name), $name.encode())),*] };
        }
        Ok(Arguments(match self {
            Self::RegisterPatient { profile, encryption_key } => {
                arguments![profile, encryption_key]
            }
            Self::UpdateProfile { profile } => arguments![profile],
            Self::SetEncryptionKey { key } => arguments![key],
            Self::SetPolicy { policy } | Self::SetDefaultPolicy { policy } => arguments![policy],
            Self::AddProvider { account, role } | Self::RemoveProvider { account, role } => {
                arguments![account, role]
            }
            Self::AddRecord { patient, cid, digest, kind, envelopes, inference, custody } => {
                let mut all = arguments![patient, cid, digest, kind, envelopes, inference];
                all.extend(self.since_custody(metadata, custody));
                all
            }
            Self::AmendRecord { record, cid, digest, envelopes, custody } => {
                let mut all = arguments![record, cid, digest, envelopes];
                all.extend(self.since_custody(metadata, custody));
                all
            }
            Self::ShareRecord { record, reader, sealed_key } => {
                arguments![record, reader, sealed_key]
            }
            Self::RemoveEnvelope { record, reader } => arguments![record, reader],
            Self::EraseRecord { record } => arguments![record],
            Self::SetRelation { relative, kind, emergency_contact } => {
                arguments![relative, kind, emergency_contact]
            }
            Self::RemoveRelation { relative } => arguments![relative],
            Self::RequestAccess { record, purpose } => arguments![record, purpose],
            Self::SetCustodians { custodians, threshold } => arguments![custodians, threshold],
            Self::EntrustRecord { record, shares } => arguments![record, shares],
            Self::DeliverShare { record, subject, sealed_share } => {
                arguments![record, subject, sealed_share]
            }
            Self::ExpireGrant { record, subject } => arguments![record, subject],
            Self::BreakGlass { record, reason } => arguments![record, reason],
            Self::ReviewEmergency { emergency, accepted } => arguments![emergency, accepted],
            Self::LapseEmergency { emergency } => arguments![emergency],
            Self::SetEmergencyAccess { allowed } => arguments![allowed],
            Self::RegisterModel {
                name,
                version,
                cid,
                sha256,
                card,
                labels,
                preprocessing,
                confidence_threshold_ppm: confidence_threshold,
                fee,
            } => arguments![
                name,
                version,
                cid,
                sha256,
                card,
                labels,
                preprocessing,
                confidence_threshold,
                fee
            ],
            Self::SetModelStatus { model, status } => arguments![model, status],
            Self::RegisterWorker { models } | Self::SetWorkerModels { models } => {
                arguments![models]
            }
            Self::DeregisterWorker | Self::RemoveEncryptionKey => Vec::new(),
            Self::RequestInference { record, model } => arguments![record, model],
            Self::CancelRequest { request } | Self::ExpireRequest { request } => {
                arguments![request]
            }
            Self::SubmitPrediction { request, output, receipt } => {
                arguments![request, output, receipt]
            }
            Self::ReportFailure { request, code } => arguments![request, code],
            Self::ContractInstantiate {
                value,
                gas: gas_limit,
                storage_deposit_limit,
                code,
                data,
                salt,
            } => {
                let value = Compact(*value);
                let storage_deposit_limit = storage_deposit_limit.map(Compact);
                arguments![value, gas_limit, storage_deposit_limit, code, data, salt]
            }
            Self::ContractCall { contract, value, gas: gas_limit, storage_deposit_limit, data } => {
                let dest = MultiAddress::<AccountId32, ()>::Id(*contract);
                let value = Compact(*value);
                let storage_deposit_limit = storage_deposit_limit.map(Compact);
                arguments![dest, value, gas_limit, storage_deposit_limit, data]
            }
            Self::Transfer { to, amount } => {
                let dest = MultiAddress::<AccountId32, ()>::Id(*to);
                let value = Compact(*amount);
                arguments![dest, value]
            }
            Self::Batch(calls) => {
                let mut encoded = Compact(calls.len() as u32).encode();
                for call in calls {
                    encoded.extend(call.encode_with(metadata)?);
                }
                vec![("calls", encoded)]
            }
            Self::Sudo(call) => vec![("call", call.encode_with(metadata)?)],
        }))
    }

    /// The argument `custody`, which a runtime of version 1 does not have: none
    /// is left out there, and some cannot be encoded for it.
    fn since_custody(
        &self,
        metadata: &Metadata,
        custody: &Option<Vec<(AccountId32, SealedKey)>>,
    ) -> Option<(&'static str, Vec<u8>)> {
        const NAME: &str = "custody";
        let (pallet, call) = self.place();
        let knows = metadata
            .pallet_by_name(pallet)
            .and_then(|pallet| pallet.call_variant_by_name(call))
            .is_some_and(|call| {
                call.fields.iter().any(|field| field.name.as_deref() == Some(NAME))
            });
        (knows || custody.is_some()).then(|| (NAME, custody.encode()))
    }

    /// What subxt signs.
    pub(super) fn prepare(&self, metadata: &Metadata) -> Result<Prepared, ChainError> {
        let (pallet, call) = self.place();
        Ok(Prepared { pallet, call, arguments: self.arguments(metadata)? })
    }

    /// The call with the indices of its pallet and itself, as it stands in
    /// another call.
    pub(super) fn encode_with(&self, metadata: &Metadata) -> Result<Vec<u8>, ChainError> {
        use subxt::ext::scale_encode::EncodeAsFields;

        let missing =
            || ChainError::Incompatible { what: format!("it has no call {}", self.name()) };
        let (pallet, call) = self.place();
        let pallet = metadata.pallet_by_name(pallet).ok_or_else(missing)?;
        let variant = pallet.call_variant_by_name(call).ok_or_else(missing)?;
        let mut encoded = vec![pallet.call_index(), variant.index];
        let mut fields = variant
            .fields
            .iter()
            .map(|field| subxt::ext::scale_decode::Field::new(field.ty.id, field.name.as_deref()));
        self.arguments(metadata)?
            .encode_as_fields_to(&mut fields, metadata.types(), &mut encoded)
            .map_err(|error| ChainError::Incompatible {
                what: format!("{}: {error}", self.name()),
            })?;
        Ok(encoded)
    }
}

/// A call with its arguments encoded.
#[derive(Debug)]
pub struct Prepared {
    pallet: &'static str,
    call: &'static str,
    arguments: Arguments,
}

impl Payload for Prepared {
    type CallData = Arguments;

    fn pallet_name(&self) -> &str {
        self.pallet
    }

    fn call_name(&self) -> &str {
        self.call
    }

    fn call_data(&self) -> &Arguments {
        &self.arguments
    }
}
