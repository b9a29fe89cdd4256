//! What the kernel in [`super::words`] needs of a processor: numbers side by side, and
//! products of 16 bits, added in pairs.
#![allow(unsafe_code)]
#![allow(unsafe_op_in_unsafe_fn, reason = "such a function says once what it needs")]

use core::ops::{Add, Sub};

/// Numbers side by side, each added to and subtracted from the one in its place. They may
/// wrap.
pub(super) trait Vector: Copy + Add<Output = Self> + Sub<Output = Self> {
    /// Each times 2^`bits`.
    #[must_use]
    fn shl(self, bits: i32) -> Self;
}

impl Vector for i16 {
    #[inline(always)]
    fn shl(self, bits: i32) -> Self {
        self << bits
    }
}

/// Work that is to be compiled for certain instructions.
pub(super) trait Work {
    /// Does it. It must be inlined: what is not is compiled without the instructions.
    fn run(self);
}

/// A register of `WIDTH` sums of 32 bits.
pub(super) trait Lanes: Vector + Send + Sync + 'static {
    /// How many sums there are.
    const WIDTH: usize;
    /// Tiles whose sums stay in registers, two of them for each, while products are added.
    const TILES: usize;
    /// A register of `2 * WIDTH` words of 16 bits.
    type Words: Vector;

    /// Does work with the instructions that these registers need.
    fn compiled(work: impl Work);

    /// The same number in each place.
    fn all(value: i32) -> Self;
    /// Reads sums.
    ///
    /// # Safety
    /// `WIDTH` of them are readable.
    unsafe fn load(from: *const i32) -> Self;
    /// Writes the sums.
    ///
    /// # Safety
    /// There is room for `WIDTH` of them.
    unsafe fn store(self, to: *mut i32);

    /// Reads words that [`Self::add_products`] will multiply. They may be kept in another order.
    ///
    /// # Safety
    /// `2 * WIDTH` of them are readable.
    unsafe fn words(from: *const i16) -> Self::Words;
    /// Says that words will be read. Nothing needs to be there.
    fn prefetch(from: *const i16);
    /// Reads two words, for all places, that [`Self::add_products`] will multiply.
    ///
    /// # Safety
    /// Both are readable.
    unsafe fn pair(from: *const i16) -> Self::Words;
    /// Reads bytes as words.
    ///
    /// # Safety
    /// `2 * WIDTH` of them are readable.
    unsafe fn widen(from: *const u8) -> Self::Words;
    /// Writes words.
    ///
    /// # Safety
    /// There is room for `2 * WIDTH` of them.
    unsafe fn store_words(words: Self::Words, to: *mut i16);

    /// Adds the products of words that were neighbours in memory, two for each sum. The sums
    /// may wrap.
    #[must_use]
    fn add_products(self, values: Self::Words, weights: Self::Words) -> Self;
    /// The lower halves of the products.
    #[must_use]
    fn times(self, factor: i32) -> Self;
    /// Each divided by 2^`bits`, rounded down.
    #[must_use]
    fn shr(self, bits: i32) -> Self;
    /// The larger one of two, in each place.
    #[must_use]
    fn max(self, other: Self) -> Self;
    /// [`crate::activation`] of each sum. Shifts are at least one.
    #[must_use]
    fn activations(self, shifts: Self, limit: i32) -> Self;
    /// Writes activations as bytes.
    ///
    /// # Safety
    /// There is room for `2 * WIDTH` of them.
    unsafe fn narrow(first: Self, second: Self, to: *mut u8);
}

/// [`crate::activation`], for a shift of at least one.
#[inline(always)]
fn rounded(sum: i32, shift: i32, limit: i32) -> i32 {
    let below_half = (1i32 << (shift - 1)) - 1;
    let odd = (sum >> shift) & 1;
    (sum.wrapping_add(below_half).wrapping_add(odd) >> shift).clamp(0, limit)
}

#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "aarch64")]
pub(super) use neon::Neon;
pub(super) use portable::Portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use wasm::Simd128;
#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Sse2};
