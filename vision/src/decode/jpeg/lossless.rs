//! Lossless JPEG (ITU-T T.81, annex H), as DICOM has it: one plane of 2 to 16 bits.

use super::{
    corrupt,
    frame::{unsupported, Frame, Tables},
    huffman::Bits,
};
use crate::decode::{samples::Samples, DecodeError};

/// Decodes the one scan.
pub(super) fn decode(
    frame: &Frame,
    tables: &Tables,
    header: &[u8],
    data: &[u8],
) -> Result<Samples, DecodeError> {
    let [1, _, selected, predictor @ 1..=7, _, bits] = *header else {
        return Err(unsupported("it is lossless and has a scan that is not understood"));
    };
    let codes = tables.dc.get(usize::from(selected >> 4)).and_then(Option::as_ref);
    let codes = codes.ok_or_else(|| corrupt("a Huffman table is missing"))?;
    // The point transform leaves out low bits.
    let shift = u32::from(bits & 15);
    let precision = u32::from(frame.precision);
    if shift >= precision {
        return Err(corrupt("a scan header is broken"));
    }
    let (width, height) = (frame.width, frame.height);
    let interval = tables.restart_interval;
    if !interval.is_multiple_of(width) {
        return Err(unsupported("it is lossless and starts again within a row"));
    }
    let mut bits = Bits::new(data);
    let mut values = vec![0u16; width * height];
    let mut before: Vec<u16> = Vec::new();
    let middle = 1u16 << (precision - shift - 1);
    for (number, row) in values.chunks_exact_mut(width).enumerate() {
        if interval > 0 && number > 0 && number % (interval / width) == 0 {
            bits.restart()?;
            before.clear();
        }
        let mut left = 0;
        for x in 0..width {
            let prediction = match (x, before.get(x)) {
                (0, None) => middle,
                (0, Some(above)) => *above,
                (_, None) => left,
                (_, Some(above)) => predict(predictor, left, *above, before[x - 1]),
            };
            left = prediction.wrapping_add(difference(&mut bits, codes)?);
            row[x] = left;
        }
        before.clear();
        before.extend_from_slice(row);
    }
    let white = ((1u32 << precision) - 1) as u16;
    values.iter_mut().for_each(|value| *value = (*value << shift) & white);
    Ok(Samples { width: width as u32, height: height as u32, bits: frame.precision, values })
}

/// A difference modulo 2^16 (T.81, table H.2).
fn difference(bits: &mut Bits, codes: &super::huffman::Codes) -> Result<u16, DecodeError> {
    match bits.code(codes)? {
        16 => Ok(1 << 15),
        size => Ok(bits.signed(size)? as u16),
    }
}

/// Table H.1, of the samples to the left, above, and above to the left.
fn predict(predictor: u8, left: u16, above: u16, corner: u16) -> u16 {
    let (a, b, c) = (i32::from(left), i32::from(above), i32::from(corner));
    let value = match predictor {
        1 => a,
        2 => b,
        3 => c,
        4 => a + b - c,
        5 => a + ((b - c) >> 1),
        6 => b + ((a - c) >> 1),
        _ => (a + b) >> 1,
    };
    value as u16
}
