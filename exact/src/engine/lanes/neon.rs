//! Registers of 128 bits on 64-bit ARM, two by two.
//!
//! No instruction adds the products of neighbouring words, but one adds the products of
//! four words with four others to four sums. So words that are multiplied are read into two
//! registers: the first ones of all pairs, and the second ones. Words that are transformed
//! keep their order.

use core::arch::aarch64::*;
use core::ops::{Add, Sub};

use super::{Lanes, Vector, Work};

// SAFETY of all intrinsics here: every target for 64-bit ARM that has a standard library has
// these instructions.

/// Eight sums.
#[derive(Clone, Copy)]
pub(in super::super) struct Neon([int32x4_t; 2]);

/// Sixteen words.
#[derive(Clone, Copy)]
pub(in super::super) struct Words([int16x8_t; 2]);

macro_rules! wrapping {
    ($vector:ident, $add:ident, $sub:ident, $shl:ident, $all:ident) => {
        impl Add for $vector {
            type Output = Self;

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                let ([a, b], [c, d]) = (self.0, other.0);
                Self(unsafe { [$add(a, c), $add(b, d)] })
            }
        }

        impl Sub for $vector {
            type Output = Self;

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                let ([a, b], [c, d]) = (self.0, other.0);
                Self(unsafe { [$sub(a, c), $sub(b, d)] })
            }
        }

        impl Vector for $vector {
            #[inline(always)]
            fn shl(self, bits: i32) -> Self {
                let [a, b] = self.0;
                unsafe {
                    let bits = $all(bits as _);
                    Self([$shl(a, bits), $shl(b, bits)])
                }
            }
        }
    };
}

wrapping!(Neon, vaddq_s32, vsubq_s32, vshlq_s32, vdupq_n_s32);
wrapping!(Words, vaddq_s16, vsubq_s16, vshlq_s16, vdupq_n_s16);

impl Lanes for Neon {
    const WIDTH: usize = 8;
    // 16 registers of sums, four of weights, and values of six tiles: of 32. With six tiles
    // there are too few for values that are read ahead, and sums go to memory and back.
    const TILES: usize = 4;
    type Words = Words;

    #[inline(always)]
    fn compiled(work: impl Work) {
        work.run();
    }

    #[inline(always)]
    fn all(value: i32) -> Self {
        Self([unsafe { vdupq_n_s32(value) }; 2])
    }

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        Self([vld1q_s32(from), vld1q_s32(from.add(4))])
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        let [low, high] = self.0;
        vst1q_s32(to, low);
        vst1q_s32(to.add(4), high);
    }

    #[inline(always)]
    unsafe fn words(from: *const i16) -> Words {
        let int16x8x2_t(first, second) = vld2q_s16(from);
        Words([first, second])
    }

    // There is an instruction, without a stable name in Rust.
    #[inline(always)]
    fn prefetch(_: *const i16) {}

    #[inline(always)]
    unsafe fn pair(from: *const i16) -> Words {
        let int16x8x2_t(first, second) = vld2q_dup_s16(from);
        Words([first, second])
    }

    #[inline(always)]
    unsafe fn widen(from: *const u8) -> Words {
        let bytes = vld1q_u8(from);
        let (low, high) = (vmovl_u8(vget_low_u8(bytes)), vmovl_high_u8(bytes));
        Words([vreinterpretq_s16_u16(low), vreinterpretq_s16_u16(high)])
    }

    #[inline(always)]
    unsafe fn store_words(words: Words, to: *mut i16) {
        let [low, high] = words.0;
        vst1q_s16(to, low);
        vst1q_s16(to.add(8), high);
    }

    #[inline(always)]
    fn add_products(self, values: Words, weights: Words) -> Self {
        let [mut low, mut high] = self.0;
        for (values, weights) in values.0.into_iter().zip(weights.0) {
            unsafe {
                low = vmlal_s16(low, vget_low_s16(values), vget_low_s16(weights));
                high = vmlal_high_s16(high, values, weights);
            }
        }
        Self([low, high])
    }

    #[inline(always)]
    fn times(self, factor: i32) -> Self {
        Self(self.0.map(|sums| unsafe { vmulq_n_s32(sums, factor) }))
    }

    // A shift to the left by a negative number of bits is one to the right.
    #[inline(always)]
    fn shr(self, bits: i32) -> Self {
        self.shl(-bits)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.0, other.0);
        Self(unsafe { [vmaxq_s32(a, c), vmaxq_s32(b, d)] })
    }

    #[inline(always)]
    fn activations(self, shifts: Self, limit: i32) -> Self {
        let ([a, b], [c, d]) = (self.0, shifts.0);
        Self(unsafe { [rounded(a, c, limit), rounded(b, d, limit)] })
    }

    #[inline(always)]
    unsafe fn narrow(first: Self, second: Self, to: *mut u8) {
        for (half, Self([low, high])) in [first, second].into_iter().enumerate() {
            let words = vcombine_u16(vqmovun_s32(low), vqmovun_s32(high));
            vst1_u8(to.add(8 * half), vqmovn_u16(words));
        }
    }
}

/// [`super::rounded`] in each place.
///
/// # Safety
/// See the head of the file.
#[inline(always)]
unsafe fn rounded(sums: int32x4_t, shifts: int32x4_t, limit: i32) -> int32x4_t {
    let (one, right) = (vdupq_n_s32(1), vnegq_s32(shifts));
    let half = vshlq_s32(one, vsubq_s32(shifts, one));
    let odd = vandq_s32(vshlq_s32(sums, right), one);
    let rounded = vaddq_s32(vaddq_s32(sums, vsubq_s32(half, one)), odd);
    let positive = vmaxq_s32(vshlq_s32(rounded, right), vdupq_n_s32(0));
    vminq_s32(positive, vdupq_n_s32(limit))
}
