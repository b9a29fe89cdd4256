//! Whether types of two registries have the same encoding and the same names.

use std::collections::HashSet;

use scale_info::{form::PortableForm, Field, Type, TypeDef};
use subxt::Metadata;

/// Compares types of the tested runtime's metadata with those of a node's.
///
/// Two types are the same where every field and variant has the same name, place
/// and index: values are encoded and decoded by the types of this program, which
/// have these. The names of the types themselves do not matter.
pub struct Shapes<'a> {
    tested: &'a Metadata,
    node: &'a Metadata,
    /// Pairs that are compared already, or are being compared further up: a type
    /// may contain itself.
    seen: HashSet<(u32, u32)>,
}

impl<'a> Shapes<'a> {
    pub fn new(tested: &'a Metadata, node: &'a Metadata) -> Self {
        Self { tested, node, seen: HashSet::new() }
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
        match (opaque(self.tested, tested), opaque(self.node, node)) {
            (None, None) => (),
            (tested, node) => return tested == node,
        }
        let resolved = (self.tested.types().resolve(tested), self.node.types().resolve(node));
        let (Some(tested), Some(node)) = resolved else { return false };
        self.same_definition(tested, node)
    }

    fn same_definition(&mut self, tested: &Type<PortableForm>, node: &Type<PortableForm>) -> bool {
        match (&tested.type_def, &node.type_def) {
            (TypeDef::Composite(tested), TypeDef::Composite(node)) => {
                self.same_fields(&tested.fields, &node.fields)
            }
            (TypeDef::Variant(tested), TypeDef::Variant(node)) => {
                tested.variants.len() == node.variants.len()
                    && tested.variants.iter().zip(&node.variants).all(|(tested, node)| {
                        tested.name == node.name
                            && tested.index == node.index
                            && self.same_fields(&tested.fields, &node.fields)
                    })
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

/// Which of the types that are not compared this is, if it is one.
///
/// Three name every pallet's calls, events or errors: what is used of them is compared
/// by itself. The fourth is the runtime's own error, which [`DispatchFailure`] reads by
/// the names in the node's metadata, unknown ones included.
///
/// [`DispatchFailure`]: crate::chain::DispatchFailure
fn opaque(metadata: &Metadata, id: u32) -> Option<usize> {
    let outer = metadata.outer_enums();
    let pallets = [outer.call_enum_ty(), outer.event_enum_ty(), outer.error_enum_ty()];
    let mut all = pallets.into_iter().map(Some).chain([metadata.dispatch_error_ty()]);
    all.position(|one| one == Some(id))
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
