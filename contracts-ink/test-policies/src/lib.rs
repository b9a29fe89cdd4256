//! A policy that misbehaves in the way it was told to when it was deployed.
//! The runtime's tests ask it, to see that every misbehaviour is a refusal.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

pub use self::misbehaving_policy::{Behaviour, MisbehavingPolicy};

// What ink! generates has public items without documentation and exported
// functions; this module's own code has neither unsafe blocks nor raw pointers.
#[allow(missing_docs, unsafe_code)]
#[ink::contract]
mod misbehaving_policy {
    use ink::{
        env::{
            call::{build_call, ExecutionInput, Selector},
            return_value, DefaultEnvironment, ReturnFlags,
        },
        prelude::vec::Vec,
        scale::{Encode, Output},
    };
    use policy::{Action, Decision, DenyReason, Policy, POLICY_CHECK_SELECTOR};

    /// What `check` does. The indices are pinned: tests encode them by hand.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub enum Behaviour {
        /// Says yes to everything.
        #[codec(index = 0)]
        Allow,
        /// Says no, with a code of its own.
        #[codec(index = 1)]
        Refuse(u8),
        /// Panics.
        #[codec(index = 2)]
        Trap,
        /// Never ends.
        #[codec(index = 3)]
        Loop,
        /// Returns exactly these bytes, whatever they are.
        #[codec(index = 4)]
        Answer(Vec<u8>),
        /// Says yes, but marks the call as reverted.
        #[codec(index = 5)]
        AllowReverted,
        /// Asks itself before it answers what it heard.
        #[codec(index = 6)]
        AskItself,
        /// Dispatches this encoded call into the runtime, then says yes if that
        /// went well and refuses with the code 255 if it did not.
        #[codec(index = 7)]
        Dispatch(Vec<u8>),
    }

    /// A policy that does as it was told.
    #[ink(storage)]
    pub struct MisbehavingPolicy {
        behaviour: Behaviour,
    }

    /// Bytes that encode to themselves.
    struct Raw<'a>(&'a [u8]);

    impl Encode for Raw<'_> {
        fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
            output.write(self.0);
        }
    }

    impl MisbehavingPolicy {
        /// A policy that behaves like this whenever it is asked.
        #[ink(constructor, selector = 0x4d435000)]
        pub fn new(behaviour: Behaviour) -> Self {
            Self { behaviour }
        }
    }

    impl Policy for MisbehavingPolicy {
        /// Misbehaves.
        #[ink(message)]
        fn check(
            &self,
            patient: AccountId,
            subject: AccountId,
            record: Option<u64>,
            action: Action,
        ) -> Decision {
            match &self.behaviour {
                Behaviour::Allow => Decision::Allow,
                Behaviour::Refuse(code) => Decision::Deny(DenyReason::Other(*code)),
                Behaviour::Trap => panic!("as told"),
                Behaviour::Loop => loop {
                    // A call into the host, which the compiler cannot remove.
                    let _ = self.env().block_number();
                },
                Behaviour::Answer(bytes) => return_value(ReturnFlags::empty(), &Raw(bytes)),
                Behaviour::AllowReverted => {
                    let answer: Result<Decision, ink::LangError> = Ok(Decision::Allow);
                    return_value(ReturnFlags::REVERT, &answer)
                }
                Behaviour::AskItself => build_call::<DefaultEnvironment>()
                    .call(self.env().account_id())
                    .exec_input(
                        ExecutionInput::new(Selector::new(POLICY_CHECK_SELECTOR))
                            .push_arg(patient)
                            .push_arg(subject)
                            .push_arg(record)
                            .push_arg(action),
                    )
                    .returns::<Decision>()
                    .invoke(),
                Behaviour::Dispatch(call) => match self.env().call_runtime(&Raw(call)) {
                    Ok(()) => Decision::Allow,
                    Err(_) => Decision::Deny(DenyReason::Other(255)),
                },
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[ink::test]
        fn the_indices_are_pinned() {
            let cases = [
                (Behaviour::Allow, &[0u8][..]),
                (Behaviour::Refuse(9), &[1, 9]),
                (Behaviour::Trap, &[2]),
                (Behaviour::Loop, &[3]),
                (Behaviour::Answer(vec![1]), &[4, 4, 1]),
                (Behaviour::AllowReverted, &[5]),
                (Behaviour::AskItself, &[6]),
                (Behaviour::Dispatch(vec![2, 3]), &[7, 8, 2, 3]),
            ];
            for (behaviour, encoded) in cases {
                assert_eq!(behaviour.encode(), encoded);
            }
        }

        #[ink::test]
        fn refuses_with_its_code() {
            let account = AccountId::from([1; 32]);
            let contract = MisbehavingPolicy::new(Behaviour::Refuse(9));
            assert_eq!(
                contract.check(account, account, None, Action::View),
                Decision::Deny(DenyReason::Other(9))
            );
        }
    }
}
