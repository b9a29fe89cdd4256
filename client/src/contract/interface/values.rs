//! Arguments, answers and events as bytes, by the types of the bundle.

use scale_info::{form::PortableForm, TypeDef};
use subxt::ext::scale_value::{scale::decode_as_type, Value};

use super::{Emitted, Event, Function, Interface};
use crate::{
    contract::{argument, decoded, types, Accounts, ContractError, Decoded},
    H256,
};

impl Interface {
    /// The data of a call: the selector, and the arguments that `text` gives,
    /// with commas between them. `accounts` reads an account.
    ///
    /// # Errors
    /// [`ContractError::Syntax`], [`ContractError::Count`] and
    /// [`ContractError::Argument`].
    pub fn data(
        &self,
        function: &Function,
        text: &str,
        accounts: Accounts,
    ) -> Result<Vec<u8>, ContractError> {
        let parts = argument::split(text).map_err(ContractError::Syntax)?;
        if parts.len() != function.arguments.len() {
            return Err(ContractError::Count {
                function: self.signature(function),
                expected: function.arguments.len(),
                given: parts.len(),
            });
        }
        let mut data = function.selector.to_vec();
        for (part, one) in parts.iter().zip(&function.arguments) {
            let encoded = argument::encode(part, one.ty, &self.types, accounts);
            data.extend(encoded.map_err(|reason| ContractError::Argument {
                argument: one.name.clone(),
                expected: types::described(&self.types, one.ty),
                reason,
            })?);
        }
        Ok(data)
    }

    /// The answer of a message, where `bytes` is without ink!'s outer `Result`. The
    /// inner error is the message's own.
    ///
    /// # Errors
    /// [`ContractError::Undecodable`].
    pub fn answer(
        &self,
        function: &Function,
        bytes: &[u8],
    ) -> Result<Result<Decoded, Decoded>, ContractError> {
        let what = || format!("the answer of `{}`", function.name);
        let ty = self.answer_of(function).ok_or_else(|| ContractError::Undecodable {
            what: what(),
            reason: "it has no type".into(),
        })?;
        let answer = self.read_all(&mut &bytes[..], &[ty], what)?;
        let answer = answer.into_iter().next().unwrap_or(Decoded::Nothing);
        Ok(if types::is_result(&self.types, ty) { answer.into_result() } else { Ok(answer) })
    }

    /// The message's own error with which the contract reverted a call; `None` where
    /// `bytes`, the returned data, is something else.
    pub fn refusal(&self, function: &Function, bytes: &[u8]) -> Option<Decoded> {
        let (outer, answer) = bytes.split_first()?;
        if *outer != 0 {
            return None;
        }
        self.answer(function, answer).ok()?.err()
    }

    /// Reads an event of the contract: by its first topic, which is its signature, or
    /// else as the only anonymous event that has this form. `None` where the bundle
    /// has no such event.
    pub fn emitted(&self, topics: &[H256], data: &[u8]) -> Option<Emitted> {
        let fits = |event: &Event| -> Option<Emitted> {
            let fields: Vec<u32> = event.fields.iter().map(|field| field.ty).collect();
            let values = self.read_all(&mut &data[..], &fields, || event.name.clone()).ok()?;
            let names = event.fields.iter().map(|field| field.name.clone());
            let fields = Decoded::Struct(names.zip(values).collect());
            Some(Emitted { name: event.name.clone(), fields })
        };
        let first = topics.first().map(|topic| topic.0);
        if let Some(event) =
            self.events.iter().find(|e| e.signature.is_some() && e.signature == first)
        {
            return fits(event);
        }
        let mut anonymous = self.events.iter().filter(|e| e.signature.is_none()).filter_map(fits);
        let found = anonymous.next();
        found.filter(|_| anonymous.next().is_none())
    }

    /// Reads values of these types from `bytes`, which must hold nothing else.
    fn read_all(
        &self,
        bytes: &mut &[u8],
        types: &[u32],
        what: impl Fn() -> String,
    ) -> Result<Vec<Decoded>, ContractError> {
        let wrong = |reason: String| ContractError::Undecodable { what: what(), reason };
        let mut values = Vec::with_capacity(types.len());
        for ty in types {
            let value: Value<u32> = decode_as_type(bytes, *ty, &self.types)
                .map_err(|error| wrong(error.to_string()))?;
            values.push(decoded::read(&value, &self.types));
        }
        if !bytes.is_empty() {
            return Err(wrong(format!("{} bytes are left over", bytes.len())));
        }
        Ok(values)
    }

    /// The type in the `Ok` of ink!'s outer `Result`.
    pub(super) fn answer_of(&self, function: &Function) -> Option<u32> {
        let TypeDef::<PortableForm>::Variant(outer) =
            &self.types.resolve(function.returns)?.type_def
        else {
            return None;
        };
        let ok = outer.variants.iter().find(|variant| variant.name == "Ok")?;
        ok.fields.first().map(|field| field.ty.id)
    }
}
