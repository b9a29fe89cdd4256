//! Arguments as people type them.
//!
//! The values are those of `scale_value::stringify`, and besides accounts,
//! variants without brackets, and square brackets around lists:
//! `//Bob, Some(7), [Clinician, Hospital], { from: 8, to: 18 }, 0x00ff`.

use scale_info::PortableRegistry;
use subxt::ext::{
    scale_encode::{self, error::ErrorKind},
    scale_value::{
        scale::{decode_as_type, encode_as_type},
        stringify::{custom_parsers::parse_hex, from_str_custom, ParseError, ParseErrorKind},
        Composite, Value, ValueDef,
    },
};

use crate::AccountId32;

/// Reads an account: an address, or the name of a development account. The
/// error says why it is not one.
pub type Accounts = fn(&str) -> Result<AccountId32, String>;

/// How deep brackets may be nested.
pub const MAX_NESTING: usize = 32;

/// Alphanumeric words of at least this length are meant as addresses: an address
/// with a typo must not be read as something else. Real ones have 46 to 48.
const LEAST_ADDRESS: usize = 40;

/// Splits a text into arguments at the commas outside of brackets and quotes. Square
/// brackets become round ones, which mean the same to the parser of values.
pub fn split(text: &str) -> Result<Vec<String>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut parts = vec![String::new()];
    let mut open = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let last = parts.len() - 1;
        let part = &mut parts[last];
        match character {
            '"' | '\'' => {
                part.push(character);
                quoted(character, &mut characters, part)?;
            }
            '(' | '[' | '{' => {
                open.push(character);
                if open.len() > MAX_NESTING {
                    return Err(format!("more than {MAX_NESTING} brackets are nested"));
                }
                part.push(if character == '[' { '(' } else { character });
            }
            ')' | ']' | '}' => {
                let matching = match character {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if open.pop() != Some(matching) {
                    return Err(format!("`{character}` has no matching `{matching}`"));
                }
                part.push(if character == ']' { ')' } else { character });
            }
            ',' if open.is_empty() => parts.push(String::new()),
            other => part.push(other),
        }
    }
    match open.pop() {
        Some(bracket) => Err(format!("`{bracket}` is not closed")),
        None => Ok(parts.into_iter().map(|part| part.trim().to_owned()).collect()),
    }
}

/// Copies up to and including the closing quote.
fn quoted(quote: char, from: &mut std::str::Chars<'_>, to: &mut String) -> Result<(), String> {
    while let Some(character) = from.next() {
        to.push(character);
        if character == '\\' {
            to.extend(from.next());
        } else if character == quote {
            return Ok(());
        }
    }
    Err(format!("the quotation mark {quote} is not closed"))
}

/// Encodes one of the parts of [`split`] as a value of the type `ty`. The error
/// says what is wrong with it.
pub fn encode(
    text: &str,
    ty: u32,
    types: &PortableRegistry,
    accounts: Accounts,
) -> Result<Vec<u8>, String> {
    let value = parse(text, accounts)?;
    let mut encoded = Vec::new();
    encode_as_type(&value, ty, types, &mut encoded).map_err(|error| unfit(text, &error))?;
    // The encoder ignores fields of a struct that the type does not have.
    let taken = decode_as_type(&mut encoded.as_slice(), ty, types)
        .map_err(|error| format!("`{text}` cannot be encoded ({error})"))?;
    if leaves(&taken) != leaves(&value) {
        return Err(format!("`{text}` has a field that the type lacks"));
    }
    Ok(encoded)
}

fn parse(text: &str, accounts: Accounts) -> Result<Value, String> {
    if text.is_empty() {
        return Err("the value is missing".into());
    }
    let parser = from_str_custom()
        .add_custom_parser(parse_hex)
        .add_custom_parser(move |rest| account(rest, accounts))
        .add_custom_parser(bare_variant);
    let (value, rest) = parser.parse(text);
    let value = value.map_err(|error| match error.err {
        ParseErrorKind::Custom(reason) => reason,
        other => format!("`{text}` is not a value ({other})"),
    })?;
    match rest.trim() {
        "" => Ok(value),
        rest => Err(format!("`{text}` is not a value: `{rest}` is left over")),
    }
}

/// A parser for [`from_str_custom`]: an address, or a development account.
fn account(rest: &mut &str, accounts: Accounts) -> Option<Result<Value, ParseError>> {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    let end = match rest.strip_prefix("//") {
        Some(_) => rest.find(|c: char| !(is_part(c) || "/_-".contains(c))),
        None => rest.find(|c: char| !is_part(c)),
    };
    let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    let is_address = word.len() >= LEAST_ADDRESS && !is_number && !opens_fields(after);
    if !word.starts_with("//") && !is_address {
        return None;
    }
    Some(match accounts(word) {
        Ok(account) => {
            *rest = after;
            Ok(Value::from_bytes(account.0))
        }
        Err(reason) => Err(ParseErrorKind::custom(reason).at(0)),
    })
}

/// A parser for [`from_str_custom`]: a variant without fields.
fn bare_variant(rest: &mut &str) -> Option<Result<Value, ParseError>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (word, after) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
    let begins = word.starts_with(|c: char| c.is_ascii_alphabetic());
    if !begins || word == "true" || word == "false" || opens_fields(after) {
        return None;
    }
    *rest = after;
    Some(Ok(Value::unnamed_variant(word, [])))
}

/// Whether the fields of a variant follow.
fn opens_fields(rest: &str) -> bool {
    rest.trim_start().starts_with(['(', '{'])
}

/// Why a value is not of its type.
fn unfit(text: &str, error: &scale_encode::Error) -> String {
    match error.kind() {
        ErrorKind::NumberOutOfRange { value, .. } => format!("{value} is out of range"),
        ErrorKind::CannotFindVariant { name, .. } => format!("there is no `{name}`"),
        ErrorKind::CannotFindField { name } => format!("the field `{name}` is missing"),
        ErrorKind::WrongLength { actual_len, expected_len } => {
            format!("it has {expected_len} parts, and `{text}` has {actual_len}")
        }
        _ => format!("`{text}` is of another type"),
    }
}

/// The number of variants and single values in a value.
fn leaves<T>(value: &Value<T>) -> usize {
    let all = |fields: &Composite<T>| fields.values().map(leaves).sum::<usize>();
    match &value.value {
        ValueDef::Composite(fields) => all(fields),
        ValueDef::Variant(variant) => 1 + all(&variant.values),
        ValueDef::BitSequence(bits) => bits.len(),
        ValueDef::Primitive(_) => 1,
    }
}
