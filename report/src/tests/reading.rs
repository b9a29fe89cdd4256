//! A page is read as it was written, and a changed one is found out.

use super::samples;
use crate::{read, render, salt, Code, Outcome, ReadError, Rendered, Report, LAYOUT};

fn rendered(report: &Report) -> Rendered {
    render(report, Some(&samples::film(400, 300))).unwrap()
}

/// The file with each occurrence of some bytes replaced by as many others.
fn forged(pdf: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut forged = pdf.to_vec();
    let mut at = 0;
    let mut found = false;
    while at + from.len() <= forged.len() {
        if forged[at..].starts_with(from) {
            forged[at..at + from.len()].copy_from_slice(to);
            found = true;
        }
        at += 1;
    }
    assert!(found, "there is nothing to forge");
    forged
}

#[test]
fn every_report_is_read_as_it_was_written() {
    for (name, report) in samples::all() {
        let rendered = rendered(&report);
        let read = read(&rendered.pdf).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(*read.printed(), rendered.printed, "{name}");
        assert_eq!(read.code(), rendered.code, "{name}");
        assert_eq!(read.attached.code.parse(), Ok(rendered.code), "{name}");
        assert!(read.is_as_drawn(), "{name}");
    }
    let without_film = render(&samples::all()[0].1, None).unwrap();
    assert_eq!(without_film.printed.film, None);
    assert!(read(&without_film.pdf).unwrap().is_as_drawn());
}

#[test]
fn a_large_film_is_drawn_again_from_what_is_on_the_page() {
    let film = samples::film(900, 688);
    let rendered = render(&samples::all()[0].1, Some(&film)).unwrap();
    let of_film = rendered.printed.film.clone().unwrap();
    assert_eq!((of_film.width, of_film.height), (800, 611));
    assert!(read(&rendered.pdf).unwrap().is_as_drawn());
}

#[test]
fn the_code_binds_everything() {
    let report = samples::all()[0].1.clone();
    let code = rendered(&report).code;
    let request = report.request.as_ref().unwrap();
    assert_eq!(code.genesis, report.genesis);
    assert_eq!((code.block_number, code.block_hash), (report.block.number, report.block.hash));
    assert_eq!((code.record, code.request), (3, Some(9)));
    assert_eq!(code.receipt, request.receipt);
    assert_eq!(code.model, Some(report.model.as_ref().unwrap().sha256));

    let differs = |change: &dyn Fn(&mut Report)| {
        let mut changed = report.clone();
        change(&mut changed);
        assert_ne!(rendered(&changed).code.printed, code.printed);
    };
    differs(&|report| report.record.author.push('x'));
    differs(&|report| report.record.cid.push('x'));
    differs(&|report| report.record.patient_name = Some("A".into()));
    differs(&|report| report.block.time += 1000);
    differs(&|report| report.model.as_mut().unwrap().threshold -= 100);
    differs(&|report| report.request.as_mut().unwrap().workers.truncate(1));
    differs(&|report| report.salt.0[0] ^= 1);
    differs(&|report| {
        let Outcome::Verdict { probabilities, .. } = &mut report.outcome else { unreachable!() };
        probabilities[0].probability -= 100;
    });
    let other_film = render(&report, Some(&samples::film(400, 301))).unwrap();
    assert_ne!(other_film.code.printed, code.printed);
}

#[test]
fn a_changed_page_is_found_out() {
    let Rendered { pdf, code, .. } = rendered(&samples::all()[0].1);
    assert!(read(&pdf).unwrap().is_as_drawn());

    // A probability among the values: they no longer belong to the code.
    let other = forged(&pdf, b"\"probability\":994200", b"\"probability\":124200");
    let other = read(&other).unwrap();
    assert!(!other.is_as_drawn());
    assert_ne!(other.code(), code);

    // The page alone, with its values left as they are: a bar, a length, a colour.
    let page = forged(&pdf, b"0.75 g", b"0.05 g");
    let page = read(&page).unwrap();
    assert_eq!(page.code(), code);
    assert!(!page.is_as_drawn());

    // Something behind the end, and every byte of the picture and the text.
    let longer = [&pdf[..], b"\n"].concat();
    assert!(read(&longer).is_ok_and(|read| !read.is_as_drawn()));
    for at in (0..pdf.len()).step_by(4_999) {
        let mut changed = pdf.clone();
        changed[at] ^= 1;
        assert!(!read(&changed).is_ok_and(|read| read.is_as_drawn()), "byte {at}");
    }
}

#[test]
fn the_salt_follows_from_the_key_and_is_not_the_key() {
    assert_eq!(salt(&[1; 32]), salt(&[1; 32]));
    assert_ne!(salt(&[1; 32]), salt(&[2; 32]));
    assert_ne!(salt(&[1; 32]).0, [1; 32]);
}

#[test]
fn a_film_that_was_exchanged_is_found_out() {
    let report = &samples::all()[0].1;
    let one = rendered(report);
    let other = render(report, Some(&samples::film(300, 400))).unwrap();
    // The values of one, on the page of the other.
    let mut printed = other.printed.clone();
    printed.film = one.printed.film.clone();
    let (pdf, _) = crate::draw(&printed, Some(&samples::film(300, 400))).unwrap();
    assert!(!read(&pdf).unwrap().is_as_drawn());
}

#[test]
fn what_is_no_report_says_why() {
    assert_eq!(read(b"").unwrap_err(), ReadError::NotAPdf);
    assert_eq!(read(b"%PDF-1.7\nhello").unwrap_err(), ReadError::NotAPdf);
    let pdf = rendered(&samples::all()[0].1).pdf;
    for length in (0..pdf.len()).step_by(5_003) {
        // Whatever the end lacks: an error, or a page that is not as drawn, and no panic.
        assert!(!read(&pdf[..length]).is_ok_and(|read| read.is_as_drawn()));
    }
    let renamed = forged(&pdf, b"medchain-report.json", b"medchain-report.jsom");
    assert_eq!(read(&renamed).unwrap_err(), ReadError::NoValues);
    let of_layout = format!("\"layout\":{LAYOUT}");
    let later = forged(&pdf, of_layout.as_bytes(), b"\"layout\":9");
    let error = read(&later).unwrap_err().to_string();
    assert!(error.contains("layout 9") && error.contains("newer one"), "{error}");
}

#[test]
fn a_code_of_the_page_is_read_from_any_scanner() {
    let code = rendered(&samples::all()[0].1).code;
    let text = code.to_string();
    assert_eq!(text.parse::<Code>(), Ok(code));
    assert!(text.bytes().all(|byte| byte.is_ascii_uppercase()
        || byte.is_ascii_digit()
        || byte == b'/'
        || byte == b'-'));
}
