//! Values returned by a contract, for people and as JSON.

use std::fmt;

use scale_info::{form::PortableForm, PortableRegistry, TypeDef};
use serde::{
    ser::{SerializeMap, Serializer},
    Serialize,
};
use subxt::ext::scale_value::{Composite, Primitive, Value, ValueDef};

use super::types;
use crate::AccountId32;

/// A value of any type. [`fmt::Display`] writes it as it would be typed as an
/// argument.
///
/// As JSON, accounts are addresses, bytes are hexadecimal text, numbers of more than
/// 64 bits are text, variants without fields are their name, and others are an
/// object with the name as its only key. `None` is null, and `Some(x)` is x.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decoded {
    /// The empty tuple.
    Nothing,
    /// A truth value.
    Bool(bool),
    /// A number of at most 64 bits.
    Number(i128),
    /// A wider number, in decimal or, with 256 bits, in hexadecimal.
    Wide(String),
    /// A text or a character.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An account.
    Account(AccountId32),
    /// A list or an array.
    List(Vec<Decoded>),
    /// A tuple.
    Tuple(Vec<Decoded>),
    /// A struct's fields, by name.
    Struct(Vec<(String, Decoded)>),
    /// A variant of an enum: its name, and [`Decoded::Nothing`], a
    /// [`Decoded::Tuple`] of its fields or a [`Decoded::Struct`] of named ones.
    Variant(String, Box<Decoded>),
}

impl Decoded {
    /// The parts of the standard library's `Result`.
    pub(super) fn into_result(self) -> Result<Decoded, Decoded> {
        match self {
            Self::Variant(name, fields) if name == "Ok" => Ok(fields.only()),
            Self::Variant(name, fields) if name == "Err" => Err(fields.only()),
            other => Ok(other),
        }
    }

    /// The value in a tuple of one; anything else as it is.
    fn only(self) -> Decoded {
        match self {
            Self::Tuple(mut all) if all.len() == 1 => all.remove(0),
            other => other,
        }
    }
}

impl fmt::Display for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("()"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Wide(value) => f.write_str(value),
            // Escapes what could move a terminal's cursor.
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => write!(f, "0x{}", hex::encode(bytes)),
            Self::Account(account) => write!(f, "{account}"),
            Self::List(all) => list(f, '[', all, ']'),
            Self::Tuple(all) => list(f, '(', all, ')'),
            Self::Struct(fields) => {
                f.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if index == 0 { " " } else { ", " })?;
                }
                f.write_str(" }")
            }
            Self::Variant(name, fields) => match &**fields {
                Self::Nothing => f.write_str(name),
                Self::Struct(_) => write!(f, "{name} {fields}"),
                fields => write!(f, "{name}{fields}"),
            },
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, open: char, all: &[Decoded], close: char) -> fmt::Result {
    write!(f, "{open}")?;
    for (index, one) in all.iter().enumerate() {
        write!(f, "{}{one}", if index == 0 { "" } else { ", " })?;
    }
    write!(f, "{close}")
}

impl Serialize for Decoded {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Number(value) => match u64::try_from(*value) {
                Ok(value) => to.serialize_u64(value),
                Err(_) => match i64::try_from(*value) {
                    Ok(value) => to.serialize_i64(value),
                    Err(_) => to.serialize_str(&value.to_string()),
                },
            },
            Self::Wide(text) | Self::Text(text) => to.serialize_str(text),
            Self::Bytes(_) | Self::Account(_) => to.collect_str(self),
            Self::List(all) | Self::Tuple(all) => to.collect_seq(all),
            Self::Struct(fields) => {
                to.collect_map(fields.iter().map(|(name, value)| (name, value)))
            }
            Self::Variant(name, fields) => {
                let value = match &**fields {
                    Self::Tuple(all) if all.len() == 1 => all.first(),
                    other => Some(other),
                };
                match (name.as_str(), value) {
                    ("None", Some(Self::Nothing)) => to.serialize_none(),
                    ("Some", value) => value.serialize(to),
                    // A field that is the empty tuple is a field all the same.
                    (name, _) if **fields == Self::Nothing => to.serialize_str(name),
                    (name, value) => {
                        let mut map = to.serialize_map(Some(1))?;
                        map.serialize_entry(name, &value)?;
                        map.end()
                    }
                }
            }
        }
    }
}

/// Reads a value whose contexts are the types of its parts.
pub fn read(value: &Value<u32>, types: &PortableRegistry) -> Decoded {
    let ty = types.resolve(value.context);
    match &value.value {
        ValueDef::Primitive(one) => {
            primitive(one, ty.is_some_and(|ty| is_wide(&ty.type_def, types)))
        }
        ValueDef::BitSequence(bits) => Decoded::List(bits.iter().map(Decoded::Bool).collect()),
        ValueDef::Variant(one) => {
            let fields = match &one.values {
                Composite::Unnamed(all) if all.len() == 1 => {
                    Decoded::Tuple(all.iter().map(|one| read(one, types)).collect())
                }
                values => fields(values, types),
            };
            Decoded::Variant(one.name.clone(), Box::new(fields))
        }
        ValueDef::Composite(parts) => {
            let Some(ty) = ty else { return fields(parts, types) };
            match &ty.type_def {
                TypeDef::Sequence(of) => elements(parts, of.type_param.id, types),
                TypeDef::Array(of) => elements(parts, of.type_param.id, types),
                _ => match fields(parts, types) {
                    Decoded::Bytes(bytes) if types::is_account(ty) => match bytes.try_into() {
                        Ok(bytes) => Decoded::Account(AccountId32(bytes)),
                        Err(bytes) => Decoded::Bytes(bytes),
                    },
                    other => other,
                },
            }
        }
    }
}

/// The fields of a struct; a single one without a name is its value.
fn fields(all: &Composite<u32>, types: &PortableRegistry) -> Decoded {
    match all {
        Composite::Named(fields) if fields.is_empty() => Decoded::Nothing,
        Composite::Named(fields) => {
            let one = |(name, value): &(String, Value<u32>)| (name.clone(), read(value, types));
            Decoded::Struct(fields.iter().map(one).collect())
        }
        Composite::Unnamed(fields) => match fields.as_slice() {
            [] => Decoded::Nothing,
            [one] => read(one, types),
            all => Decoded::Tuple(all.iter().map(|one| read(one, types)).collect()),
        },
    }
}

fn elements(all: &Composite<u32>, of: u32, types: &PortableRegistry) -> Decoded {
    if types::is_byte(types, of) {
        let byte = |one: &Value<u32>| one.as_u128().and_then(|byte| u8::try_from(byte).ok());
        if let Some(bytes) = all.values().map(byte).collect() {
            return Decoded::Bytes(bytes);
        }
    }
    Decoded::List(all.values().map(|one| read(one, types)).collect())
}

fn primitive(one: &Primitive, is_wide: bool) -> Decoded {
    match one {
        Primitive::Bool(value) => Decoded::Bool(*value),
        Primitive::Char(value) => Decoded::Text(value.to_string()),
        Primitive::String(text) => Decoded::Text(text.clone()),
        Primitive::U128(value) => match i128::try_from(*value) {
            Ok(value) if !is_wide => Decoded::Number(value),
            _ => Decoded::Wide(value.to_string()),
        },
        Primitive::I128(value) if is_wide => Decoded::Wide(value.to_string()),
        Primitive::I128(value) => Decoded::Number(*value),
        Primitive::U256(bytes) | Primitive::I256(bytes) => {
            Decoded::Wide(format!("0x{}", hex::encode(bytes)))
        }
    }
}

/// Whether numbers of this type can be wider than 64 bits.
fn is_wide(ty: &TypeDef<PortableForm>, types: &PortableRegistry) -> bool {
    use scale_info::TypeDefPrimitive::{I128, I256, U128, U256};
    match ty {
        TypeDef::Primitive(one) => matches!(one, U128 | U256 | I128 | I256),
        TypeDef::Compact(of) => types
            .resolve(of.type_param.id)
            .is_some_and(|ty| matches!(&ty.type_def, TypeDef::Primitive(U128 | U256))),
        _ => false,
    }
}
