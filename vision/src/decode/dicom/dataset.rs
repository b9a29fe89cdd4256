//! Elements, sequences and fragments (PS3.5, chapter 7).

use super::{corrupt, unsupported, TRUNCATED};
use crate::decode::DecodeError;

/// Group and element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tag(pub(crate) u16, pub(crate) u16);

pub(crate) const PIXEL_DATA: Tag = Tag(0x7fe0, 0x0010);
pub(crate) const MODALITY_LUT: Tag = Tag(0x0028, 0x3000);
pub(crate) const VOI_LUT: Tag = Tag(0x0028, 0x3010);

const ITEM: Tag = Tag(0xfffe, 0xe000);
const ITEM_END: Tag = Tag(0xfffe, 0xe00d);
const SEQUENCE_END: Tag = Tag(0xfffe, 0xe0dd);
const UNDEFINED: u32 = u32::MAX;

/// How deep sequences may nest: films need two levels.
const MAX_DEPTH: u8 = 16;
/// How many elements and items a file may have: films have some hundred.
const MAX_ELEMENTS: usize = 100_000;

/// Value representations with a length of four bytes.
const LONG: [&[u8; 2]; 13] =
    [b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"];
const SHORT: [&[u8; 2]; 21] = [
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN",
    b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
];

/// Whether two bytes are a value representation.
pub(crate) fn is_representation(two: &[u8; 2]) -> bool {
    LONG.contains(&two) || SHORT.contains(&two)
}

/// Whether a representation's length has four bytes behind two that are reserved.
pub(crate) fn is_long(two: &[u8; 2]) -> bool {
    LONG.contains(&two)
}

/// One attribute and its value.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: Tag,
    /// Absent in implicit encoding.
    pub(crate) representation: Option<[u8; 2]>,
    pub(crate) value: Value<'a>,
}

#[derive(Debug)]
pub(crate) enum Value<'a> {
    Bytes(&'a [u8]),
    Items(Vec<Vec<Element<'a>>>),
    /// Of encapsulated pixel data, with the offset table, which comes first.
    Fragments(Vec<&'a [u8]>),
}

/// How elements are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoding {
    pub(crate) explicit: bool,
    pub(crate) big: bool,
}

impl Encoding {
    pub(crate) const IMPLICIT: Self = Self { explicit: false, big: false };
    pub(crate) const EXPLICIT: Self = Self { explicit: true, big: false };
    pub(crate) const BIG: Self = Self { explicit: true, big: true };
}

/// Finds an attribute.
pub(crate) fn find<'e, 'a>(elements: &'e [Element<'a>], tag: Tag) -> Option<&'e Element<'a>> {
    elements.iter().find(|element| element.tag == tag)
}

/// Reads elements one behind the other.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    encoding: Encoding,
    /// Elements and items that may still come.
    left: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], encoding: Encoding) -> Self {
        Self { bytes, at: 0, encoding, left: MAX_ELEMENTS }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The group of the next element.
    pub(crate) fn next_group(&self) -> Option<u16> {
        self.bytes.get(self.at..)?.first_chunk().map(|two| self.u16(*two))
    }

    /// All elements up to the end of the file.
    pub(crate) fn all(mut self) -> Result<Vec<Element<'a>>, DecodeError> {
        let mut elements = Vec::new();
        // Some programs pad files with zeros.
        while self.bytes.len() - self.at >= 8 && self.bytes[self.at..self.at + 8] != [0; 8] {
            elements.push(self.element(0)?);
        }
        Ok(elements)
    }

    /// The next element.
    pub(crate) fn element(&mut self, depth: u8) -> Result<Element<'a>, DecodeError> {
        self.count(depth)?;
        let tag = self.tag()?;
        if tag.0 == ITEM.0 {
            return Err(corrupt("an item stands outside a sequence"));
        }
        let (representation, length) = self.representation_and_length()?;
        let is_sequence = match representation.as_ref() {
            Some(b"SQ") => true,
            Some(b"UN") => length == UNDEFINED,
            Some(_) => false,
            // Without a dictionary: those that are read, and those that say so.
            None => matches!(tag, MODALITY_LUT | VOI_LUT) || length == UNDEFINED,
        };
        let value = if length == UNDEFINED && tag == PIXEL_DATA {
            Value::Fragments(self.fragments()?)
        } else if is_sequence {
            let outer = self.encoding;
            if representation == Some(*b"UN") {
                // PS3.5, 6.2.2: what is unknown is written implicitly.
                self.encoding = Encoding::IMPLICIT;
            }
            let items = self.items(length, depth + 1);
            self.encoding = outer;
            Value::Items(items?)
        } else if length == UNDEFINED {
            return Err(corrupt("an element has no length"));
        } else {
            Value::Bytes(self.take(length)?)
        };
        Ok(Element { tag, representation, value })
    }

    fn items(&mut self, length: u32, depth: u8) -> Result<Vec<Vec<Element<'a>>>, DecodeError> {
        let end = self.end(length)?;
        let mut items = Vec::new();
        while self.at < end {
            self.count(depth)?;
            let (tag, length) = self.tag_and_length()?;
            match tag {
                ITEM => items.push(self.item(length, end, depth)?),
                SEQUENCE_END if length == 0 => return Ok(items),
                _ => return Err(corrupt("a sequence has something that is no item")),
            }
        }
        Ok(items)
    }

    fn item(
        &mut self,
        length: u32,
        outer: usize,
        depth: u8,
    ) -> Result<Vec<Element<'a>>, DecodeError> {
        let end = if length == UNDEFINED { outer } else { self.end(length)? };
        if end > outer {
            return Err(corrupt("an item is longer than its sequence"));
        }
        let mut elements = Vec::new();
        while self.at < end {
            if self.peek_tag() == Some(ITEM_END) {
                self.tag_and_length()?;
                return Ok(elements);
            }
            elements.push(self.element(depth)?);
        }
        Ok(elements)
    }

    fn fragments(&mut self) -> Result<Vec<&'a [u8]>, DecodeError> {
        let mut fragments = Vec::new();
        loop {
            self.count(0)?;
            match self.tag_and_length()? {
                (ITEM, length) => fragments.push(self.take(length)?),
                (SEQUENCE_END, _) => return Ok(fragments),
                _ => return Err(corrupt("its pixel data have something that is no fragment")),
            }
        }
    }

    fn count(&mut self, depth: u8) -> Result<(), DecodeError> {
        if depth > MAX_DEPTH {
            return Err(unsupported("its sequences nest too deep; export it as PNG or JPEG"));
        }
        let left = self.left.checked_sub(1);
        self.left =
            left.ok_or_else(|| unsupported("it has too many elements; export it as PNG or JPEG"))?;
        Ok(())
    }

    fn end(&self, length: u32) -> Result<usize, DecodeError> {
        if length == UNDEFINED {
            return Ok(self.bytes.len());
        }
        let end = self.at.checked_add(length as usize);
        end.filter(|end| *end <= self.bytes.len()).ok_or(TRUNCATED)
    }

    fn take(&mut self, length: u32) -> Result<&'a [u8], DecodeError> {
        if length == UNDEFINED {
            return Err(corrupt("a fragment has no length"));
        }
        let end = self.end(length)?;
        let bytes = &self.bytes[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    fn representation_and_length(&mut self) -> Result<(Option<[u8; 2]>, u32), DecodeError> {
        if !self.encoding.explicit {
            return Ok((None, self.u32()?));
        }
        let two: [u8; 2] = self.array()?;
        if is_long(&two) {
            self.array::<2>()?;
            return Ok((Some(two), self.u32()?));
        }
        if !SHORT.contains(&&two) {
            return Err(corrupt("an element has no value representation"));
        }
        let length = self.array()?;
        Ok((Some(two), self.u16(length).into()))
    }

    fn peek_tag(&self) -> Option<Tag> {
        let [a, b, c, d] = *self.bytes.get(self.at..)?.first_chunk()?;
        Some(Tag(self.u16([a, b]), self.u16([c, d])))
    }

    fn tag(&mut self) -> Result<Tag, DecodeError> {
        let tag = self.peek_tag().ok_or(TRUNCATED)?;
        self.at += 4;
        Ok(tag)
    }

    fn tag_and_length(&mut self) -> Result<(Tag, u32), DecodeError> {
        Ok((self.tag()?, self.u32()?))
    }

    fn u16(&self, two: [u8; 2]) -> u16 {
        if self.encoding.big {
            u16::from_be_bytes(two)
        } else {
            u16::from_le_bytes(two)
        }
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        let four = self.array()?;
        Ok(if self.encoding.big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let array = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk).ok_or(TRUNCATED)?;
        self.at += N;
        Ok(*array)
    }
}
