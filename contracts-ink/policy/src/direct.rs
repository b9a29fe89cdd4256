//! A way past the root of the storage.

use crate::{Action, Decision, POLICY_CHECK_SELECTOR};
use ink::{
    env::{DefaultEnvironment, ReturnFlags},
    primitives::AccountId,
    MessageResult,
};

/// Answers the chain's question before ink! reads the root of the contract's
/// storage.
///
/// ink! reads the root before it runs any message, also when, as in a contract
/// that keeps everything in mappings, nothing is in it. The proof of that read
/// weighs 10 KB in a chain's block, twice as much as the code of such a
/// contract. This macro defines another entry point: it answers `check` with
/// the contract as it is by [`Default`], and leaves every other message, and
/// what does not decode or comes with a payment, to ink!'s own entry point.
/// The bundler exports the new one to the chain where it finds it.
///
/// ```ignore
/// policy::answer_directly!(AccessControl);
/// ```
///
/// Use it in the crate's root, and only for a contract whose storage holds
/// mappings and lazy values alone: those find their values by themselves, so
/// the contract by default is the contract. The result is the same either way;
/// a contract without this macro is a policy as well.
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
}

/// The question as it arrives: the selector of a message and its arguments.
type Question = ([u8; 4], AccountId, AccountId, Option<u64>, Action);

/// Ends the call with the answer of `contract`, if the call is the question.
#[doc(hidden)]
pub fn answer(check: impl FnOnce(AccountId, AccountId, Option<u64>, Action) -> Decision) {
    let Ok((selector, patient, subject, record, action)) = ink::env::decode_input::<Question>()
    else {
        return;
    };
    let paid = ink::env::transferred_value::<DefaultEnvironment>() != 0;
    if selector == POLICY_CHECK_SELECTOR && !paid {
        let decision = check(patient, subject, record, action);
        ink::env::return_value(ReturnFlags::empty(), &MessageResult::Ok(decision));
    }
}
