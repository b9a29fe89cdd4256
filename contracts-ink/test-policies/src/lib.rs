//! A policy that misbehaves as chosen when it is deployed. The runtime's tests ask
//! it, to see that every misbehaviour counts as a refusal.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unreachable
    )
)]

pub use self::misbehaving_policy::{Behaviour, MisbehavingPolicy};

#[allow(missing_docs, unsafe_code, clippy::panic, reason = "for the code that ink! generates")]
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
        Action, Decision, DenyReason, MedChainEnvironment, ModelId, Policy, PolicyEntry, Purpose,
        RelationKind, Role, POLICY_CHECK_SELECTOR,
    };

    /// What `check` does.
    ///
    /// The indices are pinned: tests encode them by hand.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub enum Behaviour {
        /// Allows everything.
        #[codec(index = 0)]
        Allow,
        /// Refuses with this code.
        #[codec(index = 1)]
        Refuse(u8),
        /// Panics.
        #[codec(index = 2)]
        Trap,
        /// Loops forever.
        #[codec(index = 3)]
        Loop,
        /// Returns exactly these bytes.
        #[codec(index = 4)]
        Answer(Vec<u8>),
        /// Allows, but marks the call as reverted.
        #[codec(index = 5)]
        AllowReverted,
        /// Calls its own `check` and returns the answer.
        #[codec(index = 6)]
        AskItself,
        /// Dispatches this encoded call into the runtime; allows if that
        /// succeeds, and refuses with the code 255 otherwise.
        #[codec(index = 7)]
        Dispatch(Vec<u8>),
        /// Calls the chain extension's function with this ID; allows if the answer
        /// is as expected, and refuses with the code 254 otherwise. The second
        /// number gives the expected answer:
        ///
        /// - 1, `owner_of` the record (0 without one): the patient; the number is
        ///   ignored;
        /// - 2, `has_role` of the subject and the role with this index: true;
        /// - 3, `relation_of` the subject: the kind with this index;
        /// - 4, `purpose`: the one with this index;
        /// - 5, `model`: the one with this number;
        /// - 6, `appointment` of the subject as a lab technician: by the institution with this
        ///   number;
        /// - 7, `note`, about the patient: whether it was written, as 0 or 1.
        ///
        /// Any other function or index panics.
        #[codec(index = 8)]
        AskExtension(u8, u8),
        /// Calls the chain extension's function 99, which does not exist, and
        /// allows whatever the answer.
        #[codec(index = 9)]
        UnknownExtension,
        /// Allows after `set_allowed(true)`, which anybody may call, and refuses
        /// with the code 253 before that and after `set_allowed(false)`.
        #[codec(index = 10)]
        Fickle,
        /// Writes to its storage, which `written` shows, then allows.
        #[codec(index = 11)]
        WriteAndAllow,
        /// Allows if the caller is the patient, as if the caller proved anything,
        /// and refuses with the code 252 otherwise.
        #[codec(index = 12)]
        ByCaller,
    }

    /// A policy with a chosen behaviour.
    #[ink(storage)]
    pub struct MisbehavingPolicy {
        behaviour: Behaviour,
        allowed: bool,
    }

    /// The storage key that `WriteAndAllow` writes to, apart from ink!'s own.
    const WRITTEN: [u8; 4] = *b"note";

    /// Bytes that encode to themselves.
    struct Raw<'a>(&'a [u8]);

    impl Encode for Raw<'_> {
        fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
            output.write(self.0);
        }
    }

    impl MisbehavingPolicy {
        /// Creates a policy with this behaviour.
        #[ink(constructor, selector = 0x4d435000)]
        pub fn new(behaviour: Behaviour) -> Self {
            // As long as the value that replaces it, so that writing needs no
            // deposit.
            set_contract_storage(&WRITTEN, &0u32);
            Self { behaviour, allowed: false }
        }

        /// Sets the answer of a policy that is `Fickle`.
        #[ink(message, selector = 0x4d435020)]
        pub fn set_allowed(&mut self, allowed: bool) {
            self.allowed = allowed;
        }

        /// Returns what a policy that is `WriteAndAllow` wrote; 0: nothing.
        #[ink(message, selector = 0x4d435021)]
        pub fn written(&self) -> u32 {
            get_contract_storage(&WRITTEN).ok().flatten().unwrap_or_default()
        }

        /// Calls the chain extension; see `AskExtension`.
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
                2 => match Role::decode(&mut &[expected][..]) {
                    Ok(role) => chain.has_role(subject, role),
                    Err(_) => asks_raw(function, &(subject, expected)),
                },
                3 => {
                    let kind = indexed::<RelationKind>(expected);
                    chain.relation_of(patient, subject).is_some_and(|one| one.kind == kind)
                }
                4 => chain.purpose() == Some(indexed::<Purpose>(expected)),
                5 => chain.model() == Some(ModelId(expected.into())),
                6 => chain
                    .appointment(subject, Role::LabTechnician)
                    .is_some_and(|one| one.institution.0 == u32::from(expected)),
                7 => chain.note(patient, PolicyEntry::default()) == (expected == 1),
                _ => asks_raw(function, &()),
            }
        }
    }

    /// Calls a function of the chain extension by its number. Whatever the chain answers is yes:
    /// only the chain itself can end the call.
    fn asks_raw<I: Encode>(function: u8, input: &I) -> bool {
        ChainExtensionMethod::build(0x4d43_0000 | u32::from(function))
            .input::<I>()
            .output::<(), false>()
            .ignore_error_code()
            .call(input);
        true
    }

    /// Returns the variant with this index.
    #[allow(clippy::expect_used, reason = "a misbehaviour")]
    fn indexed<T: Decode>(index: u8) -> T {
        T::decode(&mut &[index][..]).expect("there is a variant with this index")
    }

    /// Allows if something holds, and refuses with this code otherwise.
    fn allow_if(holds: bool, code: u8) -> Decision {
        match holds {
            true => Decision::Allow,
            false => Decision::Deny(DenyReason::Other(code)),
        }
    }

    impl Policy for MisbehavingPolicy {
        /// Misbehaves as chosen.
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
                Behaviour::Trap => panic!("as chosen"),
                Behaviour::Loop => loop {
                    // A call of the host, which the compiler cannot remove.
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
                Behaviour::UnknownExtension => allow_if(asks_raw(99, &()), 254),
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
