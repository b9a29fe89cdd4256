//! Whatever stands in a file, decoding and cleaning it ends, without a panic, and within the
//! memory that is promised.
//!
//! `make fuzz` tries a million files.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use image::{codecs::tiff::TiffEncoder, ExtendedColorType, ImageEncoder as _};
use medchain_vision::{decode, deidentify, synthetic_radiograph, MAX_DECODE_BYTES};
use proptest::prelude::*;

/// The system's allocator, which counts for each thread.
struct Counting;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(0) };
    static PEAK: Cell<i64> = const { Cell::new(0) };
}

fn count(change: i64) {
    // While a thread ends, nothing is counted.
    let _ = NOW.try_with(|now| {
        now.set(now.get() + change);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(now.get())));
    });
}

#[expect(unsafe_code, reason = "the interface of allocators")]
// SAFETY: every call is the system allocator's, with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that were allocated at a time within `work`, besides those before it.
fn peak<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = NOW.with(Cell::get);
    PEAK.with(|peak| peak.set(before));
    let done = work();
    (done, (PEAK.with(Cell::get) - before) as u64)
}

/// One small file of every kind that is read.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for folder in ["tests/fixtures", "../models/fixtures"] {
        let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let is_image =
            |path: &std::path::PathBuf| path.extension().is_some_and(|e| e != "py" && e != "json");
        let files = paths.into_iter().filter(|path| path.is_file() && is_image(path));
        seeds.extend(files.map(|path| std::fs::read(path).unwrap()));
    }
    let film = synthetic_radiograph(2, 40, 30);
    let mut tiff = std::io::Cursor::new(Vec::new());
    TiffEncoder::new(&mut tiff).write_image(film.pixels(), 40, 30, ExtendedColorType::L8).unwrap();
    seeds.push(tiff.into_inner());
    let mut bmp = Vec::new();
    image::codecs::bmp::BmpEncoder::new(&mut bmp)
        .encode(film.pixels(), 40, 30, ExtendedColorType::L8)
        .unwrap();
    seeds.push(bmp);
    let mut webp = Vec::new();
    let rgb: Vec<u8> = film.pixels().iter().flat_map(|grey| [*grey; 3]).collect();
    image::codecs::webp::WebPEncoder::new_lossless(&mut webp)
        .encode(&rgb, 40, 30, ExtendedColorType::Rgb8)
        .unwrap();
    seeds.push(webp);
    let pgm = [b"P5 40 30 255\n".as_slice(), film.pixels()].concat();
    seeds.push(pgm);
    // The bare frames of DICOM files are files of their own.
    let frames: Vec<Vec<u8>> = seeds
        .iter()
        .filter_map(|seed| {
            let marks: [&[u8]; 2] = [b"\xff\xd8\xff", b"\xff\x4f\xff\x51"];
            let inside = |mark: &&[u8]| seed.windows(mark.len()).skip(1).position(|w| *w == **mark);
            marks.iter().find_map(inside).map(|at| seed[at + 1..].to_vec())
        })
        .collect();
    seeds.extend(frames);
    seeds
}

/// What is done to a file.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Number(usize, u32, bool),
    Cut(usize),
    Repeat(usize, usize, usize),
    Remove(usize, usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len().max(1);
        match *self {
            Self::Set(at, value) => {
                if let Some(byte) = bytes.get_mut(at % length) {
                    *byte = value;
                }
            }
            Self::Number(at, value, big) => {
                let four = if big { value.to_be_bytes() } else { value.to_le_bytes() };
                let at = at % length;
                if let Some(place) = bytes.get_mut(at..at + 4) {
                    place.copy_from_slice(&four);
                }
            }
            Self::Cut(at) => bytes.truncate(at % length),
            Self::Repeat(from, to, size) => {
                let (from, to) = (from % length, to % length);
                let part = bytes[from..(from + size).min(bytes.len())].to_vec();
                bytes.splice(to..to, part);
            }
            Self::Remove(at, size) => {
                let at = at % length;
                bytes.drain(at.min(bytes.len())..(at + size).min(bytes.len()));
            }
        }
    }
}

/// Most of what matters stands at the beginning.
fn at() -> impl Strategy<Value = usize> {
    prop_oneof![0..64usize, 0..1200usize, any::<usize>()]
}

fn change() -> impl Strategy<Value = Change> {
    let number = prop_oneof![
        any::<u32>(),
        0..70_000u32,
        (0..32u32).prop_map(|bit| (1u64 << bit) as u32),
        (0..16u32).prop_map(|less| u32::MAX - less),
    ];
    prop_oneof![
        4 => (at(), any::<u8>()).prop_map(|(at, value)| Change::Set(at, value)),
        3 => (at(), number, any::<bool>())
            .prop_map(|(at, value, big)| Change::Number(at, value, big)),
        1 => at().prop_map(Change::Cut),
        1 => (at(), at(), 0..300usize).prop_map(|(from, to, size)| Change::Repeat(from, to, size)),
        1 => (at(), 0..300usize).prop_map(|(at, size)| Change::Remove(at, size)),
    ]
}

/// Decodes and cleans, within the promised memory.
fn try_both(bytes: &[u8]) {
    let (decoded, most) = peak(|| decode(bytes));
    assert!(most <= MAX_DECODE_BYTES, "{most} bytes to decode a file of {}", bytes.len());
    let (cleaned, most) = peak(|| deidentify(bytes));
    // The greys before and after, and the cleaned file.
    assert!(most <= MAX_DECODE_BYTES * 3 / 2, "{most} bytes to clean a file");
    match (decoded, cleaned) {
        (Ok(image), Ok(cleaned)) => assert_eq!(decode(&cleaned.bytes), Ok(image)),
        (Err(error), Err(_)) => assert!(!error.to_string().contains('\n')),
        // What cannot be cleaned without a change of its greys is refused.
        (Ok(_), Err(_)) => {}
        (Err(error), Ok(_)) => panic!("cleaned what does not decode: {error}"),
    }
}

/// `PROPTEST_CASES`, or a number that takes seconds.
fn cases() -> ProptestConfig {
    let few = if std::env::var_os("PROPTEST_CASES").is_some() { None } else { Some(400) };
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    ProptestConfig { cases: few.unwrap_or(usual.cases), ..usual }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn changed_files_are_read_or_refused(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        thread_local! { static SEEDS: Vec<Vec<u8>> = seeds(); }
        let mut bytes = SEEDS.with(|seeds| which.get(seeds).clone());
        changes.iter().for_each(|change| change.apply(&mut bytes));
        try_both(&bytes);
    }

    #[test]
    fn random_bytes_are_refused(
        start in prop::sample::select(vec![
            &b""[..], b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xd8\xff\xf7", b"II*\0", b"MM\0*", b"BM",
            b"RIFF\0\0\0\0WEBP", b"\x08\0\x05\0CS", b"\x08\0\0\0", b"\xff\x4f\xff\x51", b"P5 ",
            b"\0\0\0\x0cjP  \r\n\x87\n",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        try_both(&[start, &rest].concat());
    }
}

/// A header that promises the most pixels, with data that keep the promise.
#[test]
fn the_largest_sixteen_bit_png_takes_what_its_greys_take() {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 8000, 8000);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Sixteen);
    encoder.set_compression(png::Compression::Fastest);
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer().unwrap();
    let row = [0x80; 8 * 8000];
    for _ in 0..8000 {
        std::io::Write::write_all(&mut stream, &row).unwrap();
    }
    stream.finish().unwrap();
    drop(writer);
    let (image, most) = peak(|| decode(&bytes));
    assert_eq!(image.unwrap().pixels().len(), 64_000_000);
    println!("{} MiB for 64 megapixels of 16-bit RGBA", most >> 20);
    assert!(most < 160 << 20, "{most}");
}
