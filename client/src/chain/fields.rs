//! Structs and events as named SCALE fields: their names come from the node's
//! metadata, their types from this workspace.

use codec::DecodeAll;
use subxt::ext::{
    scale_decode::{
        self,
        visitor::{
            decode_with_visitor, types::Composite, DecodeError, IgnoreVisitor, TypeIdFor, Visitor,
        },
        DecodeAsFields, FieldIter, IntoVisitor, TypeResolver,
    },
    scale_encode::{self, EncodeAsFields},
};

use super::ChainError;

/// The fields of a value that was read, each still encoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, Vec<u8>)>);

impl Fields {
    /// The field `name` of `what`, which serves error messages.
    pub fn get<T: DecodeAll>(&self, what: &str, name: &str) -> Result<T, ChainError> {
        T::decode_all(&mut self.raw(what, name)?)
            .map_err(|error| ChainError::decode(format!("{what}.{name}"), error))
    }

    /// As [`Fields::get`], for a field that not every runtime has.
    pub fn get_if_there<T: DecodeAll>(
        &self,
        what: &str,
        name: &str,
    ) -> Result<Option<T>, ChainError> {
        let is_there = self.0.iter().any(|(field, _)| field == name);
        is_there.then(|| self.get(what, name)).transpose()
    }

    /// The field `name` of `what`, still encoded.
    pub fn raw(&self, what: &str, name: &str) -> Result<&[u8], ChainError> {
        let found = self.0.iter().find(|(field, _)| field == name);
        found
            .map(|(_, bytes)| bytes.as_slice())
            .ok_or_else(|| ChainError::decode(format!("{what}.{name}"), "there is no such field"))
    }
}

impl IntoVisitor for Fields {
    type AnyVisitor<R: TypeResolver> = FieldsVisitor<R>;

    fn into_visitor<R: TypeResolver>() -> FieldsVisitor<R> {
        FieldsVisitor(std::marker::PhantomData)
    }
}

/// Takes a struct apart.
pub struct FieldsVisitor<R>(std::marker::PhantomData<R>);

impl<R: TypeResolver> Visitor for FieldsVisitor<R> {
    type Value<'scale, 'resolver> = Fields;
    type Error = scale_decode::Error;
    type TypeResolver = R;

    fn visit_composite<'scale, 'resolver>(
        self,
        value: &mut Composite<'scale, 'resolver, R>,
        _type_id: TypeIdFor<Self>,
    ) -> Result<Fields, Self::Error> {
        let mut fields = Fields::default();
        for field in value {
            let field = field?;
            let name = field.name().unwrap_or_default().to_owned();
            fields.0.push((name, field.bytes().to_vec()));
        }
        Ok(fields)
    }
}

impl DecodeAsFields for Fields {
    fn decode_as_fields<'resolver, R: TypeResolver>(
        input: &mut &[u8],
        fields: &mut dyn FieldIter<'resolver, R::TypeId>,
        types: &'resolver R,
    ) -> Result<Self, scale_decode::Error> {
        let mut found = Self::default();
        for field in fields {
            let before = *input;
            decode_with_visitor(input, field.id, types, IgnoreVisitor::<R>::new())?;
            let length = before.len().saturating_sub(input.len());
            let bytes = before.get(..length).ok_or(DecodeError::NotEnoughInput)?;
            let name = field.name.unwrap_or_default().to_owned();
            found.0.push((name, bytes.to_vec()));
        }
        Ok(found)
    }
}

/// The arguments of a call, encoded, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(pub Vec<(&'static str, Vec<u8>)>);

impl EncodeAsFields for Arguments {
    fn encode_as_fields_to<R: TypeResolver>(
        &self,
        fields: &mut dyn FieldIter<'_, R::TypeId>,
        _types: &R,
        out: &mut Vec<u8>,
    ) -> Result<(), scale_encode::Error> {
        let mut used = 0;
        for field in fields {
            let name = field.name.unwrap_or_default();
            let (_, bytes) =
                self.0.iter().find(|(argument, _)| *argument == name).ok_or_else(|| {
                    scale_encode::Error::custom_string(format!("there is no argument `{name}`"))
                })?;
            out.extend_from_slice(bytes);
            used += 1;
        }
        if used != self.0.len() {
            return Err(scale_encode::Error::custom_str(
                "the call does not have all these arguments",
            ));
        }
        Ok(())
    }
}
