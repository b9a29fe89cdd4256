//! A radiograph that no person ever had, for the demo and the tests.
//!
//! Two dark lungs in a bright chest, a spine, ribs, a heart and noise: enough
//! to look like the real thing from afar. Integer arithmetic alone, so that
//! every machine draws the same bytes. `models/` draws the same image in
//! Python.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::GreyImage;

/// Draws a synthetic radiograph of `width` × `height` pixels; the seed moves
/// heart, ribs and noise.
pub fn synthetic_radiograph(seed: u64, width: u32, height: u32) -> GreyImage {
    let (width, height) = (width.clamp(1, 4096), height.clamp(1, 4096));
    let film = Film::new(seed);
    let mut pixels = Vec::with_capacity((width * height) as usize);
    for y in 0..height {
        for x in 0..width {
            // Thousandths of the film, from the upper left corner.
            let (u, v) = (at(x, width), at(y, height));
            pixels.push(film.grey(u, v, u64::from(y) * u64::from(width) + u64::from(x)));
        }
    }
    GreyImage { width, height, pixels }
}

/// The synthetic radiograph of 512 × 512 pixels as an 8-bit grey PNG.
pub fn synthetic_radiograph_png(seed: u64) -> Vec<u8> {
    let image = synthetic_radiograph(seed, 512, 512);
    let mut png = Cursor::new(Vec::new());
    // Writing to memory fails for no image of this size and kind.
    let written = PngEncoder::new(&mut png).write_image(
        image.pixels(),
        image.width(),
        image.height(),
        ExtendedColorType::L8,
    );
    match written {
        Ok(()) => png.into_inner(),
        Err(_) => Vec::new(),
    }
}

fn at(place: u32, length: u32) -> i64 {
    i64::from(place) * 1000 / i64::from(length)
}

struct Film {
    seed: u64,
    heart_x: i64,
    heart_width: i64,
    rib_phase: i64,
    exposure: i64,
}

impl Film {
    fn new(seed: u64) -> Self {
        let draw = |slot: u64, range: u64| (mix(seed ^ slot.wrapping_mul(0x9e37)) % range) as i64;
        Self {
            seed,
            heart_x: 540 + draw(1, 40),
            heart_width: 120 + draw(2, 40),
            rib_phase: draw(3, 90),
            exposure: draw(4, 25) - 12,
        }
    }

    /// The grey of the point (u, v) in thousandths; `index` seeds its noise.
    fn grey(&self, u: i64, v: i64, index: u64) -> u8 {
        let mut grey = 30;
        // The trunk: brighter towards the middle and the abdomen.
        let trunk = inside(u, v, 500, 620, 470, 640);
        if trunk > 0 {
            grey = 95 + trunk * 70 / 1000 + v / 25;
        }
        // The lungs.
        for centre in [310, 690] {
            let lung = inside(u, v, centre, 470, 165, 330);
            grey -= lung.min(500) * 150 / 500;
        }
        // Ribs: arcs that fall off to the sides.
        let side = (u - 500).abs();
        let arc = (v + side * side / 1400 + self.rib_phase).rem_euclid(90);
        if (120..800).contains(&v) && (60..430).contains(&side) && arc < 22 {
            grey += 26;
        }
        // The spine and the heart.
        if (u - 500).abs() < 38 {
            grey += 40;
        }
        grey += inside(u, v, self.heart_x, 600, self.heart_width, 170).min(400) * 85 / 400;
        // The collarbones.
        let bone = 150 + side / 6;
        if (v - bone).abs() < 13 && (40..400).contains(&side) {
            grey += 35;
        }
        let noise = (mix(self.seed ^ index.wrapping_mul(0xd129_0ddf)) % 13) as i64 - 6;
        (grey + self.exposure + noise).clamp(0, 255) as u8
    }
}

/// How deep (u, v) lies in an ellipse: 1000 in its centre, 0 outside.
fn inside(u: i64, v: i64, centre_u: i64, centre_v: i64, radius_u: i64, radius_v: i64) -> i64 {
    let du = (u - centre_u) * 1000 / radius_u;
    let dv = (v - centre_v) * 1000 / radius_v;
    (1000 - (du * du + dv * dv) / 1000).max(0)
}

/// SplitMix64 (Steele, Lea, Flood 2014): a hash of 64 bits.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
