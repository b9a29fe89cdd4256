//! Answers messages without reading the storage root.

use crate::{Action, Decision, POLICY_CHECK_SELECTOR};
use ink::{
    env::{DefaultEnvironment, ReturnFlags},
    prelude::vec::Vec,
    primitives::AccountId,
    scale::{Decode, Encode, Error, Input},
    LangError, MessageResult,
};

/// Answers messages before ink! reads the root of the contract's storage.
///
/// ink! reads the root before it runs any message, even where a contract keeps
/// everything in mappings and the root is empty. The proof of that read adds
/// 10 KB to a block, more than the code of such a contract. This macro defines a
/// second entry point, which runs messages on the contract's [`Default`] value.
/// Where the bundler finds it, it exports it in place of ink!'s own.
///
/// ```ignore
/// policy::answer_directly!(ResearchCohort);
/// policy::answer_directly!(AccessControl {
///     0x4d435010 => grant(_, _, _),
///     0x4d435011 => revoke(_),
/// });
/// ```
///
/// The first form answers `check` and leaves every other message to ink!'s entry
/// point. The second answers `check` and the listed messages, by selector, with a
/// `_` for each argument, and refuses all others. ink!'s entry point then drops
/// out, and with it a third of the code of a contract with many messages. List
/// every message, and let a test compare [`Direct::MESSAGES`] with the metadata.
///
/// Use it in the crate's root, and only for a contract whose storage consists of
/// mappings and lazy values: those know their own keys, so the default value is
/// as good as the stored one. A message answered here must not take a payment,
/// nor arguments of more than 124 bytes. The macro is optional: the answers are
/// the same without it.
///
/// [`Direct::MESSAGES`]: crate::direct::Direct::MESSAGES
#[macro_export]
macro_rules! answer_directly {
    ($contract:ty) => {
        #[cfg(all(target_arch = "wasm32", not(feature = "ink-as-dependency")))]
        const _: () = {
            extern "C" {
                /// The entry point that ink! generates.
                fn call();
            }

            #[no_mangle]
            extern "C" fn policy_call() {
                $crate::direct::answer(|patient, subject, record, action| {
                    let contract = <$contract as ::core::default::Default>::default();
                    $crate::Policy::check(&contract, patient, subject, record, action)
                });
                // SAFETY: the function takes and returns nothing, and ink!
                // defines it in this crate.
                unsafe { call() }
            }
        };
    };
    ($contract:ty { $($selector:literal => $message:ident($($argument:tt),*)),* $(,)? }) => {
        #[cfg(all(target_arch = "wasm32", not(feature = "ink-as-dependency")))]
        #[no_mangle]
        extern "C" fn policy_call() {
            let mut contract = <$contract as ::core::default::Default>::default();
            let mut input = $crate::direct::Arguments::read();
            match u32::from_be_bytes(input.take()) {
                $crate::direct::CHECK => $crate::direct::reply(&$crate::Policy::check(
                    &contract,
                    input.take(),
                    input.take(),
                    input.take(),
                    input.take(),
                )),
                $($selector => {
                    $crate::direct::reply(
                        &contract.$message($($crate::answer_directly!(@take input $argument)),*),
                    );
                })*
                _ => $crate::direct::refuse(),
            }
        }

        impl $crate::direct::Direct for $contract {
            const MESSAGES: &'static [(&'static str, u32)] =
                &[$((stringify!($message), $selector)),*];
        }
    };
    (@take $input:ident _) => {
        $input.take()
    };
}

/// The messages that a contract answers directly, besides `check`.
pub trait Direct {
    /// Their names and selectors.
    const MESSAGES: &'static [(&'static str, u32)];
}

/// The selector of `check`.
#[doc(hidden)]
pub const CHECK: u32 = u32::from_be_bytes(POLICY_CHECK_SELECTOR);

/// Ends the call with the contract's answer if the call is `check`.
#[doc(hidden)]
pub fn answer(check: impl FnOnce(AccountId, AccountId, Option<u64>, Action) -> Decision) {
    let Ok((selector, patient, subject, record, action)) = ink::env::decode_input::<Question>()
    else {
        return;
    };
    if selector == POLICY_CHECK_SELECTOR && !is_paid() {
        reply(&check(patient, subject, record, action));
    }
}

/// The input of `check`: its selector and arguments.
type Question = ([u8; 4], AccountId, AccountId, Option<u64>, Action);

fn is_paid() -> bool {
    ink::env::transferred_value::<DefaultEnvironment>() != 0
}

/// The input of a call: a message's selector and arguments.
#[doc(hidden)]
pub struct Arguments {
    bytes: [u8; Self::MOST],
    used: usize,
}

impl Arguments {
    const MOST: usize = 128;

    /// Reads the input of this call.
    pub fn read() -> Self {
        if is_paid() {
            refuse();
        }
        match ink::env::decode_input() {
            Ok(input) => input,
            Err(_) => refuse(),
        }
    }

    /// Decodes the next argument. Ends the call if that fails.
    #[inline(never)]
    pub fn take<T: Decode>(&mut self) -> T {
        let mut rest = self.bytes.get(self.used..).unwrap_or_default();
        match T::decode(&mut rest) {
            Ok(argument) => {
                self.used = Self::MOST.saturating_sub(rest.len());
                argument
            }
            Err(_) => refuse(),
        }
    }
}

impl Decode for Arguments {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let mut bytes = [0; Self::MOST];
        let length = input.remaining_len()?.unwrap_or_default().min(Self::MOST);
        let used = Self::MOST.saturating_sub(length);
        input.read(bytes.get_mut(used..).unwrap_or_default())?;
        Ok(Arguments { bytes, used })
    }
}

/// A value that a message returns.
#[doc(hidden)]
pub trait Reply: Encode {
    /// Whether the call failed, so that its changes are rolled back.
    fn is_error(&self) -> bool {
        false
    }
}

impl Reply for Decision {}

impl<T: Encode> Reply for Option<T> {}

impl<T: Encode> Reply for Vec<T> {}

impl<T: Encode, E: Encode> Reply for Result<T, E> {
    fn is_error(&self) -> bool {
        self.is_err()
    }
}

/// Ends the call with the message's return value, as ink! does.
#[doc(hidden)]
#[inline(never)]
pub fn reply(returned: &impl Reply) -> ! {
    let flags = match returned.is_error() {
        true => ReturnFlags::REVERT,
        false => ReturnFlags::empty(),
    };
    ink::env::return_value(flags, &MessageResult::Ok(returned))
}

/// Ends a call whose input fits no message, as ink! does.
#[doc(hidden)]
#[inline(never)]
pub fn refuse() -> ! {
    let error: MessageResult<()> = Err(LangError::CouldNotReadInput);
    ink::env::return_value(ReturnFlags::REVERT, &error)
}
