//! Whatever the texts are: one page, no panic.

use proptest::prelude::*;

use super::samples;
use crate::{read, render, Card, Film, Outcome, Report};

/// Texts that somebody might try.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,300}",
        Just(String::new()),
        Just("\u{202e}gnp.exe\u{2066}\u{200f}".into()),
        Just("\u{0}\u{1b}[2J\r\n\t".into()),
        Just("W".repeat(10_000)),
        Just("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}".repeat(500)),
        Just("שלום مرحبا 漢字 हिन्दी".into()),
        Just("e\u{301}".repeat(4_000)),
        Just(") Tj ET EMC \\( <</Type/Catalog>> endstream endobj %%EOF".into()),
        Just("</script><svg onload=alert(1)>&amp;\"'".into()),
    ]
}

/// Puts the texts wherever a report has one.
fn with(mut report: Report, texts: &[String]) -> Report {
    let mut texts = texts.iter().cycle().cloned();
    let mut next = || texts.next().unwrap_or_default();
    let record = &mut report.record;
    (record.patient, record.author, record.cid) = (next(), next(), next());
    record.patient_name = Some(next());
    if let Some(model) = &mut report.model {
        (model.name, model.version) = (next(), next());
        if let Some(Card { cid, measured_on, measures }) = &mut model.card {
            (*cid, *measured_on) = (next(), next());
            for measure in measures {
                (measure.name, measure.value) = (next(), next());
                measure.interval = Some(next());
            }
        }
    }
    if let Some(request) = &mut report.request {
        request.requester = next();
        request.workers.iter_mut().for_each(|worker| *worker = next());
    }
    match &mut report.outcome {
        Outcome::Verdict { label, probabilities, .. } => {
            probabilities.iter_mut().for_each(|class| class.label = next());
            *label = probabilities.first().map(|class| class.label.clone()).unwrap_or_default();
        }
        Outcome::Pending { step, .. } => *step = next(),
        Outcome::Ended { how, reason } => (*how, *reason) = (next(), next()),
        _ => {}
    }
    report
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_text_fits_the_page(
        texts in prop::collection::vec(text(), 1..12),
        kind in 0..samples::all().len(),
    ) {
        let report = with(samples::all()[kind].1.clone(), &texts);
        // An error would say that the page is longer than its paper.
        let rendered = render(&report, None).unwrap();
        let read = read(&rendered.pdf).unwrap();
        prop_assert!(read.is_as_drawn());
        prop_assert!(rendered.pdf.len() < 300_000);
        prop_assert_eq!(render(&report, None).unwrap(), rendered);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let pdf = [b"%PDF-1.7\n".as_slice(), &bytes, b"\n%%EOF"].concat();
        prop_assert!(!read(&pdf).is_ok_and(|read| read.is_as_drawn()));
    }

    #[test]
    fn any_shape_of_film_fits(width in 1u32..2000, height in 1u32..60, seed in any::<u8>()) {
        for (width, height) in [(width, height), (height, width)] {
            let grey = vec![seed; (width * height) as usize];
            let film = Film::new(width, height, grey).unwrap();
            prop_assert!(render(&samples::fullest(), Some(&film)).is_ok());
        }
    }
}

#[test]
fn all_of_one_hostile_text_fits() {
    for text in ["W", "i", "\u{fffd}", "𝕏", "W ", "\u{301}"] {
        let texts = [text.repeat(10_000)];
        for (name, report) in samples::all() {
            let rendered = render(&with(report, &texts), Some(&samples::film(100, 100)));
            assert!(rendered.is_ok(), "{name} with {text:?}: {rendered:?}");
        }
    }
}

#[test]
fn more_than_the_page_has_room_for_is_an_error() {
    let mut report = samples::fullest();
    report.request.as_mut().unwrap().workers.push("one more".into());
    let error = render(&report, None).unwrap_err().to_string();
    assert_eq!(error, "there are 8 workers, and the page has room for 7");
}
