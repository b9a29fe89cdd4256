//! The text of the page's QR code, which binds the page to the chain.
//!
//! Version 1 is [`CODE_PREFIX`] and, in the alphabet of RFC 4648's base 32 without padding (which
//! a QR code holds compactly), these bytes, numbers big-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 32 | hash of the genesis block |
//! | 4, 32 | number and hash of the block whose state is reported |
//! | 8 | number of the record |
//! | 1 | flags: 1 there is a request, 2 a receipt, 4 a model |
//! | 8 | number of the request, if there is one |
//! | 32 | receipt, if there is one |
//! | 32 | SHA-256 of the model's file, if there is one |
//! | 32 | hash of the printed values ([`crate::Printed::hash`]) |
//! | 4 | the first bytes of SHA-256 of all bytes before them, against misreading |

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::Hash;

/// The first characters of a code, with its version.
pub const CODE_PREFIX: &str = "MEDCHAIN-REPORT/1/";

const ANY_VERSION: &str = "MEDCHAIN-REPORT/";
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CHECK: usize = 4;
const REQUEST: u8 = 1;
const RECEIPT: u8 = 2;
const MODEL: u8 = 4;

/// What a page's code binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The hash of the genesis block.
    pub genesis: Hash,
    /// The number of the block whose state is reported.
    pub block_number: u32,
    /// That block's hash.
    pub block_hash: Hash,
    /// The record's number.
    pub record: u64,
    /// The request's number.
    pub request: Option<u64>,
    /// The verdict's receipt.
    pub receipt: Option<Hash>,
    /// SHA-256 of the model's file.
    pub model: Option<Hash>,
    /// The hash of the printed values.
    pub printed: Hash,
}

/// Why a text is no code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CodeError {
    /// The text does not begin as a code does.
    #[error("this is not the code of a MedChain report: it does not begin with {CODE_PREFIX}")]
    NotACode,
    /// The code is of a version that this program does not know.
    #[error("the code has version {0}, and this program reads version 1; update the program")]
    Version(String),
    /// The code was misread or cut off.
    #[error("the code is damaged: scan it again, or copy all of its text")]
    Damaged,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.genesis.0.to_vec();
        bytes.extend(self.block_number.to_be_bytes());
        bytes.extend(self.block_hash.0);
        bytes.extend(self.record.to_be_bytes());
        let flag = |is_there: bool, flag: u8| if is_there { flag } else { 0 };
        bytes.push(
            flag(self.request.is_some(), REQUEST)
                | flag(self.receipt.is_some(), RECEIPT)
                | flag(self.model.is_some(), MODEL),
        );
        bytes.extend(self.request.into_iter().flat_map(u64::to_be_bytes));
        for hash in self.receipt.iter().chain(&self.model).chain([&self.printed]) {
            bytes.extend(hash.0);
        }
        let check = Sha256::digest(&bytes);
        bytes.extend(check.iter().take(CHECK));
        write!(f, "{CODE_PREFIX}{}", base32(&bytes))
    }
}

impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        // What a scanner or a terminal may add, and lower case, change nothing.
        let text: String = text.split_whitespace().collect::<String>().to_ascii_uppercase();
        let Some(digits) = text.strip_prefix(CODE_PREFIX) else {
            let other = text.strip_prefix(ANY_VERSION).and_then(|rest| rest.split_once('/'));
            return Err(match other {
                Some((version, _)) if !version.is_empty() && version.len() < 8 => {
                    CodeError::Version(version.to_owned())
                }
                _ => CodeError::NotACode,
            });
        };
        let bytes = bytes(digits).ok_or(CodeError::Damaged)?;
        let (bytes, check) = bytes
            .len()
            .checked_sub(CHECK)
            .and_then(|at| bytes.split_at_checked(at))
            .ok_or(CodeError::Damaged)?;
        if !Sha256::digest(bytes).starts_with(check) {
            return Err(CodeError::Damaged);
        }
        parse(&mut &*bytes).ok_or(CodeError::Damaged)
    }
}

fn parse(rest: &mut &[u8]) -> Option<Code> {
    let genesis = Hash(take(rest)?);
    let block_number = u32::from_be_bytes(take(rest)?);
    let block_hash = Hash(take(rest)?);
    let record = u64::from_be_bytes(take(rest)?);
    let [flags] = take(rest)?;
    if flags > (REQUEST | RECEIPT | MODEL) {
        return None;
    }
    let has = |flag: u8| flags & flag != 0;
    let request = if has(REQUEST) { Some(u64::from_be_bytes(take(rest)?)) } else { None };
    let receipt = if has(RECEIPT) { Some(Hash(take(rest)?)) } else { None };
    let model = if has(MODEL) { Some(Hash(take(rest)?)) } else { None };
    let printed = Hash(take(rest)?);
    rest.is_empty().then_some(Code {
        genesis,
        block_number,
        block_hash,
        record,
        request,
        receipt,
        model,
        printed,
    })
}

/// Takes the first bytes.
fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*first)
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(5) {
        let mut padded = [0; 8];
        padded.iter_mut().skip(3).zip(group).for_each(|(to, from)| *to = *from);
        let bits = u64::from_be_bytes(padded);
        let digits = (group.len() * 8).div_ceil(5);
        text.extend((0..digits).filter_map(|at| {
            let digit = bits >> (35 - 5 * at) & 31;
            ALPHABET.get(usize::try_from(digit).ok()?).map(|byte| char::from(*byte))
        }));
    }
    text
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let (mut bits, mut count) = (0u16, 0);
    for digit in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        bits = bits << 5 | u16::try_from(value).ok()?;
        count += 5;
        if count >= 8 {
            count -= 8;
            all.push(u8::try_from(bits >> count & 0xFF).ok()?);
            bits &= (1 << count) - 1;
        }
    }
    // One text for one code: nothing may be left over.
    (count < 5 && bits == 0).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(optional: bool) -> Code {
        Code {
            genesis: Hash([1; 32]),
            block_number: 0x0102_0304,
            block_hash: Hash([0xff; 32]),
            record: 3,
            request: optional.then_some(9),
            receipt: optional.then_some(Hash([4; 32])),
            model: optional.then_some(Hash([5; 32])),
            printed: Hash([6; 32]),
        }
    }

    #[test]
    fn base_32_is_that_of_the_rfc() {
        for (text, encoded) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"), // spellchecker:disable-line
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(text.as_bytes()), encoded);
            assert_eq!(bytes(encoded).unwrap(), text.as_bytes());
        }
        assert_eq!(bytes("MZ"), None);
        assert_eq!(bytes("MYA"), None);
        assert_eq!(bytes("m1"), None);
    }

    #[test]
    fn a_code_is_read_as_it_was_written() {
        for code in [code(true), code(false)] {
            let text = code.to_string();
            assert_eq!(text.parse(), Ok(code.clone()));
            let lower = format!(" {}\n", text.to_lowercase());
            assert_eq!(lower.parse(), Ok(code));
        }
        assert_eq!(code(true).to_string().len(), 18 + (4 + 32 * 5 + 8 * 2 + 1 + 4) * 8 / 5);
    }

    #[test]
    fn what_is_no_code_says_what_it_is() {
        let text = code(true).to_string();
        let parse = |text: &str| text.parse::<Code>().unwrap_err();
        assert_eq!(parse(""), CodeError::NotACode);
        assert_eq!(parse("https://example.org"), CodeError::NotACode);
        assert_eq!(parse(CODE_PREFIX), CodeError::Damaged);
        let other = text.replace("/1/", "/2/");
        assert_eq!(parse(&other), CodeError::Version("2".into()));
        for at in CODE_PREFIX.len()..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(parse(&changed), CodeError::Damaged, "{at}");
            assert_eq!(parse(&text[..at]), CodeError::Damaged, "{at}");
        }
    }
}
