//! RLE (PS3.5, annex G): planes of bytes, packed as PackBits.

use super::{corrupt, unsupported, TRUNCATED};
use crate::decode::DecodeError;

/// The planes of one frame, each of `length` bytes; the high bytes of a sample come first.
pub(super) fn planes(
    frame: &[u8],
    count: usize,
    length: usize,
) -> Result<Vec<Vec<u8>>, DecodeError> {
    let header: &[u8; 64] = frame.first_chunk().ok_or(TRUNCATED)?;
    let numbers: Vec<usize> =
        header.as_chunks().0.iter().map(|four| u32::from_le_bytes(*four) as usize).collect();
    if numbers[0] != count {
        return Err(unsupported("its RLE planes are not those of its samples"));
    }
    let starts = numbers[1..=count].iter();
    starts.map(|start| unpack(frame.get(*start..).ok_or(TRUNCATED)?, length)).collect()
}

fn unpack(mut packed: &[u8], length: usize) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let (head, rest) = packed.split_first().ok_or(TRUNCATED)?;
        packed = rest;
        match *head as i8 {
            copied @ 0.. => {
                let (run, rest) =
                    packed.split_at_checked(usize::from(copied as u8) + 1).ok_or(TRUNCATED)?;
                bytes.extend_from_slice(run);
                packed = rest;
            }
            i8::MIN => {}
            repeated => {
                let (byte, rest) = packed.split_first().ok_or(TRUNCATED)?;
                bytes.resize(bytes.len() + 1 + usize::from(repeated.unsigned_abs()), *byte);
                packed = rest;
            }
        }
    }
    if bytes.len() > length {
        return Err(corrupt("an RLE run is longer than the film"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_runs_unpacks() {
        // Three copies, three repetitions, nothing, one copy.
        let packed = [2, 1, 2, 3, 0xfe, 9, 0x80, 0, 4];
        assert_eq!(unpack(&packed, 7).unwrap(), [1, 2, 3, 9, 9, 9, 4]);
        assert_eq!(unpack(&packed[..6], 7), Err(TRUNCATED));
        assert!(unpack(&packed, 5).is_err());
    }
}
