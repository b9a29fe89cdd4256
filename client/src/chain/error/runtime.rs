//! The errors of the runtime itself, which belong to no pallet, by their names.

/// Declares the errors, each with its documentation.
macro_rules! errors {
    ($($error:ident: $docs:literal,)*) => {
        /// An error of the runtime itself: `sp_runtime::DispatchError` and
        /// `TokenError`, without those of pallets.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum RuntimeError {
            $(#[doc = $docs] $error,)*
        }

        impl RuntimeError {
            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$error => stringify!($error),)*
                }
            }

            /// The error of this name.
            pub(super) fn from_name(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($error) => Some(Self::$error),)*
                    _ => None,
                }
            }

            /// Why the call failed.
            pub const fn docs(self) -> &'static str {
                match self {
                    $(Self::$error => $docs,)*
                }
            }
        }

        impl std::fmt::Display for RuntimeError {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

errors! {
    Other: "The call failed for a reason that this program does not know.",
    CannotLookup: "The address does not belong to an account.",
    BadOrigin: "This account may not make this call.",
    ConsumerRemaining: "Other parts of the runtime still refer to this account.",
    NoProviders: "The account does not exist.",
    TooManyConsumers: "Too many parts of the runtime refer to this account.",
    Arithmetic: "A number in the call is too large or too small.",
    Transactional: "The call is nested too deeply.",
    Exhausted: "The call is too large for a block.",
    Corruption: "The chain's state is corrupt.",
    Unavailable: "Something that the call needs is not available now. Try again later.",
    RootNotAllowed: "Root may not make this call.",
    Trie: "The chain's state cannot be read.",
    FundsUnavailable: "The account does not have enough funds.",
    OnlyProvider: "The remaining balance would be too low to keep the account alive.",
    BelowMinimum: "The account would have less than the existential deposit.",
    CannotCreate: "The account cannot be created.",
    UnknownAsset: "There is no such asset.",
    Frozen: "The funds are frozen.",
    Unsupported: "The asset does not support this.",
    CannotCreateHold: "No funds can be held on this account.",
    NotExpendable: "The payment would close the account.",
    Blocked: "The account does not accept funds.",
}
