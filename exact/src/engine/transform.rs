//! Winograd's transforms without fractions, for one direction.
//!
//! `OUT` neighbouring outputs of a window of three depend on `IN = OUT + 2` inputs `d`. The
//! direct way takes `3 OUT` products, these `IN`: each input `d` and the weights `g` are
//! transformed into `IN` numbers, multiplied one by one, and the products transformed into
//! the outputs. Applied to rows and then to columns, that serves squares.
//!
//! The textbook's transforms divide. Here each row of theirs is multiplied by what makes it
//! integers, so that outputs come out too large by a known factor: a power of two and, for
//! [`Four`], a three for each direction. Sums wrap at 2^32 on the way. That does no harm:
//! modulo 2^32 an odd factor has an inverse, and a power of two is shifted out, which is
//! exact as long as the output times that power fits into 32 bits.

use super::lanes::Vector;

pub(super) trait Transform<const OUT: usize, const IN: usize>:
    Send + Sync + 'static
{
    /// The power of two by which each output of one direction is too large.
    const BITS: [i32; OUT];
    /// What takes the odd factor of both directions back, modulo 2^32.
    const INVERSE: i32;

    fn weights<V: Vector>(g: [V; 3]) -> [V; IN];
    fn inputs<V: Vector>(d: [V; IN]) -> [V; IN];
    fn outputs<V: Vector>(m: [V; IN]) -> [V; OUT];

    /// The largest sum in either direction from zero for which the outputs of a square are
    /// exact.
    fn largest_sum() -> i64 {
        let bits = Self::BITS.into_iter().max().unwrap_or(0);
        (1 << (31 - 2 * bits)) - 1
    }
}

/// F(2, 3): two outputs, twice as large. Transformed inputs of a square are at most
/// 4 · 255, transformed weights at most 9 · 128.
pub(super) struct Two;

impl Transform<2, 4> for Two {
    const BITS: [i32; 2] = [1, 1];
    const INVERSE: i32 = 1;

    #[inline(always)]
    fn weights<V: Vector>([a, b, c]: [V; 3]) -> [V; 4] {
        [a.shl(1), a + b + c, a - b + c, c.shl(1)]
    }

    #[inline(always)]
    fn inputs<V: Vector>([d0, d1, d2, d3]: [V; 4]) -> [V; 4] {
        [d0 - d2, d1 + d2, d2 - d1, d1 - d3]
    }

    #[inline(always)]
    fn outputs<V: Vector>([m0, m1, m2, m3]: [V; 4]) -> [V; 2] {
        [m0 + m1 + m2, m1 - m2 - m3]
    }
}

/// F(4, 3): four outputs, 24, 12, 6 and 6 times as large. Transformed inputs of a square
/// are at most 68 · 255, transformed weights at most 49 · 128.
pub(super) struct Four;

impl Transform<4, 6> for Four {
    const BITS: [i32; 4] = [3, 2, 1, 1];
    /// 9 · 954437177 = 2 · 2^32 + 1.
    const INVERSE: i32 = 954_437_177;

    #[inline(always)]
    fn weights<V: Vector>([a, b, c]: [V; 3]) -> [V; 6] {
        let (even, odd) = (a + c.shl(2), b.shl(1));
        [a, a + c + b, a + c - b, even + odd, even - odd, c]
    }

    #[inline(always)]
    fn inputs<V: Vector>([d0, d1, d2, d3, d4, d5]: [V; 6]) -> [V; 6] {
        let (outer, inner) = (d4 - d2, (d3 - d1).shl(1));
        [
            (d0 - d2).shl(2) + outer,
            d3 + d4 - (d1 + d2).shl(2),
            d4 - d3 + (d1 - d2).shl(2),
            outer + inner,
            outer - inner,
            // 4 d1 - 5 d3 + d5
            d5 - d3 - inner.shl(1),
        ]
    }

    #[inline(always)]
    fn outputs<V: Vector>([m0, m1, m2, m3, m4, m5]: [V; 6]) -> [V; 4] {
        let (near, near_odd) = (m1 + m2, m2 - m1);
        let (far, far_odd) = (m3 + m4, m3 - m4);
        [
            // 6 m0 - 4 (m1 + m2) + (m3 + m4)
            (m0 + (m0 - near).shl(1)).shl(1) + far,
            near_odd.shl(1) + far_odd,
            far - near,
            // (m2 - m1) + 2 (m3 - m4) + 6 m5
            near_odd + (far_odd + m5.shl(1) + m5).shl(1),
        ]
    }
}
