//! Registers of 128 and of 256 bits.
//!
//! A value of one of these types must only be made where the processor has the
//! instructions: an engine is only made for those that it has, and
//! [`Lanes::compiled`] is the one way in.

use core::arch::x86_64::*;
use core::ops::{Add, Sub};

use super::{rounded, Lanes, Vector, Work};

// SAFETY of all intrinsics here: see the head of the file.

/// A register type with sums, its counterpart with words, and what both can do alike.
macro_rules! registers {
    ($(#[$doc:meta])* $sums:ident, $words:ident, $register:ty,
     $add32:ident, $sub32:ident, $shl32:ident, $add16:ident, $sub16:ident, $shl16:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(in super::super) struct $sums($register);

        /// The same, with words.
        #[derive(Clone, Copy)]
        pub(in super::super) struct $words($register);

        registers!(@ $sums, $add32, $sub32, $shl32);
        registers!(@ $words, $add16, $sub16, $shl16);
    };
    (@ $name:ident, $add:ident, $sub:ident, $shl:ident) => {
        impl Add for $name {
            type Output = Self;

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self(unsafe { $add(self.0, other.0) })
            }
        }

        impl Sub for $name {
            type Output = Self;

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Self(unsafe { $sub(self.0, other.0) })
            }
        }

        impl Vector for $name {
            #[inline(always)]
            fn shl(self, bits: i32) -> Self {
                Self(unsafe { $shl(self.0, _mm_cvtsi32_si128(bits)) })
            }
        }
    };
}

registers!(
    /// 128 bits. Every x86-64 has them.
    Sse2, Words128, __m128i,
    _mm_add_epi32, _mm_sub_epi32, _mm_sll_epi32, _mm_add_epi16, _mm_sub_epi16, _mm_sll_epi16
);
registers!(
    /// 256 bits.
    Avx2, Words256, __m256i,
    _mm256_add_epi32, _mm256_sub_epi32, _mm256_sll_epi32,
    _mm256_add_epi16, _mm256_sub_epi16, _mm256_sll_epi16
);
impl Lanes for Sse2 {
    const WIDTH: usize = 4;
    const TILES: usize = 6;
    type Words = Words128;

    #[inline(always)]
    fn compiled(work: impl Work) {
        work.run();
    }

    #[inline(always)]
    fn all(value: i32) -> Self {
        Self(unsafe { _mm_set1_epi32(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        Self(_mm_loadu_si128(from.cast()))
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        _mm_storeu_si128(to.cast(), self.0);
    }

    #[inline(always)]
    unsafe fn words(from: *const i16) -> Words128 {
        Words128(_mm_loadu_si128(from.cast()))
    }

    #[inline(always)]
    fn prefetch(from: *const i16) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
    }

    #[inline(always)]
    unsafe fn pair(from: *const i16) -> Words128 {
        Words128(_mm_set1_epi32(from.cast::<i32>().read_unaligned()))
    }

    #[inline(always)]
    unsafe fn widen(from: *const u8) -> Words128 {
        Words128(_mm_unpacklo_epi8(_mm_loadl_epi64(from.cast()), _mm_setzero_si128()))
    }

    #[inline(always)]
    unsafe fn store_words(words: Words128, to: *mut i16) {
        _mm_storeu_si128(to.cast(), words.0);
    }

    #[inline(always)]
    fn add_products(self, values: Words128, weights: Words128) -> Self {
        Self(unsafe { _mm_add_epi32(self.0, _mm_madd_epi16(values.0, weights.0)) })
    }

    // What follows has no instruction of 128 bits before SSE4.1.

    #[inline(always)]
    fn times(self, factor: i32) -> Self {
        // The lower halves of the products of even and of odd places.
        unsafe {
            let factor = _mm_set1_epi32(factor);
            let even = _mm_mul_epu32(self.0, factor);
            let odd = _mm_mul_epu32(_mm_srli_epi64::<32>(self.0), factor);
            let even = _mm_shuffle_epi32::<0b1000>(even);
            let odd = _mm_shuffle_epi32::<0b1000>(odd);
            Self(_mm_unpacklo_epi32(even, odd))
        }
    }

    #[inline(always)]
    fn shr(self, bits: i32) -> Self {
        Self(unsafe { _mm_sra_epi32(self.0, _mm_cvtsi32_si128(bits)) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        unsafe {
            let larger = _mm_cmpgt_epi32(self.0, other.0);
            let (own, others) = (_mm_and_si128(larger, self.0), _mm_andnot_si128(larger, other.0));
            Self(_mm_or_si128(own, others))
        }
    }

    #[inline(always)]
    fn activations(self, shifts: Self, limit: i32) -> Self {
        let (mut sums, mut each) = ([0i32; 4], [0i32; 4]);
        unsafe {
            self.store(sums.as_mut_ptr());
            shifts.store(each.as_mut_ptr());
        }
        for (sum, shift) in sums.iter_mut().zip(each) {
            *sum = rounded(*sum, shift, limit);
        }
        unsafe { Self::load(sums.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn narrow(first: Self, second: Self, to: *mut u8) {
        let words = _mm_packs_epi32(first.0, second.0);
        _mm_storel_epi64(to.cast(), _mm_packus_epi16(words, words));
    }
}

impl Lanes for Avx2 {
    const WIDTH: usize = 8;
    const TILES: usize = 6;
    type Words = Words256;

    #[inline(always)]
    fn compiled(work: impl Work) {
        #[target_feature(enable = "avx2")]
        fn inner(work: impl Work) {
            work.run();
        }
        unsafe { inner(work) }
    }

    #[inline(always)]
    fn all(value: i32) -> Self {
        Self(unsafe { _mm256_set1_epi32(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        Self(_mm256_loadu_si256(from.cast()))
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        _mm256_storeu_si256(to.cast(), self.0);
    }

    #[inline(always)]
    unsafe fn words(from: *const i16) -> Words256 {
        Words256(_mm256_loadu_si256(from.cast()))
    }

    #[inline(always)]
    fn prefetch(from: *const i16) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
    }

    #[inline(always)]
    unsafe fn pair(from: *const i16) -> Words256 {
        Words256(_mm256_set1_epi32(from.cast::<i32>().read_unaligned()))
    }

    #[inline(always)]
    unsafe fn widen(from: *const u8) -> Words256 {
        Words256(_mm256_cvtepu8_epi16(_mm_loadu_si128(from.cast())))
    }

    #[inline(always)]
    unsafe fn store_words(words: Words256, to: *mut i16) {
        _mm256_storeu_si256(to.cast(), words.0);
    }

    #[inline(always)]
    fn add_products(self, values: Words256, weights: Words256) -> Self {
        Self(unsafe { _mm256_add_epi32(self.0, _mm256_madd_epi16(values.0, weights.0)) })
    }

    #[inline(always)]
    fn times(self, factor: i32) -> Self {
        Self(unsafe { _mm256_mullo_epi32(self.0, _mm256_set1_epi32(factor)) })
    }

    #[inline(always)]
    fn shr(self, bits: i32) -> Self {
        Self(unsafe { _mm256_sra_epi32(self.0, _mm_cvtsi32_si128(bits)) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(unsafe { _mm256_max_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn activations(self, shifts: Self, limit: i32) -> Self {
        unsafe {
            let (sums, shifts, one) = (self.0, shifts.0, _mm256_set1_epi32(1));
            let half = _mm256_sllv_epi32(one, _mm256_sub_epi32(shifts, one));
            let odd = _mm256_and_si256(_mm256_srav_epi32(sums, shifts), one);
            let rounded = _mm256_add_epi32(sums, _mm256_sub_epi32(half, one));
            let rounded = _mm256_srav_epi32(_mm256_add_epi32(rounded, odd), shifts);
            let positive = _mm256_max_epi32(rounded, _mm256_setzero_si256());
            Self(_mm256_min_epi32(positive, _mm256_set1_epi32(limit)))
        }
    }

    #[inline(always)]
    unsafe fn narrow(first: Self, second: Self, to: *mut u8) {
        // Packing goes by halves of a register; the shuffle puts the quarters in order.
        let words = _mm256_packs_epi32(first.0, second.0);
        let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(words);
        let (low, high) = (_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words));
        _mm_storeu_si128(to.cast(), _mm_packus_epi16(low, high));
    }
}
