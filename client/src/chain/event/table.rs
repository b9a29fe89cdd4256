//! How the table of events is declared.

use scale_info::MetaType;

/// An event of older runtimes.
pub struct Former {
    pub pallet: &'static str,
    pub name: &'static str,
    /// Its fields, in order, with their types.
    pub fields: &'static [(&'static str, FieldType)],
}

type FieldType = fn() -> MetaType;

/// The name of an event or the value of its field, see `events`.
macro_rules! part {
    (@name $event:ident) => {
        stringify!($event)
    };
    (@name $event:ident $name:ident) => {
        stringify!($name)
    };
    (@value $source:ident $field:ident) => {
        $source.get(stringify!($field))?
    };
    (@value $source:ident $field:ident $name:ident) => {
        $source.get(stringify!($name))?
    };
    (@value $source:ident $field:ident $name:ident $reader:path) => {
        $reader($source, stringify!($name))?
    };
    (@moved $source:ident $field:ident: $type:ty) => {
        $source.get::<$type>(stringify!($field))?
    };
    (@moved $source:ident $field:ident: $type:ty => $convert:path) => {
        $convert($source.get::<$type>(stringify!($field))?)
    };
}

/// Declares the events that are read, each once: `Variant { field: Type, … };`
/// under its pallet, and `Variant = Name` where the pallet calls it otherwise.
/// `field: Type => name(reader)` is a field whose name, or whose decoding as well,
/// is not that of the variant's. The events under `@former` are those that older
/// runtimes had, or had with other fields: the names of the fields tell them apart. Those
/// under `@moved` were events of another pallet, with the fields that are read today;
/// `field: Type => convert` is one that had another type.
macro_rules! events {
    (
        $(#[$meta:meta])*
        pub enum $events:ident {
            $($pallet:ident { $(
                $(#[$doc:meta])*
                $event:ident $(= $name:ident)? { $(
                    $(#[$field_doc:meta])*
                    $field:ident: $type:ty $(=> $chain_field:ident $(($reader:path))?)?
                ),* $(,)? };
            )* })*
            @former { $($former_pallet:ident { $(
                $(#[$former_doc:meta])*
                $former:ident $(= $former_name:ident)? {
                    $($former_field:ident: $former_type:ty),* $(,)?
                };
            )* })* }
            @moved { $($moved_pallet:ident { $(
                $moved:ident {
                    $($moved_field:ident: $moved_type:ty $(=> $convert:path)?),* $(,)?
                };
            )* })* }
        }
    ) => {
        $(#[$meta])*
        pub enum $events {
            $($($(#[$doc])* $event { $($(#[$field_doc])* $field: $type),* },)*)*
            $($($(#[$former_doc])* $former { $($former_field: $former_type),* },)*)*
            /// An event that this program does not read.
            Other {
                pallet: String,
                name: String,
            },
        }

        impl $events {
            /// The pallet and the name of every event that is read.
            pub(super) const READ: &[(&str, &str)] =
                &[$($((stringify!($pallet), part!(@name $event $($name)?)),)*)*];

            /// The events that older runtimes had instead, or with other fields.
            pub(super) const FORMER: &[Former] = &[$($(Former {
                pallet: stringify!($former_pallet),
                name: part!(@name $former $($former_name)?),
                fields: &[$((stringify!($former_field), meta_type::<$former_type>)),*],
            },)*)* $($(Former {
                pallet: stringify!($moved_pallet),
                name: stringify!($moved),
                fields: &[$((stringify!($moved_field), meta_type::<$moved_type>)),*],
            },)*)*];

            /// Whether the fields of an event are read.
            fn is_read(pallet: &str, name: &str) -> bool {
                Self::READ.contains(&(pallet, name))
                    || Self::FORMER.iter().any(|former| (former.pallet, former.name) == (pallet, name))
            }

            fn read(source: &Source<'_>) -> Result<Self, ChainError> {
                Ok(match (source.pallet, source.name) {
                    $($((stringify!($former_pallet), part!(@name $former $($former_name)?))
                        if source.has_fields(&[$(stringify!($former_field)),*]) =>
                    {
                        Self::$former {
                            $($former_field: source.get(stringify!($former_field))?),*
                        }
                    })*)*
                    $($((stringify!($moved_pallet), stringify!($moved))
                        if source.has_fields(&[$(stringify!($moved_field)),*]) =>
                    {
                        Self::$moved {
                            $($moved_field:
                                part!(@moved source $moved_field: $moved_type $(=> $convert)?)),*
                        }
                    })*)*
                    $($((stringify!($pallet), part!(@name $event $($name)?)) => Self::$event {
                        $($field: part!(@value source $field $($chain_field $($reader)?)?)),*
                    },)*)*
                    (pallet, name) => {
                        Self::Other { pallet: pallet.to_owned(), name: name.to_owned() }
                    }
                })
            }
        }
    };
}
