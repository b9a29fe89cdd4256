//! Exact area resampling in integers.
//!
//! Source and target pixels are laid over each other on a line of
//! `side × size` units, where a source pixel has `size` units and a target
//! pixel `side`. All overlaps are whole numbers, so the weighted sums are
//! exact and the only rounding is the last one. It works in both directions:
//! a target pixel smaller than a source pixel takes its grey.

use crate::GreyImage;

/// Where a source pixel and a target pixel of a line lie over each other.
struct Overlap {
    source: usize,
    target: usize,
    /// Over how many units.
    units: u32,
}

/// The centre square of `image`, resampled to `size` × `size` greys.
pub(super) fn resample_square(image: &GreyImage, size: u32) -> Vec<u8> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let side = width.min(height);
    let (left, top) = ((width - side) / 2, (height - side) / 2);
    let size = size as usize;
    // Rows and columns overlap alike: this is divided once, and not for each pixel.
    let line = overlaps(side, size);
    let targets: Vec<&[Overlap]> = line.chunk_by(|one, next| one.target == next.target).collect();
    let total = (side * side) as u64;
    let mut greys = Vec::with_capacity(size * size);
    // Whole rows first, which is most of the work, and many pixels at a time.
    let mut down = vec![0u64; side];
    for rows in &targets {
        down.fill(0);
        for Overlap { source, units, .. } in *rows {
            let start = (top + source) * width + left;
            let row = image.pixels().get(start..start + side).unwrap_or_default();
            add(&mut down, row, *units);
        }
        for columns in &targets {
            let sums = columns.iter().map(|one| u64::from(one.units) * down[one.source]);
            greys.push(((2 * sums.sum::<u64>() + total) / (2 * total)) as u8);
        }
    }
    greys
}

/// Adds a row of greys, weighted alike.
fn add(sums: &mut [u64], row: &[u8], weight: u32) {
    for (sum, grey) in sums.iter_mut().zip(row) {
        // The weights of a sum add up to the side of an image: far below the limit. A check for
        // each pixel would keep the compiler from adding several at a time.
        *sum = sum.wrapping_add(u64::from(weight) * u64::from(*grey));
    }
}

/// The overlaps of `side` source pixels and `size` target pixels, in order.
fn overlaps(side: usize, size: usize) -> Vec<Overlap> {
    let mut line = Vec::with_capacity(side + size);
    for source in 0..side {
        let (mut at, end) = (source * size, (source + 1) * size);
        while at < end {
            let target = at / side;
            let next = ((target + 1) * side).min(end);
            // No more than a source pixel has, which is `size`.
            line.push(Overlap { source, target, units: (next - at) as u32 });
            at = next;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, height: u32, pixels: &[u8]) -> GreyImage {
        GreyImage::new(width, height, pixels.to_vec()).unwrap()
    }

    #[test]
    fn the_same_size_is_the_same_image() {
        let pixels: Vec<u8> = (0..=255).collect();
        assert_eq!(resample_square(&grey(16, 16, &pixels), 16), pixels);
    }

    #[test]
    fn halving_averages_and_rounds_half_up() {
        let image = grey(2, 2, &[0, 0, 1, 1]);
        assert_eq!(resample_square(&image, 1), [1]);
        let image = grey(2, 2, &[0, 0, 0, 1]);
        assert_eq!(resample_square(&image, 1), [0]);
    }

    #[test]
    fn thirds_are_shared_between_neighbours() {
        // Three pixels to two: each target has one pixel and a half.
        let row = [0, 90, 240];
        let image = grey(3, 3, &[row, row, row].concat());
        assert_eq!(resample_square(&image, 2), [30, 190, 30, 190]);
    }

    #[test]
    fn enlarging_repeats() {
        let image = grey(2, 2, &[10, 20, 30, 40]);
        let expected = [10, 10, 20, 20, 10, 10, 20, 20, 30, 30, 40, 40, 30, 30, 40, 40];
        assert_eq!(resample_square(&image, 4), expected);
    }

    #[test]
    fn the_middle_of_the_longer_side_is_taken() {
        assert_eq!(resample_square(&grey(4, 1, &[1, 2, 3, 4]), 1), [2]);
        assert_eq!(resample_square(&grey(1, 5, &[1, 2, 3, 4, 5]), 1), [3]);
    }

    #[test]
    fn white_stays_white_at_every_size() {
        for side in [1u32, 7, 223, 224, 225, 1000] {
            let image = grey(side, side, &vec![255; (side * side) as usize]);
            assert!(resample_square(&image, 224).iter().all(|v| *v == 255));
        }
    }

    /// Every overlap of every pixel, as the definition has it.
    fn by_definition(image: &GreyImage, size: u64) -> Vec<u8> {
        let (width, height) = (u64::from(image.width()), u64::from(image.height()));
        let side = width.min(height);
        let (left, top) = ((width - side) / 2, (height - side) / 2);
        let overlap = |source: u64, target: u64| {
            let end = ((source + 1) * size).min((target + 1) * side);
            end.saturating_sub((source * size).max(target * side))
        };
        let mut greys = Vec::new();
        for (row, column) in (0..size).flat_map(|row| (0..size).map(move |column| (row, column))) {
            let mut sum = 0;
            for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
                let grey = image.pixels()[((top + y) * width + left + x) as usize];
                sum += overlap(y, row) * overlap(x, column) * u64::from(grey);
            }
            greys.push(((2 * sum + side * side) / (2 * side * side)) as u8);
        }
        greys
    }

    #[test]
    fn every_size_is_resampled_as_the_definition_says() {
        for (width, height) in [(1, 1), (5, 3), (16, 16), (17, 40), (31, 29), (64, 9)] {
            let pixels: Vec<u8> = (0..width * height).map(|at| (at * 89 % 251) as u8).collect();
            let image = grey(width, height, &pixels);
            for size in [1, 2, 7, 16, 23] {
                let greys = resample_square(&image, size);
                assert_eq!(greys, by_definition(&image, size.into()), "{width}x{height} to {size}");
            }
        }
    }
}
