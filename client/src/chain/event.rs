//! What happens on chain.

use codec::Decode;
use medchain_primitives::{
    Action, Cid, EmergencyId, EmergencyReason, EncryptionKey, FailureCode, Label, ModelId, Output,
    Receipt, RecordId, RecordKind, RequestId, Role,
};
use subxt::{
    config::polkadot::PolkadotConfig,
    events::{Event, Phase},
    Metadata,
};

use super::{
    custody::EndReason, fields::Fields, ChainError, Denied, DispatchFailure, ModelStatus, Purpose,
};
use crate::{AccountId32, H256};

/// An event of the pallets that MedChain is about. Names and fields are those
/// of the pallets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)] // The pallets document their events.
pub enum ChainEvent {
    PatientRegistered {
        patient: AccountId32,
    },
    ProfileUpdated {
        patient: AccountId32,
    },
    EncryptionKeySet {
        account: AccountId32,
        key: EncryptionKey,
    },
    EncryptionKeyRemoved {
        account: AccountId32,
    },
    PolicySet {
        patient: AccountId32,
        old: Option<AccountId32>,
        new: Option<AccountId32>,
    },
    DefaultPolicySet {
        old: Option<AccountId32>,
        new: Option<AccountId32>,
    },
    ProviderAdded {
        account: AccountId32,
        role: Role,
    },
    ProviderRemoved {
        account: AccountId32,
        role: Role,
    },
    AccessChecked {
        patient: AccountId32,
        subject: AccountId32,
        record: Option<RecordId>,
        action: Action,
        policy: Option<AccountId32>,
    },
    RecordAdded {
        record: RecordId,
        patient: AccountId32,
        author: AccountId32,
        cid: Cid,
        kind: RecordKind,
    },
    RecordAmended {
        record: RecordId,
        previous: RecordId,
        patient: AccountId32,
        author: AccountId32,
        cid: Cid,
    },
    EnvelopeAdded {
        record: RecordId,
        reader: AccountId32,
    },
    EnvelopeRemoved {
        record: RecordId,
        reader: AccountId32,
    },
    RecordErased {
        record: RecordId,
        patient: AccountId32,
    },
    RelationSet {
        patient: AccountId32,
        relative: AccountId32,
    },
    RelationRemoved {
        patient: AccountId32,
        relative: AccountId32,
    },
    AccessGranted {
        record: RecordId,
        patient: AccountId32,
        subject: AccountId32,
        purpose: Purpose,
        until: Option<u32>,
    },
    AccessDenied {
        record: RecordId,
        patient: AccountId32,
        subject: AccountId32,
        purpose: Purpose,
        reason: Denied,
    },
    CustodiansSet {
        patient: AccountId32,
        old: Option<Vec<AccountId32>>,
        new: Option<Vec<AccountId32>>,
        threshold: u32,
    },
    RecordEntrusted {
        record: RecordId,
        patient: AccountId32,
        custodians: Vec<AccountId32>,
        threshold: u32,
    },
    ShareDelivered {
        record: RecordId,
        patient: AccountId32,
        subject: AccountId32,
        custodian: AccountId32,
        delivered: u32,
        threshold: u32,
    },
    AccessEnded {
        record: RecordId,
        patient: AccountId32,
        subject: AccountId32,
        reason: EndReason,
    },
    GlassBroken {
        emergency: EmergencyId,
        record: RecordId,
        patient: AccountId32,
        subject: AccountId32,
        reason: EmergencyReason,
        until: u32,
        review_until: u32,
    },
    EmergencyReviewed {
        emergency: EmergencyId,
        record: RecordId,
        patient: AccountId32,
        subject: AccountId32,
        reviewer: AccountId32,
        accepted: bool,
        bond: u128,
    },
    EmergencyLapsed {
        emergency: EmergencyId,
        record: RecordId,
        patient: AccountId32,
        subject: AccountId32,
        bond: u128,
    },
    EmergencyVoided {
        emergency: EmergencyId,
        record: RecordId,
        patient: AccountId32,
        subject: AccountId32,
        bond: u128,
    },
    EmergencyAccessSet {
        patient: AccountId32,
        allowed: bool,
    },
    ModelRegistered {
        model: ModelId,
        name: String,
        cid: Cid,
    },
    ModelStatusSet {
        model: ModelId,
        old: ModelStatus,
        new: ModelStatus,
    },
    WorkerRegistered {
        worker: AccountId32,
        models: Vec<ModelId>,
    },
    WorkerModelsSet {
        worker: AccountId32,
    },
    WorkerDeregistered {
        worker: AccountId32,
    },
    InferenceRequested {
        request: RequestId,
        record: RecordId,
        patient: AccountId32,
        model: ModelId,
        requester: AccountId32,
        fee: u128,
        deadline: u32,
    },
    RequestCancelled {
        request: RequestId,
    },
    PredictionSubmitted {
        request: RequestId,
        record: RecordId,
        worker: AccountId32,
        model: ModelId,
        label: u8,
        output: Output,
        receipt: Receipt,
    },
    FailureReported {
        request: RequestId,
        record: RecordId,
        worker: AccountId32,
        code: FailureCode,
    },
    InferenceFailed {
        request: RequestId,
        record: RecordId,
        worker: AccountId32,
        code: FailureCode,
    },
    RequestExpired {
        request: RequestId,
    },
    /// A contract came to be.
    ContractInstantiated {
        deployer: AccountId32,
        contract: AccountId32,
    },
    /// A contract's own event, encoded as its metadata says.
    ContractEmitted {
        contract: AccountId32,
        /// What it can be searched by: what stands for the kind of event, then
        /// its indexed fields.
        topics: Vec<H256>,
        data: Vec<u8>,
    },
    /// A transaction's fee was paid.
    FeePaid {
        who: AccountId32,
        fee: u128,
    },
    /// A transaction's call failed.
    ExtrinsicFailed {
        failure: DispatchFailure,
    },
    /// A call with root's rights was made; it may have failed.
    SudoDone {
        failure: Option<DispatchFailure>,
    },
    /// Any other.
    Other {
        pallet: String,
        name: String,
    },
}

/// The index of the extrinsic that caused an event.
pub(super) fn extrinsic_of(event: &Event<'_, PolkadotConfig>) -> Option<u32> {
    match event.phase() {
        Phase::ApplyExtrinsic(index) => Some(index),
        Phase::Finalization | Phase::Initialization => None,
    }
}

/// A bounded text of the chain, made readable.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads an event.
pub(super) fn read(
    event: &Event<'_, PolkadotConfig>,
    metadata: &Metadata,
) -> Result<ChainEvent, ChainError> {
    let (pallet, name) = (event.pallet_name(), event.event_name());
    let fields = || event.decode_fields_unchecked_as::<Fields>().map_err(ChainError::from_subxt);
    let known = match pallet {
        "Emr" => emr(name, &fields()?)?,
        "Inference" => inference(name, &fields()?)?,
        "Contracts" | "TransactionPayment" | "System" | "Sudo" => {
            others(pallet, name, &fields()?, event.topics(), metadata)?
        }
        _ => None,
    };
    Ok(known
        .unwrap_or_else(|| ChainEvent::Other { pallet: pallet.to_owned(), name: name.to_owned() }))
}

/// `read!(name, fields, Pallet: A { x, y }, …)`: the event with this name,
/// its fields read by theirs.
macro_rules! read {
    ($name:expr, $fields:expr, $($event:ident { $($field:ident),* })*) => {
        match $name {
            $(stringify!($event) => Some(ChainEvent::$event {
                $($field: $fields.get(stringify!($event), stringify!($field))?),*
            }),)*
            _ => None,
        }
    };
}

fn emr(name: &str, fields: &Fields) -> Result<Option<ChainEvent>, ChainError> {
    if name == "AccessGranted" {
        return Ok(Some(ChainEvent::AccessGranted {
            record: fields.get(name, "record")?,
            patient: fields.get(name, "patient")?,
            subject: fields.get(name, "subject")?,
            purpose: fields.get(name, "purpose")?,
            // A runtime of version 1 has no custodians.
            until: fields.get_if_there::<Option<u32>>(name, "until")?.flatten(),
        }));
    }
    Ok(read!(name, fields,
        PatientRegistered { patient }
        ProfileUpdated { patient }
        EncryptionKeySet { account, key }
        EncryptionKeyRemoved { account }
        PolicySet { patient, old, new }
        DefaultPolicySet { old, new }
        ProviderAdded { account, role }
        ProviderRemoved { account, role }
        AccessChecked { patient, subject, record, action, policy }
        RecordAdded { record, patient, author, cid, kind }
        RecordAmended { record, previous, patient, author, cid }
        EnvelopeAdded { record, reader }
        EnvelopeRemoved { record, reader }
        RecordErased { record, patient }
        RelationSet { patient, relative }
        RelationRemoved { patient, relative }
        AccessDenied { record, patient, subject, purpose, reason }
        CustodiansSet { patient, old, new, threshold }
        RecordEntrusted { record, patient, custodians, threshold }
        ShareDelivered { record, patient, subject, custodian, delivered, threshold }
        AccessEnded { record, patient, subject, reason }
        GlassBroken { emergency, record, patient, subject, reason, until, review_until }
        EmergencyReviewed { emergency, record, patient, subject, reviewer, accepted, bond }
        EmergencyLapsed { emergency, record, patient, subject, bond }
        EmergencyVoided { emergency, record, patient, subject, bond }
        EmergencyAccessSet { patient, allowed }
    ))
}

fn inference(name: &str, fields: &Fields) -> Result<Option<ChainEvent>, ChainError> {
    if name == "ModelRegistered" {
        return Ok(Some(ChainEvent::ModelRegistered {
            model: fields.get(name, "model")?,
            name: text(&fields.get::<Label>(name, "name")?),
            cid: fields.get(name, "cid")?,
        }));
    }
    Ok(read!(name, fields,
        ModelStatusSet { model, old, new }
        WorkerRegistered { worker, models }
        WorkerModelsSet { worker }
        WorkerDeregistered { worker }
        InferenceRequested { request, record, patient, model, requester, fee, deadline }
        RequestCancelled { request }
        PredictionSubmitted { request, record, worker, model, label, output, receipt }
        FailureReported { request, record, worker, code }
        InferenceFailed { request, record, worker, code }
        RequestExpired { request }
    ))
}

fn others(
    pallet: &str,
    name: &str,
    fields: &Fields,
    topics: &[H256],
    metadata: &Metadata,
) -> Result<Option<ChainEvent>, ChainError> {
    let failure = |bytes: &mut &[u8]| {
        DispatchFailure::decode(bytes, metadata).map_err(|error| ChainError::decode(name, error))
    };
    Ok(Some(match (pallet, name) {
        ("Contracts", "Instantiated") => ChainEvent::ContractInstantiated {
            deployer: fields.get(name, "deployer")?,
            contract: fields.get(name, "contract")?,
        },
        ("Contracts", "ContractEmitted") => ChainEvent::ContractEmitted {
            contract: fields.get(name, "contract")?,
            topics: topics.to_vec(),
            data: fields.get(name, "data")?,
        },
        ("TransactionPayment", "TransactionFeePaid") => ChainEvent::FeePaid {
            who: fields.get(name, "who")?,
            fee: fields.get(name, "actual_fee")?,
        },
        ("System", "ExtrinsicFailed") => ChainEvent::ExtrinsicFailed {
            failure: failure(&mut fields.raw(name, "dispatch_error")?)?,
        },
        ("Sudo", "Sudid") => {
            let mut result = fields.raw(name, "sudo_result")?;
            let failed = bool::decode(&mut result);
            let failed = failed.map_err(|error| ChainError::decode(name, error))?;
            ChainEvent::SudoDone { failure: failed.then(|| failure(&mut result)).transpose()? }
        }
        _ => return Ok(None),
    }))
}
