//! From stored values to greys: modality, values of interest, presentation (PS3.4, annex N).

use super::{
    corrupt,
    header::{Function, Header, Lut, Photometric, Window},
    unsupported, FORMAT,
};
use crate::decode::{
    samples::{ensure_full_range, Content},
    DecodeError, GreyImage,
};

/// The greys that a workstation shows first.
pub(super) fn show(header: &Header, content: Content) -> Result<GreyImage, DecodeError> {
    let pixels: Vec<u8> = match content {
        // Colours have no window.
        Content::Greys(image) if header.samples == 3 => return Ok(image),
        Content::Greys(image) => {
            let (table, mask) = (table(header), (1usize << header.stored) - 1);
            let grey = |value: &u8| table[usize::from(*value) >> header.shift & mask];
            image.pixels.iter().map(grey).collect()
        }
        Content::Wide(samples) => {
            let mask = ((1u32 << header.stored) - 1) as u16;
            let stored = |value: &u16| (value >> header.shift) & mask;
            if says_nothing_but_sixteen_bits(header) {
                let most = samples.values.iter().map(stored).max().unwrap_or(0);
                ensure_full_range(FORMAT, most)?;
            }
            let table = table(header);
            samples.values.iter().map(|value| table[usize::from(stored(value))]).collect()
        }
    };
    ensure_visible(&pixels)?;
    GreyImage::new(header.width, header.height, pixels).ok_or_else(|| corrupt("it has no pixels"))
}

/// Fewer greys than this between the darkest and the brightest pixel are no picture.
const LEAST_CONTRAST: u8 = 24;

/// Refuses a film of which its own window shows hardly anything.
///
/// What a model says about a black square is worth nothing, and nothing would hint at why.
fn ensure_visible(pixels: &[u8]) -> Result<(), DecodeError> {
    let darkest = pixels.iter().copied().min().unwrap_or(0);
    let brightest = pixels.iter().copied().max().unwrap_or(0);
    if brightest - darkest >= LEAST_CONTRAST {
        return Ok(());
    }
    Err(unsupported(format!(
        "its window does not fit its values, so that hardly anything is visible (greys \
         {darkest} to {brightest} of 255); set the window where films are read, and export the \
         film again as DICOM, PNG or JPEG"
    )))
}

/// Whether nothing in the header says which of 16 bits count.
fn says_nothing_but_sixteen_bits(header: &Header) -> bool {
    let is_mapped = header.window.is_some()
        || header.voi_lut.is_some()
        || header.modality_lut.is_some()
        || header.is_rescaled;
    header.stored == 16 && !header.is_signed && !is_mapped
}

/// The grey of every stored value, by its bits.
fn table(header: &Header) -> Vec<u8> {
    let (least, most) = header.range();
    let (low, high) = ends(header, least, most);
    let count = 1usize << header.stored;
    let mut table = vec![0; count.max(256)];
    for value in least..=most {
        let modality = modality(header, value);
        let shown = match (&header.voi_lut, header.window) {
            (Some(lut), _) => share(lut, modality.floor() as i32),
            (None, Some(window)) => windowed(window, modality),
            // Everything that the header lets the film have.
            (None, None) if high > low => (modality - low) / (high - low),
            (None, None) => 0.0,
        };
        let grey = (shown.clamp(0.0, 1.0) * 255.0 + 0.5).floor() as u8;
        let grey = match header.photometric {
            Photometric::Monochrome1 => 255 - grey,
            _ => grey,
        };
        table[value as usize & (count - 1)] = grey;
    }
    table
}

/// The least and the largest value after the modality's mapping.
fn ends(header: &Header, least: i32, most: i32) -> (f64, f64) {
    match &header.modality_lut {
        Some(lut) => (0.0, f64::from((1u32 << lut.bits) - 1)),
        None => {
            let (a, b) = (modality(header, least), modality(header, most));
            (a.min(b), a.max(b))
        }
    }
}

fn modality(header: &Header, value: i32) -> f64 {
    match &header.modality_lut {
        Some(lut) => f64::from(entry(lut, value)),
        None => f64::from(value) * header.slope + header.intercept,
    }
}

/// What a table maps a value to; values outside get that at the nearer end.
fn entry(lut: &Lut, value: i32) -> u16 {
    let last = lut.entries.len().saturating_sub(1);
    let at = value.saturating_sub(lut.first).clamp(0, last as i32);
    lut.entries.get(at as usize).copied().unwrap_or(0)
}

fn share(lut: &Lut, value: i32) -> f64 {
    f64::from(entry(lut, value)) / f64::from((1u32 << lut.bits) - 1)
}

/// The share of white that a window gives a value (PS3.3, C.11.2.1.2 and C.11.2.1.3).
fn windowed(window: Window, value: f64) -> f64 {
    let Window { centre, width, function } = window;
    match function {
        Function::Linear if width > 1.0 => (value - (centre - 0.5)) / (width - 1.0) + 0.5,
        Function::Linear => f64::from(value > centre - 0.5),
        Function::LinearExact => (value - centre) / width + 0.5,
        Function::Sigmoid => 1.0 / (1.0 + exp(-4.0 * (value - centre) / width)),
    }
}

/// e to the power of `x`, by operations that every machine rounds alike.
///
/// The library's exponential may differ between machines in the last digit, and with it a
/// grey, which a dispute about a verdict could be lost over.
fn exp(x: f64) -> f64 {
    // Divided by 2^10, the series ends after few terms; then it is squared ten times.
    let small = x.clamp(-80.0, 80.0) / 1024.0;
    let mut sum = 1.0;
    for n in (1..=12).rev() {
        sum = 1.0 + small / f64::from(n) * sum;
    }
    (0..10).fold(sum, |power, _| power * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(stored: u8) -> Header {
        Header {
            width: 1,
            height: 1,
            samples: 1,
            is_planar: false,
            photometric: Photometric::Monochrome2,
            allocated: 16,
            stored,
            shift: 0,
            is_signed: false,
            slope: 1.0,
            intercept: 0.0,
            is_rescaled: false,
            modality_lut: None,
            voi_lut: None,
            window: None,
        }
    }

    fn window(centre: f64, width: f64, function: Function) -> Option<Window> {
        Some(Window { centre, width, function })
    }

    #[test]
    fn without_a_window_all_bits_are_shown() {
        for stored in 1..=16 {
            let table = table(&header(stored));
            let white = (1u32 << stored) - 1;
            for value in 0..=white {
                let expected = crate::decode::samples::scale(value, white);
                assert_eq!(table[value as usize], expected, "{value} of {white}");
            }
        }
    }

    #[test]
    fn the_window_over_all_values_changes_nothing() {
        let plain = table(&header(12));
        let shown = Header { window: window(2048.0, 4096.0, Function::Linear), ..header(12) };
        assert_eq!(table(&shown), plain);
    }

    #[test]
    fn windows_are_those_of_the_standard() {
        let linear = window(100.0, 51.0, Function::Linear);
        let shown = table(&Header { window: linear, ..header(12) });
        assert_eq!((shown[74], shown[75], shown[124], shown[125]), (0, 3, 252, 255));
        assert_eq!((shown[99], shown[100]), (125, 130));
        let exact = window(100.0, 50.0, Function::LinearExact);
        let shown = table(&Header { window: exact, ..header(12) });
        assert_eq!((shown[75], shown[100], shown[125]), (0, 128, 255));
        let sigmoid = window(100.0, 50.0, Function::Sigmoid);
        let shown = table(&Header { window: sigmoid, ..header(12) });
        assert_eq!(
            (shown[0], shown[75], shown[100], shown[125], shown[200]),
            (0, 30, 128, 225, 255)
        );
        let step = window(100.0, 1.0, Function::Linear);
        let shown = table(&Header { window: step, ..header(12) });
        assert_eq!((shown[99], shown[100]), (0, 255));
    }

    #[test]
    fn rescaling_signs_and_inversion_work() {
        let plain = table(&header(12));
        let inverted = Header { photometric: Photometric::Monochrome1, ..header(12) };
        let inverted = table(&inverted);
        let falling = table(&Header { slope: -1.0, intercept: 4095.0, ..header(12) });
        for value in 0..4096 {
            assert_eq!(inverted[value], 255 - plain[value]);
            assert_eq!(falling[value], plain[4095 - value]);
        }
        let signed = table(&Header { is_signed: true, ..header(12) });
        assert_eq!((signed[0x800], signed[0], signed[0x7ff]), (0, 128, 255));
        let shown = Header {
            is_signed: true,
            slope: 2.0,
            intercept: -1000.0,
            window: window(-1000.0, 4096.0, Function::LinearExact),
            ..header(12)
        };
        let shown = table(&shown);
        assert_eq!((shown[0x800], shown[0], shown[0x7ff], shown[0x200]), (0, 128, 255, 191));
    }

    #[test]
    fn tables_are_looked_up() {
        let lut = Lut { first: 10, bits: 8, entries: vec![255, 51, 0] };
        let voi = table(&Header { voi_lut: Some(lut.clone()), ..header(12) });
        assert_eq!([voi[0], voi[10], voi[11], voi[12], voi[4095]], [255, 255, 51, 0, 0]);
        let modality = table(&Header { modality_lut: Some(lut), ..header(12) });
        assert_eq!(modality[9..13], [255, 255, 51, 0]);
    }

    #[test]
    fn the_exponential_is_exact_enough() {
        for x in [-50.0, -3.7, -1.0, -0.001, 0.0, 0.5, 1.0, 2.25, 40.0f64] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-11, "{x}");
        }
    }
}
