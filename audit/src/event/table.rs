//! How the table of events is declared.

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
}

/// Declares the events that are read, each once: `Variant { field: Type, … };`
/// under its pallet, and `Variant = Name` where the pallet calls it otherwise.
/// `field: Type => name(reader)` is a field whose name, or whose decoding as well,
/// is not that of the variant's.
macro_rules! events {
    (
        $(#[$meta:meta])*
        pub enum $events:ident<$failure:ident> {
            $($pallet:ident { $(
                $(#[$doc:meta])*
                $event:ident $(= $name:ident)? { $(
                    $(#[$field_doc:meta])*
                    $field:ident: $type:ty $(=> $chain_field:ident $(($reader:path))?)?
                ),* $(,)? };
            )* })*
        }
    ) => {
        $(#[$meta])*
        pub enum $events<$failure> {
            $($($(#[$doc])* $event { $($(#[$field_doc])* $field: $type),* },)*)*
            /// An event that this program does not read.
            Other {
                pallet: String,
                name: String,
            },
        }

        impl<$failure> $events<$failure> {
            /// The pallet and the name of every event that is read.
            pub const READ: &[(&str, &str)] =
                &[$($((stringify!($pallet), part!(@name $event $($name)?)),)*)*];

            /// Whether the fields of an event are read.
            pub fn is_read(pallet: &str, name: &str) -> bool {
                Self::READ.contains(&(pallet, name))
            }

            /// Reads an event from its fields.
            ///
            /// # Errors
            /// Where a field is missing, or has another type.
            pub fn read<S: Source<Failure = $failure>>(source: &S) -> Result<Self, S::Error> {
                Ok(match (source.pallet(), source.name()) {
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
