//! Whether types of two registries have the same encoding and the same names.

use std::collections::HashSet;

use scale_info::{form::PortableForm, Field, PortableRegistry, Type, TypeDef, Variant};
use subxt::Metadata;

/// Compares types that this program knows, such as those of the tested runtime's
/// metadata, with those of a node's.
///
/// Two types are the same where every field and variant has the same name, place
/// and index: values are encoded and decoded by the types of this program, which
/// have these. The names of the types themselves do not matter.
pub struct Shapes<'a> {
    tested: Types<'a>,
    node: Types<'a>,
    /// Whether the node's runtime is a past one. Its values are only decoded, so enums may lack
    /// variants.
    of_past: bool,
    /// Pairs that are compared already, or are being compared further up: a type
    /// may contain itself.
    seen: HashSet<(u32, u32)>,
}

/// Types by their numbers.
#[derive(Clone, Copy)]
struct Types<'a> {
    registry: &'a PortableRegistry,
    /// Those that are not compared.
    ///
    /// Three name every pallet's calls, events or errors: what is used of them is compared
    /// by itself. The fourth is the runtime's own error, which [`DispatchFailure`] reads by
    /// the names in the node's metadata, unknown ones included.
    ///
    /// [`DispatchFailure`]: crate::chain::DispatchFailure
    opaque: [Option<u32>; 4],
}

impl<'a> From<&'a Metadata> for Types<'a> {
    fn from(metadata: &'a Metadata) -> Self {
        let outer = metadata.outer_enums();
        let pallets = [outer.call_enum_ty(), outer.event_enum_ty(), outer.error_enum_ty()];
        let [calls, events, errors] = pallets.map(Some);
        let opaque = [calls, events, errors, metadata.dispatch_error_ty()];
        Self { registry: metadata.types(), opaque }
    }
}

impl Types<'_> {
    /// Which of the types that are not compared this is, if it is one.
    fn opaque(&self, id: u32) -> Option<usize> {
        self.opaque.iter().position(|one| *one == Some(id))
    }
}

impl<'a> Shapes<'a> {
    pub fn new(tested: &'a Metadata, node: &'a Metadata) -> Self {
        Self::between(tested.into(), node.into())
    }

    fn between(tested: Types<'a>, node: Types<'a>) -> Self {
        Self { tested, node, of_past: false, seen: HashSet::new() }
    }

    /// The node's runtime is a past one, whose values are only decoded.
    pub fn past(self) -> Self {
        Self { of_past: true, ..self }
    }

    /// Whether the node's runtime is a past one.
    pub fn are_of_past(&self) -> bool {
        self.of_past
    }

    /// Whether these fields have the same names and types, in the same order.
    pub fn same_fields(
        &mut self,
        tested: &[Field<PortableForm>],
        node: &[Field<PortableForm>],
    ) -> bool {
        tested.len() == node.len()
            && tested.iter().zip(node).all(|(tested, node)| {
                tested.name == node.name && self.same(tested.ty.id, node.ty.id)
            })
    }

    /// Whether these types are the same.
    pub fn same(&mut self, tested: u32, node: u32) -> bool {
        if !self.seen.insert((tested, node)) {
            return true;
        }
        match (self.tested.opaque(tested), self.node.opaque(node)) {
            (None, None) => (),
            (tested, node) => return tested == node,
        }
        let resolved = (self.tested.registry.resolve(tested), self.node.registry.resolve(node));
        let (Some(tested), Some(node)) = resolved else { return false };
        self.same_definition(tested, node)
    }

    /// Whether structs have these fields with the same types, whatever others they have.
    pub fn same_fields_of(&mut self, names: &[&str], tested: u32, node: u32) -> bool {
        let (tested, node) =
            (self.tested.registry.resolve(tested), self.node.registry.resolve(node));
        names.iter().all(|name| {
            let types =
                tested.and_then(|ty| field(ty, name)).zip(node.and_then(|ty| field(ty, name)));
            types.is_some_and(|(tested, node)| self.same(tested, node))
        })
    }

    fn same_variants(
        &mut self,
        tested: &[Variant<PortableForm>],
        node: &[Variant<PortableForm>],
    ) -> bool {
        let of_past = self.of_past;
        let mut same = |tested: &Variant<PortableForm>, node: &Variant<PortableForm>| {
            tested.name == node.name
                && tested.index == node.index
                && self.same_fields(&tested.fields, &node.fields)
        };
        if of_past {
            return node.iter().all(|node| tested.iter().any(|tested| same(tested, node)));
        }
        tested.len() == node.len()
            && tested.iter().zip(node).all(|(tested, node)| same(tested, node))
    }

    fn same_definition(&mut self, tested: &Type<PortableForm>, node: &Type<PortableForm>) -> bool {
        match (&tested.type_def, &node.type_def) {
            (TypeDef::Composite(tested), TypeDef::Composite(node)) => {
                self.same_fields(&tested.fields, &node.fields)
            }
            (TypeDef::Variant(tested), TypeDef::Variant(node)) => {
                self.same_variants(&tested.variants, &node.variants)
            }
            (TypeDef::Sequence(tested), TypeDef::Sequence(node)) => {
                self.same(tested.type_param.id, node.type_param.id)
            }
            (TypeDef::Array(tested), TypeDef::Array(node)) => {
                tested.len == node.len && self.same(tested.type_param.id, node.type_param.id)
            }
            (TypeDef::Tuple(tested), TypeDef::Tuple(node)) => {
                tested.fields.len() == node.fields.len()
                    && tested
                        .fields
                        .iter()
                        .zip(&node.fields)
                        .all(|(tested, node)| self.same(tested.id, node.id))
            }
            (TypeDef::Primitive(tested), TypeDef::Primitive(node)) => tested == node,
            (TypeDef::Compact(tested), TypeDef::Compact(node)) => {
                self.same(tested.type_param.id, node.type_param.id)
            }
            (TypeDef::BitSequence(tested), TypeDef::BitSequence(node)) => {
                self.same(tested.bit_store_type.id, node.bit_store_type.id)
                    && self.same(tested.bit_order_type.id, node.bit_order_type.id)
            }
            _ => false,
        }
    }
}

/// The type of a struct's field.
fn field(ty: &Type<PortableForm>, name: &str) -> Option<u32> {
    let TypeDef::Composite(found) = &ty.type_def else { return None };
    found.fields.iter().find(|field| field.name.as_deref() == Some(name)).map(|field| field.ty.id)
}

/// Whether values of this type take no bytes.
pub fn is_empty(metadata: &Metadata, id: u32) -> bool {
    match metadata.types().resolve(id).map(|found| &found.type_def) {
        Some(TypeDef::Composite(found)) => {
            found.fields.iter().all(|field| is_empty(metadata, field.ty.id))
        }
        Some(TypeDef::Tuple(found)) => {
            found.fields.iter().all(|field| is_empty(metadata, field.id))
        }
        Some(TypeDef::Array(found)) => found.len == 0 || is_empty(metadata, found.type_param.id),
        _ => false,
    }
}
