//! A policy that misbehaves in the way it was told to when it was deployed.
//! The runtime's tests ask it, to see that every misbehaviour is a refusal.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

pub use self::misbehaving_policy::{Behaviour, MisbehavingPolicy};

// What ink! generates has public items without documentation and exported
// functions; this module's own code has neither unsafe blocks nor raw pointers.
#[allow(missing_docs, unsafe_code)]
#[ink::contract(env = policy::MedChainEnvironment)]
mod misbehaving_policy {
    use ink::{
        env::{
            call::{build_call, ExecutionInput, Selector},
            chain_extension::ChainExtensionMethod,
            get_contract_storage, return_value, set_contract_storage, ReturnFlags,
        },
        prelude::vec::Vec,
        scale::{Decode, Encode, Output},
    };
    use policy::{
        Action, Decision, DenyReason, MedChainEnvironment, Policy, Purpose, RelationKind, Role,
        POLICY_CHECK_SELECTOR,
    };

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
        /// Asks the chain extension's function with this number, says yes if
        /// the answer is as expected, and refuses with the code 254 if not. The
        /// second number says what is expected:
        ///
        /// - 1, `owner_of` the record (0 without one): the patient, whatever it is;
        /// - 2, `has_role` of the subject: the role with this index, and "yes";
        /// - 3, `relation_of` the subject: the kind with this index;
        /// - 4, `purpose`: the one with this index.
        ///
        /// Another function, or an index without a meaning, panics.
        #[codec(index = 8)]
        AskExtension(u8, u8),
        /// Asks the chain extension's function 99, which there is not, and says
        /// yes whatever it hears.
        #[codec(index = 9)]
        UnknownExtension,
        /// Says yes after `set_allowed(true)`, which anybody may call, and
        /// refuses with the code 253 before, and after `set_allowed(false)`.
        #[codec(index = 10)]
        Fickle,
        /// Writes to its storage, which `written` shows, then says yes.
        #[codec(index = 11)]
        WriteAndAllow,
        /// Says yes if the patient is the caller, as if a caller proved
        /// anything, and refuses with the code 252 if not.
        #[codec(index = 12)]
        ByCaller,
    }

    /// A policy that does as it was told.
    #[ink(storage)]
    pub struct MisbehavingPolicy {
        behaviour: Behaviour,
        allowed: bool,
    }

    /// Where `WriteAndAllow` writes, beside what ink! stores.
    const WRITTEN: [u8; 4] = *b"note";

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
            // Of the same length as what is written over it, so that writing
            // needs no deposit.
            set_contract_storage(&WRITTEN, &0u32);
            Self { behaviour, allowed: false }
        }

        /// Changes the mind of a policy that is `Fickle`.
        #[ink(message, selector = 0x4d435020)]
        pub fn set_allowed(&mut self, allowed: bool) {
            self.allowed = allowed;
        }

        /// What a policy that is `WriteAndAllow` wrote: 0 when nothing.
        #[ink(message, selector = 0x4d435021)]
        pub fn written(&self) -> u32 {
            get_contract_storage(&WRITTEN).ok().flatten().unwrap_or_default()
        }

        /// Asks the chain extension; see `AskExtension`.
        fn ask_extension(
            &self,
            function: u8,
            expected: u8,
            patient: AccountId,
            subject: AccountId,
            record: Option<u64>,
        ) -> bool {
            let chain = self.env().extension();
            match function {
                1 => chain.owner_of(record.unwrap_or_default()) == Some(patient),
                2 => chain.has_role(subject, indexed::<Role>(expected)),
                3 => {
                    let kind = indexed::<RelationKind>(expected);
                    chain.relation_of(patient, subject).is_some_and(|one| one.kind == kind)
                }
                4 => chain.purpose() == Some(indexed::<Purpose>(expected)),
                _ => panic!("no such function"),
            }
        }
    }

    /// The value of an enumeration with this index.
    fn indexed<T: Decode>(index: u8) -> T {
        T::decode(&mut &[index][..]).expect("the index has a meaning")
    }

    /// Says yes if something holds, and refuses with this code otherwise.
    fn allow_if(holds: bool, code: u8) -> Decision {
        match holds {
            true => Decision::Allow,
            false => Decision::Deny(DenyReason::Other(code)),
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
                Behaviour::AskItself => build_call::<MedChainEnvironment>()
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
                Behaviour::Dispatch(call) => {
                    allow_if(self.env().call_runtime(&Raw(call)).is_ok(), 255)
                }
                Behaviour::AskExtension(function, expected) => {
                    let holds = self.ask_extension(*function, *expected, patient, subject, record);
                    allow_if(holds, 254)
                }
                Behaviour::UnknownExtension => {
                    let _: Option<u8> = ChainExtensionMethod::build(0x4d43_0063)
                        .input::<()>()
                        .output::<Option<u8>, false>()
                        .ignore_error_code()
                        .call(&());
                    Decision::Allow
                }
                Behaviour::Fickle => allow_if(self.allowed, 253),
                Behaviour::WriteAndAllow => {
                    set_contract_storage(&WRITTEN, &1u32);
                    Decision::Allow
                }
                Behaviour::ByCaller => allow_if(self.env().caller() == patient, 252),
            }
        }
    }
}

#[cfg(test)]
mod tests;
