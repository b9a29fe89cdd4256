//! How values are written in a certificate, and shown from one.

use std::{fmt, str::FromStr};

use serde::{de::Error, Deserialize, Deserializer, Serialize, Serializer};

/// Bytes, written as `0x` and hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct HexBytes(pub Vec<u8>);

impl fmt::Debug for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(&self.0))
    }
}

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{self:?}"))
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let digits = text.strip_prefix("0x").ok_or_else(|| Error::custom("there is no 0x"))?;
        hex::decode(digits).map(Self).map_err(Error::custom)
    }
}

/// For types that write and read themselves as text.
pub mod as_text {
    use super::*;

    /// Writes a value as its text.
    pub fn serialize<S: Serializer>(value: &impl fmt::Display, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    /// Reads a value from its text.
    pub fn deserialize<'de, D: Deserializer<'de>, T: FromStr>(from: D) -> Result<T, D::Error>
    where
        T::Err: fmt::Display,
    {
        String::deserialize(from)?.parse().map_err(Error::custom)
    }
}

/// Text from a stranger's file, on one line and without what would move a
/// terminal's cursor.
pub fn printable(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
