//! The parts of a file (PS3.10, chapter 7): preamble, meta information, data set.

use std::{borrow::Cow, io::Read as _};

use super::{
    corrupt,
    dataset::{self, is_representation, Element, Encoding, Reader, Tag, Value},
    syntax::Syntax,
    TRUNCATED,
};
use crate::decode::{DecodeError, MAX_FILE_BYTES};

const MARK: &[u8] = b"DICM";
const PREAMBLE: usize = 128;
const TRANSFER_SYNTAX: Tag = Tag(0x0002, 0x0010);

/// Whether the bytes are a DICOM file, also one without preamble or meta information.
pub(crate) fn is_dicom(bytes: &[u8]) -> bool {
    if bytes.get(PREAMBLE..).is_some_and(|rest| rest.starts_with(MARK)) || bytes.starts_with(MARK) {
        return true;
    }
    guess(bytes).is_some()
}

/// How bytes are written that begin with an element of group 2 or 8.
fn guess(bytes: &[u8]) -> Option<Encoding> {
    let [a, b, c, d, e, f, g, h] = *bytes.first_chunk()?;
    let is_first = |group: u16, element: u16| matches!((group, element), (2 | 8, 0..=0x0018));
    let is_explicit = is_representation(&[e, f]);
    if is_first(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])) {
        if is_explicit {
            return Some(Encoding::EXPLICIT);
        }
        let length = u32::from_le_bytes([e, f, g, h]) as usize;
        let fits = length <= 1024 && length.is_multiple_of(2) && bytes.len() >= 16 + length;
        return fits.then_some(Encoding::IMPLICIT);
    }
    let is_big = is_first(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    (is_big && is_explicit).then_some(Encoding::BIG)
}

/// A file whose data set is found, and inflated where it was deflated.
pub(crate) struct Parts<'a> {
    pub(crate) syntax: Syntax,
    body: Cow<'a, [u8]>,
}

impl<'a> Parts<'a> {
    /// Finds the data set and how it is written.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let rest = match bytes.get(PREAMBLE..).and_then(|rest| rest.strip_prefix(MARK)) {
            Some(rest) => rest,
            None => bytes.strip_prefix(MARK).unwrap_or(bytes),
        };
        // The meta information is explicit, whatever follows.
        let mut meta = Reader::new(rest, Encoding::EXPLICIT);
        let mut uid = None;
        while meta.next_group() == Some(2) {
            let element = meta.element(0)?;
            if let (TRANSFER_SYNTAX, Value::Bytes(bytes)) = (element.tag, &element.value) {
                uid = Some(String::from_utf8_lossy(bytes).trim_matches(['\0', ' ']).to_string());
            }
        }
        let body = &rest[meta.position()..];
        let syntax = match (uid, guess(body)) {
            (Some(uid), _) => Syntax::of(&uid)?,
            (None, Some(Encoding::IMPLICIT)) => Syntax::IMPLICIT,
            (None, Some(Encoding::EXPLICIT)) => Syntax::EXPLICIT,
            (None, Some(_)) => Syntax::of("1.2.840.10008.1.2.2")?,
            (None, None) if body.len() < 8 => return Err(TRUNCATED),
            (None, None) => return Err(corrupt("it does not say its transfer syntax")),
        };
        let body = if syntax.is_deflated { inflate(body)?.into() } else { body.into() };
        Ok(Self { syntax, body })
    }

    /// All attributes of the data set.
    pub(crate) fn elements(&self) -> Result<Vec<Element<'_>>, DecodeError> {
        Reader::new(&self.body, self.syntax.encoding).all()
    }

    pub(crate) fn is_big_endian(&self) -> bool {
        self.syntax.encoding.big
    }
}

fn inflate(body: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut inflated = Vec::new();
    let mut decoder = flate2::read::DeflateDecoder::new(body).take(MAX_FILE_BYTES + 1);
    match decoder.read_to_end(&mut inflated) {
        Ok(_) if inflated.len() as u64 > MAX_FILE_BYTES => {
            Err(DecodeError::FileTooLarge { bytes: inflated.len() as u64 })
        }
        Ok(_) => Ok(inflated),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(TRUNCATED),
        Err(_) => Err(corrupt("its deflated data set is broken")),
    }
}

/// The numbers of 16 bits in a value.
pub(crate) fn numbers(bytes: &[u8], big: bool) -> impl Iterator<Item = u16> + '_ {
    bytes.as_chunks().0.iter().map(move |two| match big {
        true => u16::from_be_bytes(*two),
        false => u16::from_le_bytes(*two),
    })
}

/// The bytes of an attribute that has some.
pub(crate) fn bytes_of<'a>(elements: &[Element<'a>], tag: Tag) -> Option<&'a [u8]> {
    match dataset::find(elements, tag)?.value {
        Value::Bytes(bytes) if !bytes.is_empty() => Some(bytes),
        _ => None,
    }
}

/// The text of an attribute, without padding; other letters than those of ASCII are lost.
pub(crate) fn text_of(elements: &[Element], tag: Tag) -> Option<String> {
    let text = String::from_utf8_lossy(bytes_of(elements, tag)?).to_string();
    Some(text.trim_matches(['\0', ' ']).to_string())
}
