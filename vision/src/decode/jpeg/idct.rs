//! The inverse cosine transform of libjpeg, to the last bit.
//!
//! Most programs decode with libjpeg-turbo, Pillow among them. Its default is the accurate
//! integer transform of Loeffler, Ligtenberg and Moschytz ("Practical fast 1-D
//! DCT algorithms with 11 multiplications", ICASSP 1989) with 13-bit constants
//! and two extra bits between the passes (`jidctint.c`). Another transform is
//! as good for the eye and rounds single greys differently, which is enough to
//! move a probability by some thousandths.

const CONST_BITS: i32 = 13;
const PASS1_BITS: i32 = 2;

/// Dequantised coefficients in rows to 8 × 8 greys in rows.
pub(super) fn inverse(coefficients: &[i16; 64]) -> [u8; 64] {
    let mut columns = [0i32; 64];
    for x in 0..8 {
        let line = std::array::from_fn(|y| i32::from(coefficients[y * 8 + x]));
        for (y, value) in transform(line).into_iter().enumerate() {
            let rounded = descale(value, CONST_BITS - PASS1_BITS);
            // The vector code keeps 16 bits here; only broken files need more.
            columns[y * 8 + x] = rounded.clamp(i16::MIN.into(), i16::MAX.into());
        }
    }
    let mut greys = [0u8; 64];
    for (row, out) in columns.chunks_exact(8).zip(greys.chunks_exact_mut(8)) {
        let line = std::array::from_fn(|x| row[x]);
        for (grey, value) in out.iter_mut().zip(transform(line)) {
            let value = descale(value, CONST_BITS + PASS1_BITS + 3);
            *grey = (value.clamp(-128, 127) + 128) as u8;
        }
    }
    greys
}

/// Dequantised coefficients of an image of 12 bits a sample to 8 × 8 samples in rows.
///
/// libjpeg's transform in its build for 12 bits: one bit fewer between the passes.
pub(super) fn inverse12(coefficients: &[i32; 64]) -> [u16; 64] {
    const PASS1_BITS: i32 = 1;
    let mut columns = [0i32; 64];
    for x in 0..8 {
        let line = std::array::from_fn(|y| coefficients[y * 8 + x]);
        for (y, value) in transform(line).into_iter().enumerate() {
            columns[y * 8 + x] = descale(value, CONST_BITS - PASS1_BITS);
        }
    }
    let mut samples = [0u16; 64];
    for (row, out) in columns.chunks_exact(8).zip(samples.chunks_exact_mut(8)) {
        let line = std::array::from_fn(|x| row[x]);
        for (sample, value) in out.iter_mut().zip(transform(line)) {
            let value = descale(value, CONST_BITS + PASS1_BITS + 3);
            *sample = (value.clamp(-2048, 2047) + 2048) as u16;
        }
    }
    samples
}

fn descale(value: i32, bits: i32) -> i32 {
    value.wrapping_add(1 << (bits - 1)) >> bits
}

/// One pass over eight values, scaled by 2^13. Wrapping, because coefficients
/// of a broken file may be anything.
fn transform(line: [i32; 8]) -> [i32; 8] {
    let [c0, c1, c2, c3, c4, c5, c6, c7] = line;
    let add = i32::wrapping_add;
    let sub = i32::wrapping_sub;
    let times = i32::wrapping_mul;

    let z1 = times(add(c2, c6), 4433);
    let even2 = add(z1, times(c6, -15_137));
    let even3 = add(z1, times(c2, 6270));
    let even0 = times(add(c0, c4), 1 << CONST_BITS);
    let even1 = times(sub(c0, c4), 1 << CONST_BITS);
    let sums = [add(even0, even3), add(even1, even2), sub(even1, even2), sub(even0, even3)];

    let z5 = times(add(add(c7, c3), add(c5, c1)), 9633);
    let z1 = times(add(c7, c1), -7373);
    let z2 = times(add(c5, c3), -20_995);
    let z3 = add(times(add(c7, c3), -16_069), z5);
    let z4 = add(times(add(c5, c1), -3196), z5);
    let odd0 = add(times(c7, 2446), add(z1, z3));
    let odd1 = add(times(c5, 16_819), add(z2, z4));
    let odd2 = add(times(c3, 25_172), add(z2, z3));
    let odd3 = add(times(c1, 12_299), add(z1, z4));
    let odds = [odd3, odd2, odd1, odd0];

    std::array::from_fn(|i| match i {
        0..=3 => add(sums[i], odds[i]),
        _ => sub(sums[7 - i], odds[7 - i]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_block_is_flat() {
        let mut block = [0i16; 64];
        assert_eq!(inverse(&block), [128; 64]);
        block[0] = 8 * 27;
        assert_eq!(inverse(&block), [155; 64]);
        block[0] = i16::MAX;
        assert_eq!(inverse(&block), [255; 64]);
    }

    #[test]
    fn it_is_within_one_grey_of_the_real_transform() {
        let mut seed = 1u32;
        for _ in 0..50 {
            let block: [i16; 64] = std::array::from_fn(|at| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((seed >> 16) as i16) / (64 * (1 + at as i16))
            });
            let found = inverse(&block);
            for (at, grey) in found.iter().enumerate() {
                let (y, x) = (at / 8, at % 8);
                let sum: f64 = (0..64)
                    .map(|k| f64::from(block[k]) * basis(k / 8, y) * basis(k % 8, x) / 4.0)
                    .sum();
                let exact = (sum + 128.0).clamp(0.0, 255.0);
                assert!((f64::from(*grey) - exact).abs() <= 0.6, "{grey} {exact}");
            }
        }
    }

    fn basis(frequency: usize, place: usize) -> f64 {
        let scale = if frequency == 0 { 0.5f64.sqrt() } else { 1.0 };
        let angle = (2 * place + 1) as f64 * frequency as f64 * std::f64::consts::PI / 16.0;
        scale * angle.cos()
    }
}
