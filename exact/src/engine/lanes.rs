//! What the kernel in [`super::words`] needs of a processor: products of 16 bits, added in
//! pairs.
#![allow(unsafe_code)]
#![allow(unsafe_op_in_unsafe_fn, reason = "such a function says once what it needs")]

/// A register of sums of 32 bits.
pub(super) trait Lanes: Copy {
    /// How many sums there are.
    const WIDTH: usize;
    /// As many pairs of weights.
    type Weights: Copy;
    /// One pair of values, for all sums.
    type Pair: Copy;

    /// All zero.
    fn zero() -> Self;
    /// Reads weights.
    ///
    /// # Safety
    /// `2 * WIDTH` of them are readable.
    unsafe fn weights(from: *const i16) -> Self::Weights;
    /// Reads two values.
    ///
    /// # Safety
    /// Both are readable.
    unsafe fn pair(from: *const i16) -> Self::Pair;
    /// Adds the products of each pair, and both to the sums. The sums may wrap.
    #[must_use]
    fn add_products(self, pair: Self::Pair, weights: Self::Weights) -> Self;
    /// Writes the sums.
    ///
    /// # Safety
    /// There is room for `WIDTH` of them.
    unsafe fn store(self, to: *mut i32);
}

/// In Rust alone.
#[derive(Clone, Copy)]
pub(super) struct Portable([i32; 8]);

impl Lanes for Portable {
    const WIDTH: usize = 8;
    type Weights = [i16; 16];
    type Pair = [i16; 2];

    #[inline(always)]
    fn zero() -> Self {
        Self([0; 8])
    }

    #[inline(always)]
    unsafe fn weights(from: *const i16) -> Self::Weights {
        from.cast::<[i16; 16]>().read_unaligned()
    }

    #[inline(always)]
    unsafe fn pair(from: *const i16) -> Self::Pair {
        from.cast::<[i16; 2]>().read_unaligned()
    }

    #[inline(always)]
    fn add_products(self, [a, b]: Self::Pair, weights: Self::Weights) -> Self {
        let mut sums = self.0;
        for (lane, sum) in sums.iter_mut().enumerate() {
            let (c, d) = (weights[2 * lane], weights[2 * lane + 1]);
            let both = i32::from(a) * i32::from(c) + i32::from(b) * i32::from(d);
            *sum = sum.wrapping_add(both);
        }
        Self(sums)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        to.cast::<[i32; 8]>().write_unaligned(self.0);
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Sse2};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    use core::arch::x86_64::*;

    /// 128 bits. Every x86-64 has them.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Sse2(__m128i);

    // SAFETY of all intrinsics: SSE2 is part of x86-64.
    impl Lanes for Sse2 {
        const WIDTH: usize = 4;
        type Weights = __m128i;
        type Pair = __m128i;

        #[inline(always)]
        fn zero() -> Self {
            Self(unsafe { _mm_setzero_si128() })
        }

        #[inline(always)]
        unsafe fn weights(from: *const i16) -> Self::Weights {
            _mm_loadu_si128(from.cast())
        }

        #[inline(always)]
        unsafe fn pair(from: *const i16) -> Self::Pair {
            _mm_set1_epi32(from.cast::<i32>().read_unaligned())
        }

        #[inline(always)]
        fn add_products(self, pair: Self::Pair, weights: Self::Weights) -> Self {
            Self(unsafe { _mm_add_epi32(self.0, _mm_madd_epi16(pair, weights)) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut i32) {
            _mm_storeu_si128(to.cast(), self.0);
        }
    }

    /// 256 bits. It must only be used where the processor has AVX2.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2(__m256i);

    // SAFETY of all intrinsics: an engine is only made for instructions that the
    // processor has.
    impl Lanes for Avx2 {
        const WIDTH: usize = 8;
        type Weights = __m256i;
        type Pair = __m256i;

        #[inline(always)]
        fn zero() -> Self {
            Self(unsafe { _mm256_setzero_si256() })
        }

        #[inline(always)]
        unsafe fn weights(from: *const i16) -> Self::Weights {
            _mm256_loadu_si256(from.cast())
        }

        #[inline(always)]
        unsafe fn pair(from: *const i16) -> Self::Pair {
            _mm256_set1_epi32(from.cast::<i32>().read_unaligned())
        }

        #[inline(always)]
        fn add_products(self, pair: Self::Pair, weights: Self::Weights) -> Self {
            Self(unsafe { _mm256_add_epi32(self.0, _mm256_madd_epi16(pair, weights)) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut i32) {
            _mm256_storeu_si256(to.cast(), self.0);
        }
    }
}
