//! Padmé: padding after which a length says little.
//!
//! From "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs" by
//! Nikitin, Barman, Lueks, Underwood, Hubaux and Ford (PoPETs 2019), section 4. A length L is
//! rounded up so that its binary form has no more significant bits than a floating point number
//! has with a mantissa as long as its exponent. Of a file of up to L bytes, O(log log L) bits leak;
//! of an unpadded one, O(log L).
//!
//! Within the padded length, a byte 0x80 ends the content, and zeros follow (ISO/IEC 7816-4).

use alloc::vec::Vec;

use crate::CryptoError;

/// Ends the content.
const END: u8 = 0x80;

/// How long a content of `content` bytes is with its padding, in bytes.
pub const fn padded_length(content: u64) -> u64 {
    padme(content.saturating_add(1))
}

/// The next length that Padmé allows, from `length` on.
const fn padme(length: u64) -> u64 {
    if length < 2 {
        return length;
    }
    let exponent = length.ilog2();
    let mantissa = exponent.ilog2() + 1;
    let rest = (1u64 << (exponent - mantissa)) - 1;
    length.saturating_add(rest) & !rest
}

/// Pads the last `content` bytes of `bytes`.
pub fn pad(bytes: &mut Vec<u8>, content: usize) {
    let padding = padded_length(content as u64).saturating_sub(content as u64);
    let length = bytes.len().saturating_add(padding as usize);
    bytes.push(END);
    bytes.resize(length, 0);
}

/// Removes the padding.
///
/// # Errors
/// [`CryptoError::InvalidPadding`] where it is not what [`pad`] adds.
pub fn unpad(bytes: &mut Vec<u8>) -> Result<(), CryptoError> {
    let padded = bytes.len() as u64;
    let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    bytes.truncate(bytes.len().saturating_sub(zeros));
    let is_right = bytes.pop() == Some(END) && padded_length(bytes.len() as u64) == padded;
    if is_right {
        Ok(())
    } else {
        Err(CryptoError::InvalidPadding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in the words of the paper.
    fn by_definition(length: u64) -> u64 {
        let e = (length as f64).log2().floor();
        let s = e.log2().floor() + 1.0;
        let last_bits = (e - s).max(0.0) as u32;
        let bit_mask = 2u64.pow(last_bits) - 1;
        (length + bit_mask) & !bit_mask
    }

    #[test]
    fn lengths_are_those_of_the_paper() {
        for length in 2..100_000 {
            assert_eq!(padme(length), by_definition(length), "{length}");
        }
        // By hand.
        let cases = [(0, 0), (1, 1), (8, 8), (9, 10), (1_000, 1_024), (1_025, 1_088)];
        for (length, padded) in cases {
            assert_eq!(padme(length), padded, "{length}");
        }
    }

    #[test]
    fn it_adds_at_most_an_eighth() {
        for length in 1..500_000u64 {
            let padded = padme(length);
            assert!(padded >= length && (padded - length) * 8 <= length, "{length}");
            assert!(length < 1 << 16 || (padded - length) * 1_000 <= length * 32, "{length}");
        }
    }

    #[test]
    fn what_is_left_of_a_length_is_little() {
        // Every length below 2^exponent, by its padded one.
        for exponent in [10u32, 16, 20] {
            let lengths = (1..=1u64 << exponent).map(padme);
            let distinct = lengths.collect::<std::collections::BTreeSet<_>>().len() as f64;
            // A mantissa and an exponent of log2(exponent) + 1 bits each.
            let bits = 2.0 * (f64::from(exponent).log2() + 1.0);
            assert!(distinct.log2() <= bits, "{exponent}: {distinct}");
        }
    }

    #[test]
    fn only_its_own_padding_is_removed() {
        let refused = |bytes: &[u8]| unpad(&mut bytes.to_vec()).is_err();
        assert!(refused(&[]) && refused(&[0]) && refused(&[0; 9]) && refused(&[1]));
        // More zeros than are needed, and fewer.
        let mut bytes = vec![7; 1_000];
        pad(&mut bytes, 1_000);
        assert_eq!(bytes.len(), 1_024);
        let longer = [bytes.as_slice(), &[0; 64]].concat();
        assert!(refused(&longer) && refused(&bytes[..1_020]));
        assert_eq!(unpad(&mut bytes), Ok(()));
        assert_eq!(bytes, [7; 1_000]);
    }
}
