//! Registers of 128 bits in WebAssembly.
//!
//! A module either has these instructions or has not: an engine for them exists where the
//! compiler was told that it may use them, and a browser without them refuses the module.

use core::arch::wasm32::*;
use core::ops::{Add, Sub};

use super::{rounded, Lanes, Vector, Work};

/// Four sums.
#[derive(Clone, Copy)]
pub(in super::super) struct Simd128(v128);

/// Eight words.
#[derive(Clone, Copy)]
pub(in super::super) struct Words(v128);

macro_rules! wrapping {
    ($vector:ident, $add:ident, $sub:ident, $shl:ident) => {
        impl Add for $vector {
            type Output = Self;

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self($add(self.0, other.0))
            }
        }

        impl Sub for $vector {
            type Output = Self;

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Self($sub(self.0, other.0))
            }
        }

        impl Vector for $vector {
            #[inline(always)]
            fn shl(self, bits: i32) -> Self {
                Self($shl(self.0, bits as u32))
            }
        }
    };
}

wrapping!(Simd128, i32x4_add, i32x4_sub, i32x4_shl);
wrapping!(Words, i16x8_add, i16x8_sub, i16x8_shl);

impl Lanes for Simd128 {
    const WIDTH: usize = 4;
    const TILES: usize = 6;
    type Words = Words;

    #[inline(always)]
    fn compiled(work: impl Work) {
        work.run();
    }

    #[inline(always)]
    fn all(value: i32) -> Self {
        Self(i32x4_splat(value))
    }

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        Self(v128_load(from.cast()))
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        v128_store(to.cast(), self.0);
    }

    #[inline(always)]
    unsafe fn words(from: *const i16) -> Words {
        Words(v128_load(from.cast()))
    }

    #[inline(always)]
    fn prefetch(_: *const i16) {}

    #[inline(always)]
    unsafe fn pair(from: *const i16) -> Words {
        Words(i32x4_splat(from.cast::<i32>().read_unaligned()))
    }

    #[inline(always)]
    unsafe fn widen(from: *const u8) -> Words {
        Words(i16x8_load_extend_u8x8(from))
    }

    #[inline(always)]
    unsafe fn store_words(words: Words, to: *mut i16) {
        v128_store(to.cast(), words.0);
    }

    #[inline(always)]
    fn add_products(self, values: Words, weights: Words) -> Self {
        Self(i32x4_add(self.0, i32x4_dot_i16x8(values.0, weights.0)))
    }

    #[inline(always)]
    fn times(self, factor: i32) -> Self {
        Self(i32x4_mul(self.0, i32x4_splat(factor)))
    }

    #[inline(always)]
    fn shr(self, bits: i32) -> Self {
        Self(i32x4_shr(self.0, bits as u32))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(i32x4_max(self.0, other.0))
    }

    // There is no shift by another number of bits in each place.
    #[inline(always)]
    fn activations(self, shifts: Self, limit: i32) -> Self {
        let one = |sum: i32, shift: i32| rounded(sum, shift, limit);
        let (sums, shifts) = (self.0, shifts.0);
        Self(i32x4(
            one(i32x4_extract_lane::<0>(sums), i32x4_extract_lane::<0>(shifts)),
            one(i32x4_extract_lane::<1>(sums), i32x4_extract_lane::<1>(shifts)),
            one(i32x4_extract_lane::<2>(sums), i32x4_extract_lane::<2>(shifts)),
            one(i32x4_extract_lane::<3>(sums), i32x4_extract_lane::<3>(shifts)),
        ))
    }

    #[inline(always)]
    unsafe fn narrow(first: Self, second: Self, to: *mut u8) {
        let words = i16x8_narrow_i32x4(first.0, second.0);
        let bytes = u8x16_narrow_i16x8(words, words);
        to.cast::<i64>().write_unaligned(i64x2_extract_lane::<0>(bytes));
    }
}
