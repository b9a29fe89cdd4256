//! Structs, events and calls as named SCALE fields: the names come from the node's
//! metadata, the types from this workspace.

use std::fmt::Display;

use codec::DecodeAll;
use subxt::{
    ext::{
        scale_decode::{
            self,
            visitor::{
                decode_with_visitor, types::Composite, DecodeError, IgnoreVisitor, TypeIdFor,
                Visitor,
            },
            DecodeAsFields, DecodeAsType, FieldIter, IntoVisitor, TypeResolver,
        },
        scale_encode::{self, EncodeAsFields},
    },
    Metadata,
};

use super::{items::StorageItem, ChainError};

/// The fields of a value, each still encoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// What the fields belong to, for error messages.
    of: String,
    all: Vec<(String, Vec<u8>)>,
}

impl Fields {
    /// Splits a value of a storage item, which is a struct, into its fields.
    pub fn decode(
        mut bytes: &[u8],
        type_id: u32,
        metadata: &Metadata,
        item: StorageItem,
    ) -> Result<Self, ChainError> {
        let wrong = |reason: String| ChainError::decode(item, reason);
        let fields = Self::decode_as_type(&mut bytes, type_id, metadata.types())
            .map_err(|error| wrong(error.to_string()))?;
        match bytes.len() {
            0 => Ok(fields.of(item.to_string())),
            rest => Err(wrong(format!("{rest} bytes are left over"))),
        }
    }

    /// Names what the fields belong to.
    pub fn of(self, of: String) -> Self {
        Self { of, ..self }
    }

    /// The names of the fields, in order.
    pub fn get<T: DecodeAll>(&self, name: &str) -> Result<T, ChainError> {
        T::decode_all(&mut self.raw(name)?).map_err(|error| self.wrong(name, error))
    }

    /// Whether there is a field `name`.
    pub fn has(&self, name: &str) -> bool {
        self.all.iter().any(|(field, _)| field == name)
    }

    /// The field `name`, still encoded.
    pub fn raw(&self, name: &str) -> Result<&[u8], ChainError> {
        let found = self.all.iter().find(|(field, _)| field == name);
        found
            .map(|(_, bytes)| bytes.as_slice())
            .ok_or_else(|| self.wrong(name, "there is no such field"))
    }

    fn wrong(&self, name: &str, reason: impl Display) -> ChainError {
        ChainError::decode(format!("{}.{name}", self.of), reason)
    }
}

impl IntoVisitor for Fields {
    type AnyVisitor<R: TypeResolver> = FieldsVisitor<R>;

    fn into_visitor<R: TypeResolver>() -> FieldsVisitor<R> {
        FieldsVisitor(std::marker::PhantomData)
    }
}

/// Splits a struct into its fields.
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
            fields.all.push((name, field.bytes().to_vec()));
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
            found.all.push((name, bytes.to_vec()));
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
                "the call does not take all these arguments",
            ));
        }
        Ok(())
    }
}
