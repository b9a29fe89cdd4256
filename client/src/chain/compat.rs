//! Whether this program fits a node's runtime.

use std::sync::OnceLock;

use subxt::Metadata;

use super::ChainError;

/// The metadata of the runtime that this crate is tested with. A test of the
/// runtime fails when this file is not its own.
pub const TESTED: &[u8] = include_bytes!("../../metadata/medchain.scale");

/// The pallets whose calls, storage or events are used.
const PALLETS: [&str; 9] = [
    "System",
    "Timestamp",
    "Balances",
    "TransactionPayment",
    "Sudo",
    "Utility",
    "Contracts",
    "Emr",
    "Inference",
];

/// The pallets of which everything must be as tested. Others may gain calls
/// without harm, and what they are used for changes with a name.
const OWN: [&str; 2] = ["Emr", "Inference"];

/// Calls of other pallets that must be as tested.
const CALLS: [(&str, &str); 3] = [
    ("Balances", "transfer_keep_alive"),
    ("Contracts", "call"),
    ("Contracts", "instantiate_with_code"),
];

/// The constants that are read.
const CONSTANTS: [(&str, &str); 6] = [
    ("Emr", "PatientDeposit"),
    ("Emr", "RecordDeposit"),
    ("Emr", "EnvelopeDeposit"),
    ("Emr", "EncryptionKeyDeposit"),
    ("Inference", "WorkerBond"),
    ("Balances", "ExistentialDeposit"),
];

/// Checks that a runtime has what this crate asks it for, in the same shape.
/// What it has beyond that does no harm.
pub fn check(node: &Metadata) -> Result<(), ChainError> {
    let incompatible = |what: String| Err(ChainError::Incompatible { what });
    for name in PALLETS {
        if node.pallet_by_name(name).is_none() {
            return incompatible(format!("it has no pallet {name}"));
        }
    }
    static PARSED: OnceLock<Option<Metadata>> = OnceLock::new();
    let Some(tested) = PARSED.get_or_init(|| Metadata::decode_from(TESTED).ok()) else {
        return incompatible("the metadata that this program was built with is damaged".into());
    };
    for name in OWN {
        let (Some(ours), Some(theirs)) = (tested.pallet_by_name(name), node.pallet_by_name(name))
        else {
            return incompatible(format!("there is no pallet {name}"));
        };
        for call in ours.call_variants().unwrap_or_default() {
            if ours.call_hash(&call.name) != theirs.call_hash(&call.name) {
                return incompatible(format!("its call {name}.{} is another", call.name));
            }
        }
        for entry in ours.storage().map(|storage| storage.entries()).unwrap_or_default() {
            if ours.storage_hash(entry.name()) != theirs.storage_hash(entry.name()) {
                return incompatible(format!("its storage {name}.{} is another", entry.name()));
            }
        }
    }
    for (pallet, call) in CALLS {
        let hash = |metadata: &Metadata| metadata.pallet_by_name(pallet)?.call_hash(call);
        if hash(tested) != hash(node) {
            return incompatible(format!("its call {pallet}.{call} is another"));
        }
    }
    for (pallet, name) in CONSTANTS {
        let hash = |metadata: &Metadata| metadata.pallet_by_name(pallet)?.constant_hash(name);
        if hash(node).is_none() || hash(tested) != hash(node) {
            return incompatible(format!("its constant {pallet}.{name} is another"));
        }
    }
    Ok(())
}
