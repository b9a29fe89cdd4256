//! What PDF/UA-1 asks for, as far as a machine can tell, read back from the file.

use std::collections::BTreeMap;

use hayro_syntax::{
    content::UntypedIter,
    object::{Array, Dict, Name, Number, Object, Stream, String as PdfString},
    Pdf,
};

use super::samples;
use crate::{render, Report};

/// The roles that a page may have: all of them are the standard's own.
const STANDARD: [&str; 11] =
    ["Document", "H1", "H2", "Sect", "P", "Caption", "Figure", "Table", "TR", "TH", "TD"];

/// What is read of a page.
struct Page {
    /// The roles on the way to each element with content, and what the content says.
    texts: Vec<(String, String)>,
    /// The alternate text of each figure.
    figures: Vec<String>,
    /// All text, in the order of the structure.
    all: String,
}

fn drawn(report: &Report) -> Vec<u8> {
    render(report, Some(&samples::film(400, 300))).unwrap().pdf
}

fn catalog(pdf: &Pdf) -> Dict<'_> {
    pdf.xref().get(pdf.xref().root_id()).unwrap()
}

/// The characters that a font's glyphs stand for.
fn characters(font: &Dict) -> BTreeMap<u16, char> {
    let map: Stream = font.get("ToUnicode").unwrap();
    let map = String::from_utf8(map.decoded().unwrap().to_vec()).unwrap();
    let pairs = map.lines().filter_map(|line| {
        let (glyph, character) = line.strip_prefix('<')?.split_once("> <")?;
        let number = |digits: &str| u16::from_str_radix(digits.trim_end_matches('>'), 16).ok();
        Some((number(glyph)?, char::from_u32(number(character)?.into())?))
    });
    // The range of all codes looks like a pair, and maps to no character that is asked for.
    pairs.collect()
}

/// Reads the contents by their numbers, and checks that nothing is drawn outside of one.
fn contents(pdf: &Pdf) -> BTreeMap<i32, String> {
    let page = &pdf.pages()[0];
    let fonts: Dict = page.raw().get::<Dict>("Resources").unwrap().get("Font").unwrap();
    let maps: BTreeMap<Vec<u8>, BTreeMap<u16, char>> = ["Regular", "Bold"]
        .map(|name| (name.as_bytes().to_vec(), characters(&fonts.get(name).unwrap())))
        .into();
    let mut all = BTreeMap::new();
    let mut open: Option<Option<i32>> = None;
    let mut font = Vec::new();
    let mut operations = UntypedIter::new(page.page_stream().unwrap());
    while let Some(operation) = operations.next() {
        let operands: Vec<&Object> = operation.operands().collect();
        match operation.operator.to_string().as_str() {
            "BMC" => {
                let Some(Object::Name(tag)) = operands.first().copied() else { panic!("no tag") };
                assert_eq!(tag.as_str(), "Artifact");
                assert!(open.replace(None).is_none(), "marks are nested");
            }
            "BDC" => {
                let Some(Object::Dict(properties)) = operands.get(1).copied() else {
                    panic!("no properties")
                };
                let number: i32 = properties.get("MCID").unwrap();
                assert!(open.replace(Some(number)).is_none(), "marks are nested");
                assert!(all.insert(number, String::new()).is_none(), "{number} comes twice");
            }
            "EMC" => assert!(open.take().is_some(), "no mark is open"),
            "Tf" => {
                let Some(Object::Name(name)) = operands.first().copied() else { panic!("no font") };
                font = name.to_vec();
            }
            "Tj" => {
                let Some(Object::String(text)) = operands.first().copied() else {
                    panic!("no text")
                };
                let glyphs = text.as_bytes().chunks(2).map(|pair| {
                    let glyph = u16::from_be_bytes([pair[0], pair[1]]);
                    // The glyph for what a font lacks must not be on the page.
                    assert_ne!(glyph, 0);
                    maps[&font][&glyph]
                });
                let number = open.flatten().expect("text is tagged");
                all.get_mut(&number).unwrap().extend(glyphs);
            }
            "TJ" | "'" | "\"" => panic!("text that nobody looks at"),
            "f" | "F" | "f*" | "B" | "B*" | "b" | "b*" | "S" | "s" | "sh" | "Do" | "BI" => {
                assert!(open.is_some(), "a drawing is neither content nor artifact");
            }
            _ => {}
        }
    }
    assert_eq!(open, None);
    all
}

/// Walks through an element, which is a child of the object `parent`.
fn walk(
    element: &Dict,
    parent: u32,
    path: &str,
    contents: &mut BTreeMap<i32, String>,
    page: &mut Page,
) {
    let role: Name = element.get("S").unwrap();
    let role = role.as_str().to_owned();
    // None of our own, so that there is nothing to map.
    assert!(STANDARD.contains(&role.as_str()), "{role} is no role of the standard");
    let named = element.get_ref("P").expect("an element names its parent");
    assert_eq!(named.obj_number, parent, "the parent of {role}");
    let path = format!("{path}/{role}");
    if role == "Figure" {
        let alt: PdfString = element.get("Alt").expect("a figure has an alternate text");
        page.figures.push(String::from_utf8_lossy(alt.as_bytes()).into_owned());
        let attributes = element.get::<Array>("A").unwrap().iter::<Dict>().next().unwrap();
        assert_eq!(attributes.get::<Name>("O").unwrap().as_str(), "Layout");
        assert_eq!(attributes.get::<Array>("BBox").unwrap().iter::<Object>().count(), 4);
    }
    if role == "Table" {
        for row in element.get::<Array>("K").unwrap().iter::<Dict>() {
            let cells = row.get::<Array>("K").unwrap();
            let roles = cells.iter::<Dict>().map(|cell| cell.get::<Name>("S").unwrap());
            let roles: Vec<String> = roles.map(|role| role.as_str().to_owned()).collect();
            assert_eq!(roles, ["TH", "TD"], "a row of {path}");
        }
    }
    if role == "TH" {
        let attributes = element.get::<Array>("A").unwrap().iter::<Dict>().next().unwrap();
        assert_eq!(attributes.get::<Name>("Scope").unwrap().as_str(), "Row");
    }
    let kids: Array = element.get("K").unwrap();
    let mut kids = kids.iter::<Object>().peekable();
    assert!(kids.peek().is_some(), "{path} is empty");
    for kid in kids {
        match kid {
            Object::Dict(child) => walk(&child, number_of(element), &path, contents, page),
            Object::Number(number) => {
                let number = integer(number);
                let text = contents.remove(&number).expect("content belongs to one element");
                page.all.push_str(&text);
                // A line that goes on ends with a space.
                if !text.ends_with(' ') {
                    page.all.push('\n');
                }
                page.texts.push((path.clone(), text));
            }
            other => panic!("{other:?} in {path}"),
        }
    }
}

/// The number of an object of the file.
fn number_of(object: &Dict) -> u32 {
    object.obj_id().expect("it is an object of its own").obj_number
}

fn integer(number: Number) -> i32 {
    number.as_i64() as i32
}

/// Reads a page and checks what holds for each.
fn read(bytes: &[u8]) -> Page {
    let pdf = Pdf::new(bytes.to_vec()).unwrap();
    assert_eq!(pdf.pages().len(), 1);
    let catalog = catalog(&pdf);
    let mut contents = contents(&pdf);
    let numbers: Vec<i32> = contents.keys().copied().collect();
    let root: Dict = catalog.get("StructTreeRoot").unwrap();
    assert!(!root.contains_key("RoleMap"));
    let document: Dict = root.get("K").unwrap();
    let mut page = Page { texts: Vec::new(), figures: Vec::new(), all: String::new() };
    walk(&document, number_of(&root), "", &mut contents, &mut page);
    assert!(contents.is_empty(), "not in the structure: {contents:?}");

    // From a content back to its element.
    let parents: Array = root.get::<Dict>("ParentTree").unwrap().get("Nums").unwrap();
    let of_page = parents.iter::<Object>().nth(1).unwrap();
    let Object::Array(of_page) = of_page else { panic!("no parents") };
    assert_eq!(of_page.iter::<Dict>().count(), numbers.len());
    for (number, element) in (0..).zip(of_page.iter::<Dict>()) {
        let mut kids = element.get::<Array>("K").unwrap().iter::<Object>();
        let has = |kid: Object| matches!(kid, Object::Number(kid) if integer(kid) == number);
        assert!(kids.any(has), "content {number} leads to another element");
    }
    page
}

#[test]
fn every_report_is_tagged_and_readable() {
    for (name, report) in samples::all() {
        let page = read(&drawn(&report));
        let headings: Vec<&str> = page
            .texts
            .iter()
            .filter_map(|(path, text)| path.ends_with("/H2").then_some(text.as_str()))
            .collect();
        let first = &page.texts[0];
        assert_eq!(first, &("/Document/H1".to_owned(), "Chest X-ray: prediction".to_owned()));
        assert!(headings.contains(&"Check this page"), "{name}: {headings:?}");
        // One title; below it, there is one level of headings alone.
        let levels = page.texts.iter().filter_map(|(path, _)| path.rsplit('/').next());
        let titles = levels.filter(|role| *role == "H1").count();
        assert_eq!(titles, 1, "{name}");
        assert!(page.all.contains("Not a medical device."), "{name}");
        assert_eq!(page.figures.len(), 2, "{name}: {:?}", page.figures);
        let mut lines = vec![
            report.genesis.to_string(),
            report.block.hash.to_string(),
            report.record.patient.clone(),
            report.record.author.clone(),
            report.record.cid.clone(),
        ];
        if let Some(request) = &report.request {
            lines.push(request.requester.clone());
            lines.extend(request.workers.iter().cloned());
            lines.extend(request.receipt.map(|receipt| receipt.to_string()));
        }
        for line in lines {
            assert!(page.all.contains(&line), "{name}: {line}");
        }
    }
}

/// Whether a word is written as codes of ICD-10 are, with their point: J12.8.
fn is_diagnosis_code(word: &str) -> bool {
    let mut letters = word.chars();
    let begins = letters.next().is_some_and(|first| first.is_ascii_uppercase());
    let rest: Vec<&str> = letters.as_str().split('.').collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let [category, detail] = rest[..] else { return false };
    begins && category.len() == 2 && digits(category) && digits(detail)
}

#[test]
fn no_report_names_a_diagnosis_by_a_code() {
    assert!(is_diagnosis_code("U07.1") && is_diagnosis_code("J12.82"));
    assert!(!is_diagnosis_code("99.42") && !is_diagnosis_code("PDF-1.7"));
    for (name, report) in samples::all() {
        let text = read(&drawn(&report)).all;
        let words = text.split(|one: char| !one.is_ascii_alphanumeric() && one != '.');
        let words = words.map(|word| word.trim_matches('.'));
        let found: Vec<&str> = words.filter(|word| is_diagnosis_code(word)).collect();
        assert!(found.is_empty(), "{name}: {found:?}");
        for system in ["ICD", "SNOMED", "U07"] {
            assert!(!text.contains(system), "{name}: {system}");
        }
    }
}

#[test]
fn the_document_says_what_it_is() {
    let bytes = drawn(&samples::all()[0].1);
    assert!(bytes.starts_with(b"%PDF-1.7\n"));
    let pdf = Pdf::new(bytes).unwrap();
    let catalog = catalog(&pdf);
    assert_eq!(catalog.get::<PdfString>("Lang").unwrap().as_bytes(), b"en");
    let preferences: Dict = catalog.get("ViewerPreferences").unwrap();
    assert_eq!(preferences.get("DisplayDocTitle"), Some(true));
    let marks: Dict = catalog.get("MarkInfo").unwrap();
    assert_eq!((marks.get::<bool>("Marked"), marks.get::<bool>("Suspects")), (Some(true), None));
    let xmp: Stream = catalog.get("Metadata").unwrap();
    let xmp = String::from_utf8(xmp.decoded().unwrap().to_vec()).unwrap();
    for words in [
        "<pdfuaid:part>1<",
        "http://www.aiim.org/pdfua/ns/id/",
        "<dc:title>",
        "MedChain report on record 3",
        "2026-11-29T09:34:34",
    ] {
        assert!(xmp.contains(words), "{words}: {xmp}");
    }
    let page = &pdf.pages()[0];
    // Nothing that the standard asks more of, or that does something.
    for key in ["AcroForm", "OpenAction", "AA", "OCProperties", "Outlines"] {
        assert!(!catalog.contains_key(key), "{key}");
    }
    assert!(!page.raw().contains_key("Annots"));
    assert_eq!(page.raw().get::<i32>("StructParents"), Some(0));
    let files: Dict = catalog.get::<Dict>("Names").unwrap().get("EmbeddedFiles").unwrap();
    let mut pairs = files.get::<Array>("Names").unwrap().flex_iter();
    pairs.next::<PdfString>().expect("the attached file has a name");
    let spec = pairs.next::<Dict>().expect("the attached file is described");
    for key in ["F", "UF"] {
        assert_eq!(spec.get::<PdfString>(key).unwrap().as_bytes(), b"medchain-report.json");
    }
    assert_eq!(page.base_dimensions(), (595.28, 841.89));
    assert_eq!(page.raw().get::<Name>("Tabs").unwrap().as_str(), "S");
    let fonts: Dict = page.raw().get::<Dict>("Resources").unwrap().get("Font").unwrap();
    for name in ["Regular", "Bold"] {
        let font: Dict = fonts.get(name).unwrap();
        let inner = font.get::<Array>("DescendantFonts").unwrap().iter::<Dict>().next().unwrap();
        let descriptor: Dict = inner.get("FontDescriptor").unwrap();
        let file: Stream = descriptor.get("FontFile2").expect("fonts are embedded");
        assert_eq!(inner.get::<Name>("CIDToGIDMap").unwrap().as_str(), "Identity");
        assert_eq!(font.get::<Name>("Encoding").unwrap().as_str(), "Identity-H");
        let file = file.decoded().unwrap();
        let face = ttf_parser::Face::parse(&file, 0).unwrap();
        let all: Array = inner.get("W").unwrap();
        let mut all = all.flex_iter();
        let mut count = 0;
        while let (Some(glyph), Some(widths)) = (all.next::<u16>(), all.next::<Array>()) {
            let written = widths.iter::<f32>().next().unwrap();
            let advance = face.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap();
            let advance = f32::from(advance) * 1000.0 / f32::from(face.units_per_em());
            assert!((written - advance).abs() < 1.0, "{name}, {glyph}: {written} or {advance}");
            count += 1;
        }
        assert!(count > 5, "{name} has {count} widths");
    }
}

/// What a report says, as a reader without eyes hears it.
fn said(name: &str) -> String {
    let report = samples::all().into_iter().find(|(found, _)| *found == name).unwrap().1;
    read(&drawn(&report)).all
}

#[test]
fn a_result_looks_like_what_it_is() {
    for (name, expected) in [
        ("positive", "\ncovid\n99.42 %, and the model's threshold is 98.90 %.\n"),
        ("negative", "\nnormal\n99.96 %, and the model's threshold is 98.90 %.\n"),
        ("ignore", "\nignore\nThat is: not a chest X-ray.\n"),
        ("uncertain", "\nUncertain: needs a radiologist\nThe most probable class, covid, has"),
        ("provisional", "Provisional until block 9000: the answer of one worker."),
        ("challenged", "\nDisputed: do not rely on it\nChallenged: another worker disputes it.\n"),
        ("pending", "\nPending: no result yet\nRequest 9 is committing, until block 5300"),
        ("disputed", "\nDisputed: no result yet\nThe workers' answers differ"),
        ("failed", "\nFailed: no result\nRequest 9 has no verdict: too many workers"),
        ("annulled", "\nAnnulled: no result\nThe verdict was shown to be wrong."),
        ("withdrawn", "\nWithdrawn: no result\n"),
        ("unreadable", "\nUnreadable: no result\n"),
        ("sealed", "\nSealed: not opened\n"),
        ("not-ordered", "\nNo prediction was ordered\n"),
    ] {
        let text = said(name);
        assert!(text.contains(expected), "{name}: {text}");
    }
    assert!(said("negative").contains("Patient: María-José Núñez Łąkowska\n"));
    assert!(said("ignore").contains("is replaced by record 12."));
}

#[test]
fn only_a_certain_result_is_in_large_type() {
    for (name, report) in samples::all() {
        let is_certain = ["positive", "negative", "ignore", "provisional"].contains(&name);
        let is_certain = is_certain || name == "fullest" && report.is_uncertain() == Some(false);
        let bytes = drawn(&report);
        let pdf = Pdf::new(bytes).unwrap();
        let mut operations = UntypedIter::new(pdf.pages()[0].page_stream().unwrap());
        let mut largest = 0;
        while let Some(operation) = operations.next() {
            if operation.operator.to_string() == "Tf"
                && let Some(Object::Number(size)) = operation.operands().nth(1)
            {
                largest = largest.max(integer(*size));
            }
        }
        assert_eq!(largest > 20, is_certain, "{name}: {largest}");
    }
}

#[test]
fn names_are_there_only_where_they_were_passed() {
    for (name, report) in samples::all() {
        let has_name = report.record.patient_name.is_some();
        assert_eq!(said(name).contains("Patient: "), has_name, "{name}");
    }
}

#[test]
fn a_result_that_says_nothing_names_no_class() {
    for name in ["pending", "disputed", "failed", "annulled", "withdrawn", "unreadable", "sealed"] {
        let text = said(name);
        let before_model = text.split("\nModel\n").next().unwrap();
        for class in ["covid", "normal", "ignore", "98.90 %"] {
            assert!(!before_model.contains(class), "{name}: {text}");
        }
    }
}
