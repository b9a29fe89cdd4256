//! Whether this program fits a node's runtime.

use std::sync::OnceLock;

use codec::Decode;
use subxt::Metadata;

use super::ChainError;

/// The metadata of the runtimes that this crate is tested with, the newest
/// first. A test of the runtime fails when the first is not its own; the others
/// are of chains that are still to be upgraded.
pub const TESTED: [&[u8]; 2] = [
    include_bytes!("../../metadata/medchain.scale"),
    include_bytes!("../../metadata/medchain-1.scale"),
];

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

/// [`TESTED`], parsed.
pub(super) fn tested() -> &'static [Metadata] {
    static PARSED: OnceLock<Vec<Metadata>> = OnceLock::new();
    PARSED.get_or_init(|| {
        TESTED.iter().filter_map(|bytes| Metadata::decode_from(bytes).ok()).collect()
    })
}

/// Checks that a runtime has what this crate asks it for, in the shape of one
/// of those that it is tested with. What it has beyond that does no harm.
pub fn check(node: &Metadata) -> Result<(), ChainError> {
    let tested = tested();
    let mut first = None;
    for tested in tested {
        match difference(tested, node) {
            None => return Ok(()),
            Some(found) => first = first.or(Some(found)),
        }
    }
    let found = first
        .unwrap_or_else(|| "the metadata that this program was built with is damaged".to_owned());
    let known: Vec<String> = tested.iter().rev().filter_map(version).collect();
    Err(ChainError::Incompatible {
        what: format!(
            "it has version {}, and this program is made for {}: {found}",
            version(node).unwrap_or_else(|| "unknown".to_owned()),
            known.join(" and "),
        ),
    })
}

/// The runtime's version, as it calls itself.
pub(super) fn version(metadata: &Metadata) -> Option<String> {
    let value = metadata.pallet_by_name("System")?.constant_by_name("Version")?.value();
    // spec_name, impl_name, authoring_version, spec_version and more
    let (_, _, _, spec) = <(String, String, u32, u32)>::decode(&mut &value[..]).ok()?;
    Some(spec.to_string())
}

/// The first thing in which a runtime is not as one that was tested.
fn difference(tested: &Metadata, node: &Metadata) -> Option<String> {
    for name in PALLETS {
        if node.pallet_by_name(name).is_none() {
            return Some(format!("it has no pallet {name}"));
        }
    }
    for name in OWN {
        let (Some(ours), Some(theirs)) = (tested.pallet_by_name(name), node.pallet_by_name(name))
        else {
            return Some(format!("there is no pallet {name}"));
        };
        for call in ours.call_variants().unwrap_or_default() {
            if ours.call_hash(&call.name) != theirs.call_hash(&call.name) {
                return Some(format!("its call {name}.{} is another", call.name));
            }
        }
        for entry in ours.storage().map(|storage| storage.entries()).unwrap_or_default() {
            if ours.storage_hash(entry.name()) != theirs.storage_hash(entry.name()) {
                return Some(format!("its storage {name}.{} is another", entry.name()));
            }
        }
    }
    for (pallet, call) in CALLS {
        let hash = |metadata: &Metadata| metadata.pallet_by_name(pallet)?.call_hash(call);
        if hash(tested) != hash(node) {
            return Some(format!("its call {pallet}.{call} is another"));
        }
    }
    for (pallet, name) in CONSTANTS {
        let hash = |metadata: &Metadata| metadata.pallet_by_name(pallet)?.constant_hash(name);
        if hash(node).is_none() || hash(tested) != hash(node) {
            return Some(format!("its constant {pallet}.{name} is another"));
        }
    }
    None
}
