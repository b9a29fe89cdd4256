//! How contracts store types that are not theirs.

/// Declares that values of a type are stored whole, under one key.
///
/// ink! derives `StorageLayout` only for a type whose fields all have it, which
/// the types of `medchain-primitives` (such as [`ActionSet`]) do not: those know
/// nothing of ink!. A struct that holds one is declared with this macro instead:
///
/// ```ignore
/// #[ink::scale_derive(Encode, Decode, TypeInfo)]
/// pub struct Rule {
///     roles: RoleSet,
/// }
/// policy::stored_whole!(Rule);
/// ```
///
/// [`ActionSet`]: crate::ActionSet
#[macro_export]
macro_rules! stored_whole {
    ($type:ty) => {
        #[cfg(feature = "std")]
        impl ::ink::storage::traits::StorageLayout for $type {
            fn layout(key: &::ink::primitives::Key) -> ::ink::metadata::layout::Layout {
                use ::ink::metadata::layout::{Layout, LayoutKey, LeafLayout};
                Layout::Leaf(LeafLayout::from_key::<Self>(LayoutKey::from(key)))
            }
        }
    };
}
