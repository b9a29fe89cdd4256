//! Reading a node of a UnixFS file.
//!
//! Source: the specifications of DAG-PB and UnixFS. A node is untrusted input: nothing
//! is indexed or added without a check. (The readers of `rust-unixfs` and
//! `quick-protobuf` panic on some of the nodes in the tests.)

use cid::Cid;

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const BYTES: u64 = 2;
const FIXED_32: u64 = 5;

const TYPE_RAW: u64 = 0;
const TYPE_FILE: u64 = 2;

/// A node of a file: bytes of its own, and then those of other blocks.
#[derive(Debug, PartialEq, Eq)]
pub struct Node<'a> {
    /// The bytes in the node itself.
    pub content: &'a [u8],
    /// The other blocks, each with the number of bytes of content under it,
    /// which is never zero.
    pub links: Vec<(Cid, u64)>,
    /// The number of bytes of content under this node.
    pub size: u64,
}

impl<'a> Node<'a> {
    /// Reads the node that a dag-pb block holds. The error says what is wrong.
    pub fn read(block: &'a [u8]) -> Result<Self, &'static str> {
        let mut cids = Vec::new();
        let mut data = None;
        let mut fields = Fields(block);
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Bytes(bytes)) if data.is_none() => data = Some(bytes),
                (2, Value::Bytes(link)) => cids.push(read_link(link)?),
                _ => return Err("the block is not a dag-pb node"),
            }
        }
        let (content, sizes) = read_data(data.ok_or("the node holds no UnixFS data")?)?;
        if cids.len() != sizes.len() {
            return Err("the node does not have one size for each link");
        }
        let own = content.len() as u64;
        let size = sizes.iter().try_fold(own, |sum, size| sum.checked_add(*size));
        Ok(Self {
            content,
            links: cids.into_iter().zip(sizes).collect(),
            size: size.ok_or("the sizes of the node's links are too large")?,
        })
    }
}

fn read_link(link: &[u8]) -> Result<Cid, &'static str> {
    let mut cid = None;
    let mut fields = Fields(link);
    while let Some((number, value)) = fields.next()? {
        if let (1, Value::Bytes(bytes)) = (number, value) {
            cid = Some(Cid::try_from(bytes).map_err(|_| "a link of the node is not a CID")?);
        }
    }
    cid.ok_or("a link of the node has no CID")
}

/// The node's own bytes and the sizes of its links.
fn read_data(data: &[u8]) -> Result<(&[u8], Vec<u64>), &'static str> {
    let (mut kind, mut content, mut file_size) = (None, &[][..], None);
    let mut sizes = Vec::new();
    let mut fields = Fields(data);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Number(number)) => kind = Some(number),
            (2, Value::Bytes(bytes)) => content = bytes,
            (3, Value::Number(number)) => file_size = Some(number),
            (4, Value::Number(size)) => sizes.push(size),
            (4, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    sizes.push(varint(&mut packed)?);
                }
            }
            // Mode, time, and what directories have.
            _ => (),
        }
    }
    match kind {
        Some(TYPE_FILE) => (),
        Some(TYPE_RAW) if sizes.is_empty() => (),
        _ => return Err("the node is not a part of a file"),
    }
    if sizes.contains(&0) {
        return Err("a link of the node has no content");
    }
    let own = content.len() as u64;
    let sum = sizes.iter().try_fold(own, |sum, size| sum.checked_add(*size));
    if file_size.is_some_and(|size| Some(size) != sum) {
        return Err("the node's size is not the sum of its parts");
    }
    Ok((content, sizes))
}

/// A value of a protocol-buffers field.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The fields of a protocol-buffers message.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, &'static str> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = varint(&mut self.0)?;
        let value = match key & 7 {
            VARINT => Value::Number(varint(&mut self.0)?),
            BYTES => {
                let length = varint(&mut self.0)?;
                Value::Bytes(self.take(length)?)
            }
            FIXED_64 => self.take(8).map(|_| Value::Fixed)?,
            FIXED_32 => self.take(4).map(|_| Value::Fixed)?,
            _ => return Err("the block is not a protocol buffer"),
        };
        Ok(Some((key >> 3, value)))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], &'static str> {
        let length = usize::try_from(length).ok().filter(|length| *length <= self.0.len());
        let (taken, rest) = self.0.split_at(length.ok_or("the block is cut short")?);
        self.0 = rest;
        Ok(taken)
    }
}

fn varint(input: &mut &[u8]) -> Result<u64, &'static str> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = input.split_first().ok_or("the block is cut short")?;
        *input = rest;
        let bits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && bits > 1 {
            break;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number in the block is too large")
}
