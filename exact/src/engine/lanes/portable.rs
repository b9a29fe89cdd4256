//! In Rust alone.

use core::ops::{Add, Sub};

use super::{rounded, Lanes, Vector, Work};

/// Eight sums.
#[derive(Clone, Copy)]
pub(in super::super) struct Portable([i32; 8]);

/// Sixteen words.
#[derive(Clone, Copy)]
pub(in super::super) struct Words([i16; 16]);

macro_rules! wrapping {
    ($vector:ident) => {
        impl Add for $vector {
            type Output = Self;

            #[inline(always)]
            fn add(mut self, other: Self) -> Self {
                self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a = a.wrapping_add(b));
                self
            }
        }

        impl Sub for $vector {
            type Output = Self;

            #[inline(always)]
            fn sub(mut self, other: Self) -> Self {
                self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a = a.wrapping_sub(b));
                self
            }
        }

        impl Vector for $vector {
            #[inline(always)]
            fn shl(mut self, bits: i32) -> Self {
                self.0.iter_mut().for_each(|a| *a <<= bits);
                self
            }
        }
    };
}

wrapping!(Portable);
wrapping!(Words);

impl Lanes for Portable {
    const WIDTH: usize = 8;
    const TILES: usize = 2;
    type Words = Words;

    #[inline(always)]
    fn compiled(work: impl Work) {
        work.run();
    }

    #[inline(always)]
    fn all(value: i32) -> Self {
        Self([value; 8])
    }

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        Self(from.cast::<[i32; 8]>().read_unaligned())
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        to.cast::<[i32; 8]>().write_unaligned(self.0);
    }

    #[inline(always)]
    unsafe fn words(from: *const i16) -> Words {
        Words(from.cast::<[i16; 16]>().read_unaligned())
    }

    #[inline(always)]
    fn prefetch(_: *const i16) {}

    #[inline(always)]
    unsafe fn pair(from: *const i16) -> Words {
        let [a, b] = from.cast::<[i16; 2]>().read_unaligned();
        Words([a, b, a, b, a, b, a, b, a, b, a, b, a, b, a, b])
    }

    #[inline(always)]
    unsafe fn widen(from: *const u8) -> Words {
        Words(from.cast::<[u8; 16]>().read_unaligned().map(i16::from))
    }

    #[inline(always)]
    unsafe fn store_words(words: Words, to: *mut i16) {
        to.cast::<[i16; 16]>().write_unaligned(words.0);
    }

    #[inline(always)]
    fn add_products(mut self, values: Words, weights: Words) -> Self {
        let (Words(values), Words(weights)) = (values, weights);
        for (lane, sum) in self.0.iter_mut().enumerate() {
            let product = |i: usize| i32::from(values[i]) * i32::from(weights[i]);
            *sum = sum.wrapping_add(product(2 * lane) + product(2 * lane + 1));
        }
        self
    }

    #[inline(always)]
    fn times(self, factor: i32) -> Self {
        Self(self.0.map(|sum| sum.wrapping_mul(factor)))
    }

    #[inline(always)]
    fn shr(self, bits: i32) -> Self {
        Self(self.0.map(|sum| sum >> bits))
    }

    #[inline(always)]
    fn max(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a = (*a).max(b));
        self
    }

    #[inline(always)]
    fn activations(mut self, shifts: Self, limit: i32) -> Self {
        let both = self.0.iter_mut().zip(shifts.0);
        both.for_each(|(sum, shift)| *sum = rounded(*sum, shift, limit));
        self
    }

    #[inline(always)]
    unsafe fn narrow(first: Self, second: Self, to: *mut u8) {
        let to = to.cast::<[u8; 8]>();
        to.write_unaligned(first.0.map(|value| value as u8));
        to.add(1).write_unaligned(second.0.map(|value| value as u8));
    }
}
