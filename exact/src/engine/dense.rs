//! Fully connected layers: one dot product for each output.
#![allow(unsafe_code)]

use super::Instructions;
use crate::{activation, sum, Finish, Layer, Parameters};

/// A fully connected layer.
pub(super) struct Dense {
    parameters: Parameters,
    patch: usize,
    limit: u8,
    instructions: Instructions,
}

impl Dense {
    pub(super) fn new(layer: &Layer, parameters: &Parameters, instructions: Instructions) -> Self {
        let limit = match layer.finish {
            Finish::Activations { limit, .. } => limit,
            Finish::Logits => 0,
        };
        Self { parameters: parameters.clone(), patch: layer.patch(), limit, instructions }
    }

    /// Activations of the outputs from `first` on.
    pub(super) fn activations(&self, input: &[u8], first: usize, out: &mut [u8]) {
        let mut sums = vec![0; out.len()];
        self.sums(input, first, &mut sums);
        let shifts = self.parameters.shifts.iter().skip(first);
        for ((out, sum), shift) in out.iter_mut().zip(sums).zip(shifts) {
            *out = activation(sum, *shift, self.limit);
        }
    }

    /// Sums of the outputs from `first` on.
    pub(super) fn sums(&self, input: &[u8], first: usize, out: &mut [i32]) {
        let rows = self.parameters.weights.chunks_exact(self.patch);
        let rows = rows.zip(&self.parameters.biases).skip(first);
        for (out, (weights, bias)) in out.iter_mut().zip(rows) {
            *out = self.sum(*bias, input, weights);
        }
    }

    #[inline]
    fn sum(&self, bias: i32, input: &[u8], weights: &[i8]) -> i32 {
        match self.instructions {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an engine is only made for instructions that the processor has.
            Instructions::Avx2 => unsafe { sum_avx2(bias, input, weights) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Instructions::Avx512Vnni => unsafe { sum_vnni(bias, input, weights) },
            _ => sum(bias, input, weights),
        }
    }
}

/// [`sum`], with products of words.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn sum_avx2(bias: i32, input: &[u8], weights: &[i8]) -> i32 {
    use core::arch::x86_64::*;
    let (values, signed) = (input.chunks_exact(32), weights.chunks_exact(32));
    let rest = sum(bias, values.remainder(), signed.remainder());
    let mut lanes = [_mm256_setzero_si256(); 2];
    for (values, weights) in values.zip(signed) {
        for (half, lane) in lanes.iter_mut().enumerate() {
            // SAFETY: both pieces have 32 bytes, of which half `half` is read.
            let (v, w) = unsafe {
                (
                    _mm_loadu_si128(values.as_ptr().add(16 * half).cast()),
                    _mm_loadu_si128(weights.as_ptr().add(16 * half).cast()),
                )
            };
            let products = _mm256_madd_epi16(_mm256_cvtepu8_epi16(v), _mm256_cvtepi8_epi16(w));
            *lane = _mm256_add_epi32(*lane, products);
        }
    }
    let [a, b] = lanes;
    let mut lanes = [0i32; 8];
    // SAFETY: there is room for eight sums.
    unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), _mm256_add_epi32(a, b)) };
    lanes.iter().fold(rest, |sum, lane| sum.wrapping_add(*lane))
}

/// [`sum`], with products of bytes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn sum_vnni(bias: i32, input: &[u8], weights: &[i8]) -> i32 {
    use core::arch::x86_64::*;
    let (values, signed) = (input.chunks_exact(128), weights.chunks_exact(128));
    let rest = sum(bias, values.remainder(), signed.remainder());
    let mut lanes = [_mm512_setzero_si512(); 2];
    for (values, weights) in values.zip(signed) {
        for (half, lane) in lanes.iter_mut().enumerate() {
            // SAFETY: both pieces have 128 bytes, of which half `half` is read.
            let (v, w) = unsafe {
                (
                    _mm512_loadu_si512(values.as_ptr().add(64 * half).cast()),
                    _mm512_loadu_si512(weights.as_ptr().add(64 * half).cast()),
                )
            };
            *lane = _mm512_dpbusd_epi32(*lane, v, w);
        }
    }
    let [a, b] = lanes;
    rest.wrapping_add(_mm512_reduce_add_epi32(_mm512_add_epi32(a, b)))
}
