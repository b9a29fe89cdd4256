//! Writes elements as explicit little endian.

use crate::decode::dicom::dataset::{is_long, Tag};

const UNDEFINED: [u8; 4] = [0xff; 4];

/// A data set that is being written.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    /// An element; its value gets an even length.
    pub(super) fn element(&mut self, tag: Tag, representation: &[u8; 2], value: &[u8]) {
        self.head(tag, representation);
        let padded = value.len() + value.len() % 2;
        if is_long(representation) {
            self.0.extend([0, 0]);
            self.0.extend((padded as u32).to_le_bytes());
        } else {
            self.0.extend((padded as u16).to_le_bytes());
        }
        self.0.extend(value);
        if value.len() < padded {
            let is_bytes = matches!(representation, b"UI" | b"OB" | b"OW" | b"UN");
            self.0.push(if is_bytes { 0 } else { b' ' });
        }
    }

    /// A sequence of items, each a data set.
    pub(super) fn sequence(&mut self, tag: Tag, items: &[Vec<u8>]) {
        self.head(tag, b"SQ");
        self.0.extend([0, 0]);
        self.0.extend(UNDEFINED);
        for item in items {
            self.item(item);
        }
        self.end();
    }

    /// Encapsulated pixel data of one frame, without an offset table.
    pub(super) fn frame(&mut self, tag: Tag, frame: &[u8]) {
        self.head(tag, b"OB");
        self.0.extend([0, 0]);
        self.0.extend(UNDEFINED);
        self.item(&[]);
        self.item(frame);
        self.end();
    }

    fn item(&mut self, bytes: &[u8]) {
        let padded = bytes.len() + bytes.len() % 2;
        self.0.extend(b"\xfe\xff\x00\xe0");
        self.0.extend((padded as u32).to_le_bytes());
        self.0.extend(bytes);
        self.0.resize(self.0.len() + padded - bytes.len(), 0);
    }

    fn end(&mut self) {
        self.0.extend(b"\xfe\xff\xdd\xe0\0\0\0\0");
    }

    fn head(&mut self, tag: Tag, representation: &[u8; 2]) {
        self.0.extend(tag.0.to_le_bytes());
        self.0.extend(tag.1.to_le_bytes());
        self.0.extend(representation);
    }
}
