//! Whether this program fits a node's runtime.
//!
//! *Invariant:* everything that the client uses is compared, because the lists come
//! from the tables that it uses them by.

mod shape;

use std::{fmt, sync::OnceLock};

use codec::Decode;
use subxt::Metadata;

use self::shape::Shapes;
use super::{
    items::{ApiMethod, Constant, StorageItem},
    Call, ChainError, ChainEvent, EmrError, InferenceError,
};

/// The metadata of the runtime that this crate is tested with. A test of the
/// runtime fails when it is not the runtime's own.
pub const TESTED: &[u8] = include_bytes!("../../metadata/medchain.scale");

/// [`TESTED`], parsed; `None` where it is damaged.
pub(super) fn tested() -> Option<&'static Metadata> {
    static PARSED: OnceLock<Option<Metadata>> = OnceLock::new();
    PARSED.get_or_init(|| Metadata::decode_from(TESTED).ok()).as_ref()
}

/// Checks that a runtime has what this crate uses, in the shape that it is tested
/// with. Additions do no harm.
pub fn check(node: &Metadata) -> Result<(), ChainError> {
    let incompatible = |what: String| ChainError::Incompatible { what };
    let Some(tested) = tested() else {
        return Err(incompatible("the metadata that it was built with is damaged".into()));
    };
    let Some(difference) = difference(tested, node) else { return Ok(()) };
    let version = |metadata| {
        version(metadata).map_or_else(|| "unknown".to_owned(), |version| version.to_string())
    };
    Err(incompatible(format!(
        "it has version {} and this program is made for version {}: {difference}",
        version(node),
        version(tested),
    )))
}

/// The runtime's version, as it calls itself.
pub(super) fn version(metadata: &Metadata) -> Option<u32> {
    let value = metadata.pallet_by_name("System")?.constant_by_name("Version")?.value();
    // spec_name, impl_name, authoring_version, spec_version and more
    let (_, _, _, spec) = <(String, String, u32, u32)>::decode(&mut &value[..]).ok()?;
    Some(spec)
}

/// Something that the client uses by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Used {
    Call(&'static str, &'static str),
    Storage(StorageItem),
    Constant(Constant),
    Event(&'static str, &'static str),
    Error(&'static str, &'static str),
    Api(ApiMethod),
}

impl fmt::Display for Used {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(pallet, name) => write!(f, "call {pallet}.{name}"),
            Self::Storage(item) => write!(f, "storage item {item}"),
            Self::Constant(constant) => write!(f, "constant {constant}"),
            Self::Event(pallet, name) => write!(f, "event {pallet}.{name}"),
            Self::Error(pallet, name) => write!(f, "error {pallet}.{name}"),
            Self::Api(method) => write!(f, "runtime API method {method}"),
        }
    }
}

/// Everything that the client uses.
fn used() -> impl Iterator<Item = Used> {
    let calls = Call::ALL.iter().map(|(pallet, name)| Used::Call(pallet, name));
    let storage = StorageItem::ALL.iter().copied().map(Used::Storage);
    let constants = Constant::ALL.iter().copied().map(Used::Constant);
    let events = ChainEvent::READ.iter().map(|(pallet, name)| Used::Event(pallet, name));
    let emr = EmrError::ALL.iter().map(|error| Used::Error(EmrError::PALLET, error.as_str()));
    let inference =
        InferenceError::ALL.iter().map(|error| Used::Error(InferenceError::PALLET, error.as_str()));
    let api = ApiMethod::ALL.iter().copied().map(Used::Api);
    calls.chain(storage).chain(constants).chain(events).chain(emr).chain(inference).chain(api)
}

/// The first thing that a runtime lacks or has in another shape than the tested one.
fn difference(tested: &Metadata, node: &Metadata) -> Option<String> {
    used().find_map(|used| match used.is_same(tested, node) {
        Some(true) => None,
        Some(false) => Some(format!("{used} differs")),
        None => Some(format!("{used} is missing")),
    })
}

impl Used {
    /// Whether both have it in the same shape; `None` where one does not have it.
    fn is_same<'a>(self, tested: &'a Metadata, node: &'a Metadata) -> Option<bool> {
        let mut shapes = Shapes::new(tested, node);
        Some(match self {
            Self::Call(pallet, name) => {
                let find = |metadata: &'a Metadata| {
                    metadata.pallet_by_name(pallet)?.call_variant_by_name(name)
                };
                shapes.same_fields(&find(tested)?.fields, &find(node)?.fields)
            }
            Self::Event(pallet, name) => {
                let find = |metadata: &'a Metadata| {
                    let variants = metadata.pallet_by_name(pallet)?.event_variants()?;
                    variants.iter().find(|variant| variant.name == name)
                };
                shapes.same_fields(&find(tested)?.fields, &find(node)?.fields)
            }
            Self::Error(pallet, name) => {
                let find = |metadata: &'a Metadata| {
                    let variants = metadata.pallet_by_name(pallet)?.error_variants()?;
                    variants.iter().find(|variant| variant.name == name)
                };
                shapes.same_fields(&find(tested)?.fields, &find(node)?.fields)
            }
            Self::Storage(item) => {
                let find = |metadata: &'a Metadata| {
                    metadata.pallet_by_name(item.owner())?.storage()?.entry_by_name(item.name())
                };
                let (tested, node) = (find(tested)?, find(node)?);
                let (keys, node_keys) = (tested.keys(), node.keys());
                let same_keys = keys.len() == node_keys.len()
                    && keys.zip(node_keys).all(|(key, node_key)| {
                        key.hasher == node_key.hasher && shapes.same(key.key_id, node_key.key_id)
                    });
                same_keys && shapes.same(tested.value_ty(), node.value_ty())
            }
            Self::Constant(constant) => {
                let find = |metadata: &'a Metadata| {
                    metadata.pallet_by_name(constant.owner())?.constant_by_name(constant.name())
                };
                shapes.same(find(tested)?.ty(), find(node)?.ty())
            }
            Self::Api(method) => {
                let find = |metadata: &'a Metadata| {
                    let api = metadata.runtime_api_trait_by_name(method.owner())?;
                    api.method_by_name(method.name())
                };
                let (tested, node) = (find(tested)?, find(node)?);
                let (inputs, node_inputs) = (tested.inputs(), node.inputs());
                let same_inputs = inputs.len() == node_inputs.len()
                    && inputs
                        .zip(node_inputs)
                        .all(|(input, node_input)| shapes.same(input.id, node_input.id));
                same_inputs && shapes.same(tested.output_ty(), node.output_ty())
            }
        })
    }
}
