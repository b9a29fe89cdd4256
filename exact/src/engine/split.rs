//! How a convolution is shared out among threads.
//!
//! Where there are many rows, each piece is a band of them. Where there are few, as in the
//! last layers, a piece is some of the output channels instead: each thread then reads its
//! part of the weights alone, of which these layers have the most.

use std::ops::Range;

use rayon::prelude::*;

use super::Convolution;

/// Some rows and channels of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Rows before pooling.
    pub(super) rows: Range<usize>,
    /// Channels, from the first one of a block on.
    pub(super) channels: Range<usize>,
}

/// Sizes of an output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// Rows before pooling.
    pub(super) rows: usize,
    /// Rows before pooling that become one.
    pub(super) fold: usize,
    /// Pixels of a row after pooling.
    pub(super) width: usize,
    pub(super) channels: usize,
}

impl Output {
    /// Bytes of a piece.
    fn len(&self, piece: &Piece) -> usize {
        piece.rows.len() / self.fold * self.width * piece.channels.len()
    }
}

/// `count` ranges, as equal as can be, of multiples of `unit` below `end`.
fn ranges(end: usize, unit: usize, count: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let units = end.div_ceil(unit);
    let count = count.clamp(1, units.max(1));
    let at = move |number: usize| end.min(number * units / count * unit);
    (0..count).map(move |number| at(number)..at(number + 1))
}

/// The pieces of an output, band after band.
///
/// `unit` and `band` are those of the [`Convolution`].
fn pieces(output: &Output, [unit, block]: [usize; 2], band: usize, threads: usize) -> Vec<Piece> {
    let bands = output.rows.div_ceil(band);
    // As many as can be shared equally.
    let (bands, groups) = if bands < threads {
        (bands, threads.div_ceil(bands))
    } else {
        (bands.next_multiple_of(threads), 1)
    };
    let rows = ranges(output.rows, unit.next_multiple_of(output.fold), bands);
    let channels = ranges(output.channels, block, groups);
    rows.flat_map(|rows| {
        channels.clone().map(move |channels| Piece { rows: rows.clone(), channels })
    })
    .collect()
}

/// Computes all pieces, on so many threads of the pool that this runs in.
pub(super) fn compute(
    convolution: &dyn Convolution,
    input: &[u8],
    output: &Output,
    out: &mut [u8],
    threads: usize,
) {
    let pieces = pieces(output, convolution.unit(), convolution.band(), threads);
    if pieces.iter().all(|piece| piece.channels.len() == output.channels) {
        let mut rest = out;
        let mut work = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let (own, others) = rest.split_at_mut(output.len(&piece));
            work.push((piece, own));
            rest = others;
        }
        let one = |(piece, out): (Piece, &mut [u8])| convolution.compute(input, &piece, out);
        if threads > 1 {
            work.into_par_iter().with_max_len(1).for_each(one);
        } else {
            work.into_iter().for_each(one);
        }
        return;
    }
    let computed: Vec<(Piece, Vec<u8>)> = pieces
        .into_par_iter()
        .with_max_len(1)
        .map(|piece| {
            let mut out = vec![0; output.len(&piece)];
            convolution.compute(input, &piece, &mut out);
            (piece, out)
        })
        .collect();
    for (piece, values) in computed {
        let first = piece.rows.start / output.fold * output.width;
        let pixels = out.chunks_exact_mut(output.channels).skip(first);
        for (to, from) in pixels.zip(values.chunks_exact(piece.channels.len())) {
            to[piece.channels.clone()].copy_from_slice(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_value_is_in_one_piece(
            size in 1usize..70,
            pool: bool,
            channels in 1usize..600,
            unit in prop_oneof![Just(1usize), Just(2), Just(4)],
            block in prop_oneof![Just(8usize), Just(16), Just(32)],
            band in 1usize..60,
            threads in 1usize..40,
        ) {
            let fold = if pool { 2 } else { 1 };
            let output = Output { rows: size * fold, fold, width: size, channels };
            let pieces = pieces(&output, [unit, block], band, threads);
            let mut seen = vec![0; output.rows * channels];
            for piece in &pieces {
                prop_assert!(piece.rows.start % unit.max(fold) == 0 && piece.rows.len() % fold == 0);
                prop_assert!(piece.channels.start % block == 0);
                prop_assert!(!piece.rows.is_empty() && !piece.channels.is_empty());
                for row in piece.rows.clone() {
                    piece.channels.clone().for_each(|channel| seen[row * channels + channel] += 1);
                }
            }
            prop_assert!(seen.into_iter().all(|times| times == 1));
        }
    }

    #[test]
    fn two_threads_get_equal_shares() {
        let of = |rows: usize, band: usize| {
            let output = Output { rows, fold: 1, width: rows, channels: 512 };
            pieces(&output, [1, 32], band, 2)
        };
        let bands: Vec<usize> = of(112, 18).iter().map(|piece| piece.rows.len()).collect();
        assert_eq!(bands, [14; 8]);
        let groups: Vec<_> = of(14, 14).into_iter().map(|piece| piece.channels).collect();
        assert_eq!(groups, [0..256, 256..512]);
    }
}
