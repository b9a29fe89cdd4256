//! Bits of a scan and the codes in them (ITU-T T.81, annexes C and F).

use super::corrupt;
use crate::DecodeError;

/// Codes of up to so many bits are found by one look into a table.
const QUICK_BITS: u32 = 9;

/// A Huffman table, ready to decode.
#[derive(Clone)]
pub(super) struct Codes {
    /// Length and value by the next [`QUICK_BITS`] bits; length 0: the code is longer.
    quick: Vec<(u8, u8)>,
    /// By length: the largest code, or -1.
    largest: [i32; 17],
    /// By length: what is added to a code to find its value.
    offset: [i32; 17],
    values: Vec<u8>,
}

impl Codes {
    /// From how many codes there are of each length, and their values.
    pub(super) fn new(counts: &[u8; 16], values: &[u8]) -> Result<Self, DecodeError> {
        let mut codes = Self {
            quick: vec![(0, 0); 1 << QUICK_BITS],
            largest: [-1; 17],
            offset: [0; 17],
            values: values.to_vec(),
        };
        let (mut code, mut index) = (0i32, 0usize);
        for length in 1..=16u32 {
            let count = i32::from(counts[length as usize - 1]);
            if code + count > 1 << length {
                return Err(corrupt("a Huffman table has too many codes"));
            }
            codes.offset[length as usize] = index as i32 - code;
            for _ in 0..count {
                let value =
                    *values.get(index).ok_or_else(|| corrupt("a Huffman table is short"))?;
                if length <= QUICK_BITS {
                    let spare = QUICK_BITS - length;
                    let first = (code as usize) << spare;
                    codes.quick[first..first + (1 << spare)].fill((length as u8, value));
                }
                code += 1;
                index += 1;
            }
            codes.largest[length as usize] = if count > 0 { code - 1 } else { -1 };
            code <<= 1;
        }
        Ok(codes)
    }
}

/// The bits of one scan, without stuffed bytes.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    held: u64,
    count: u32,
    /// Restart markers that were passed.
    restarts: u8,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, held: 0, count: 0, restarts: 0 }
    }

    fn refill(&mut self) {
        while self.count <= 56 {
            let Some(byte) = self.data.get(self.at) else { return };
            if *byte == 0xff {
                // A stuffed zero follows, or it is a marker and the data end.
                if self.data.get(self.at + 1) != Some(&0) {
                    return;
                }
                self.at += 1;
            }
            self.at += 1;
            self.held = self.held << 8 | u64::from(*byte);
            self.count += 8;
        }
    }

    /// The next `wanted` bits without moving; zeros where the data end.
    fn peek(&mut self, wanted: u32) -> u32 {
        if self.count < wanted {
            self.refill();
        }
        let bits = if self.count >= wanted {
            self.held >> (self.count - wanted)
        } else {
            self.held << (wanted - self.count)
        };
        (bits & ((1 << wanted) - 1)) as u32
    }

    fn skip(&mut self, bits: u32) -> Result<(), DecodeError> {
        self.count =
            self.count.checked_sub(bits).ok_or_else(|| corrupt("its data end too early"))?;
        Ok(())
    }

    /// The next `wanted` bits, at most 16.
    pub(super) fn take(&mut self, wanted: u32) -> Result<u32, DecodeError> {
        let bits = self.peek(wanted);
        self.skip(wanted)?;
        Ok(bits)
    }

    /// The value of the next code.
    pub(super) fn code(&mut self, codes: &Codes) -> Result<u8, DecodeError> {
        let next = self.peek(16);
        let (length, value) = codes.quick[(next >> (16 - QUICK_BITS)) as usize];
        if length > 0 {
            self.skip(length.into())?;
            return Ok(value);
        }
        for length in QUICK_BITS + 1..=16 {
            let code = (next >> (16 - length)) as i32;
            if code <= codes.largest[length as usize] {
                self.skip(length)?;
                let index = (code + codes.offset[length as usize]) as usize;
                let value = codes.values.get(index).copied();
                return value.ok_or_else(|| corrupt("its data have an unknown code"));
            }
        }
        Err(corrupt("its data have an unknown code"))
    }

    /// A signed number of `size` bits (T.81, table F.1 and `EXTEND`).
    pub(super) fn signed(&mut self, size: u8) -> Result<i32, DecodeError> {
        match size {
            0 => Ok(0),
            1..=15 => {
                let bits = self.take(size.into())? as i32;
                let half = 1 << (size - 1);
                Ok(if bits < half { bits + 1 - 2 * half } else { bits })
            }
            _ => Err(corrupt("its data have a number that is too long")),
        }
    }

    /// Moves behind the next restart marker, which must be the one that is due.
    ///
    /// A scanner may have padded the data before it. But where another marker stands, an
    /// interval is missing or in another's place, and part of the film with it.
    pub(super) fn restart(&mut self) -> Result<(), DecodeError> {
        (self.held, self.count) = (0, 0);
        loop {
            let rest = self.data.get(self.at..).unwrap_or_default();
            let place = rest.iter().position(|byte| *byte == 0xff);
            let place = place.ok_or_else(|| corrupt("a restart marker is missing"))?;
            match rest.get(place + 1) {
                Some(0x00) => self.at += place + 2,
                Some(0xff) => self.at += place + 1,
                Some(marker @ 0xd0..=0xd7) => {
                    self.at += place + 2;
                    let due = self.restarts % 8;
                    self.restarts = self.restarts.wrapping_add(1);
                    return match marker & 7 == due {
                        true => Ok(()),
                        false => Err(corrupt("its restart intervals are not in order")),
                    };
                }
                _ => return Err(corrupt("a restart marker is missing")),
            }
        }
    }
}
