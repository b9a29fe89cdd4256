//! From sums to activations, and where they go.

use crate::Parameters;

/// What turns the sums of a block of `N` channels into activations. Sums come scaled by
/// a power of two, at least by two.
pub(super) struct Block<const N: usize> {
    pub(super) biases: [i32; N],
    pub(super) shifts: [i32; N],
}

/// The blocks of all channels. `bits` is the power of two by which sums are scaled.
pub(super) fn blocks<const N: usize>(parameters: &Parameters, bits: u8) -> Vec<Block<N>> {
    let numbers = parameters.biases.chunks(N).zip(parameters.shifts.chunks(N));
    numbers
        .map(|(biases, shifts)| {
            let mut block = Block { biases: [0; N], shifts: [i32::from(bits); N] };
            for (to, from) in block.biases.iter_mut().zip(biases) {
                *to = from << bits;
            }
            for (to, from) in block.shifts.iter_mut().zip(shifts) {
                *to = i32::from(from + bits);
            }
            block
        })
        .collect()
}

impl<const N: usize> Block<N> {
    /// [`crate::activation`] of each sum.
    #[inline(always)]
    pub(super) fn activations(&self, sums: &[i32; N], limit: i32) -> [u8; N] {
        let mut out = [0; N];
        for ((out, sum), shift) in out.iter_mut().zip(sums).zip(&self.shifts) {
            let half = (1i32 << (shift - 1)) - 1;
            let odd = (sum >> shift) & 1;
            let rounded = sum.wrapping_add(half).wrapping_add(odd) >> shift;
            *out = rounded.clamp(0, limit) as u8;
        }
        out
    }
}

/// Rows of an output, pooled or not.
pub(super) struct Place<'a> {
    /// What the rows become; zero where nothing was written.
    pub(super) out: &'a mut [u8],
    /// Channels of the output.
    pub(super) outputs: usize,
    /// Pixels of an output row before pooling.
    pub(super) width: usize,
    pub(super) pool: bool,
}

impl Place<'_> {
    /// Writes one pixel's channels, from channel `from` on; what is beyond the last one is
    /// left out. `y` counts from the first of these rows.
    #[inline(always)]
    pub(super) fn put<const N: usize>(&mut self, y: usize, x: usize, from: usize, new: &[u8; N]) {
        let (y, x, width) =
            if self.pool { (y / 2, x / 2, self.width / 2) } else { (y, x, self.width) };
        let start = (y * width + x) * self.outputs + from;
        let count = N.min(self.outputs.saturating_sub(from));
        let Some(to) = self.out.get_mut(start..start + count) else { return };
        if let Ok(to) = <&mut [u8; N]>::try_from(&mut *to) {
            // With a length that the compiler knows.
            if self.pool {
                to.iter_mut().zip(new).for_each(|(to, new)| *to = (*to).max(*new));
            } else {
                *to = *new;
            }
        } else {
            to.iter_mut().zip(new).for_each(|(to, new)| {
                *to = if self.pool { (*to).max(*new) } else { *new };
            });
        }
    }
}
