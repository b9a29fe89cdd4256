//! Colours and transparency to 8-bit grey, in integers.

use super::samples::scale;

/// The weights of ITU-R BT.601, in thousandths, rounded half up.
pub(crate) fn luma([r, g, b]: [u8; 3]) -> u8 {
    let sum = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) + 500;
    (sum / 1000) as u8
}

/// 16 bit to 8 bit, rounded: 65535 becomes 255.
pub(crate) fn narrow(value: u16) -> u8 {
    scale(value.into(), 65_535)
}

/// A pixel laid over black.
fn over_black(grey: u8, alpha: u8) -> u8 {
    ((u32::from(grey) * u32::from(alpha) + 127) / 255) as u8
}

/// Greys with the transparency of each, in rows of `width`, as the film that is meant.
///
/// A shutter that is cut out becomes black. But an image of which everything is
/// transparent has a fourth byte that nobody set; and where exactly the pixels of one
/// grey are transparent, also inside the film, an optimiser has made a colour transparent,
/// and burnt-out bone must not turn black. Such alpha means nothing, and is ignored.
pub(crate) fn settle(mut greys: Vec<u8>, alpha: &[u8], width: u32) -> Vec<u8> {
    let is_unset = alpha.iter().all(|a| *a == 0);
    if is_unset || (is_colour_key(&greys, alpha) && !is_cut_out(alpha, width as usize)) {
        return greys;
    }
    for (grey, alpha) in greys.iter_mut().zip(alpha) {
        *grey = over_black(*grey, *alpha);
    }
    greys
}

/// Whether the transparent pixels are all those of one grey.
fn is_colour_key(greys: &[u8], alpha: &[u8]) -> bool {
    let Some(key) = alpha.iter().position(|a| *a == 0).map(|at| greys[at]) else { return false };
    let fits = |(grey, alpha): (&u8, &u8)| *alpha == if *grey == key { 0 } else { 255 };
    greys.iter().zip(alpha).all(fits)
}

/// Whether nothing but transparent pixels lies between each of them and an edge, along its
/// row or its column: the outside of a shutter.
fn is_cut_out(alpha: &[u8], width: usize) -> bool {
    let rows = || alpha.chunks_exact(width.max(1));
    let height = rows().len();
    let run = |pixels: &mut dyn Iterator<Item = &u8>| pixels.take_while(|a| **a == 0).count();
    let column = |x: usize| alpha[x..].iter().step_by(width);
    let columns: Vec<(usize, usize)> =
        (0..width).map(|x| (run(&mut column(x)), run(&mut column(x).rev()))).collect();
    rows().enumerate().all(|(y, row)| {
        let (left, right) = (run(&mut row.iter()), run(&mut row.iter().rev()));
        row.iter().zip(&columns).enumerate().all(|(x, (alpha, (above, below)))| {
            let is_outside = x < left || x >= width - right || y < *above || y >= height - *below;
            *alpha != 0 || is_outside
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extremes_and_the_middle_are_kept() {
        assert_eq!(luma([255, 255, 255]), 255);
        assert_eq!(luma([0, 0, 0]), 0);
        assert_eq!(luma([255, 0, 0]), 76);
        assert_eq!(narrow(65_535), 255);
        assert_eq!(narrow(0x8080), 128);
        assert_eq!(narrow(128), 0);
        assert_eq!(narrow(129), 1);
        assert_eq!(over_black(200, 255), 200);
        assert_eq!(over_black(200, 0), 0);
    }

    #[test]
    fn grey_colours_keep_their_grey() {
        for v in 0..=255u8 {
            assert_eq!(luma([v, v, v]), v);
            assert_eq!(narrow(u16::from(v) * 257), v);
        }
    }

    #[test]
    fn transparency_that_means_nothing_is_ignored() {
        #[rustfmt::skip]
        let greys = vec![
            7,   7,   7,   7,
            7,   255, 80,  7,
            7,   90,  255, 7,
            7,   7,   7,   7,
        ];
        let over = |hidden: &[usize]| {
            let alpha: Vec<u8> =
                (0..16).map(|at| if hidden.contains(&at) { 0 } else { 255 }).collect();
            settle(greys.clone(), &alpha, 4)
        };
        let black = |hidden: &[usize]| {
            let mut greys = greys.clone();
            hidden.iter().for_each(|at| greys[*at] = 0);
            greys
        };
        // Nobody set it, or it marks white.
        let all: Vec<usize> = (0..16).collect();
        assert_eq!(over(&all), greys);
        assert_eq!(over(&[5, 10]), greys);
        assert_eq!(over(&[]), greys);
        // One of two white pixels, and a shutter of one grey.
        assert_eq!(over(&[5]), black(&[5]));
        let edge = [0, 1, 2, 3, 4, 7, 8, 11, 12, 13, 14, 15];
        assert_eq!(over(&edge), black(&edge));
        let half: Vec<u8> = greys.iter().map(|grey| if *grey == 80 { 128 } else { 255 }).collect();
        assert_eq!(settle(greys, &half, 4)[6], 40);
    }
}
