//! The file around the page.

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::{
    types::TabOrder, writers::StructTreeRoot, Date, Filter, Finish, Name, Pdf, Rect, Ref, Settings,
    Str, TextStr,
};
use sha2::{Digest, Sha256};
use xmp_writer::{DateTime, LangId, Timezone, XmpWriter};

use super::{Canvas, HEIGHT, WIDTH};
use crate::{time::Moment, Film, Report, ReportError};

/// The name of the attached file.
pub const ATTACHMENT: &str = "medchain-report.json";
/// The name of the film among the page's pictures.
pub const FILM: Name<'static> = Name(b"Film");

const LANGUAGE: &str = "en";
const PRODUCER: &str = "MedChain";
/// As small as `flate` gets in the time that a film may take.
const COMPRESSION: u8 = 6;

/// Writes a drawn page with its film and the attached values.
pub fn write(
    page: Canvas,
    film: Option<&Film>,
    report: &Report,
    attached: &[u8],
) -> Result<Vec<u8>, ReportError> {
    let mut pdf = Pdf::with_settings(Settings { pretty: false });
    // The last version that PDF/UA-1 is defined for.
    pdf.set_version(1, 7);
    let mut next = Ref::new(1);
    let catalog = next.bump();
    let [pages, page_id, content, metadata, info] = [(); 5].map(|()| next.bump());
    let [regular, bold, picture, file, file_content] = [(); 5].map(|()| next.bump());
    let title = format!("MedChain report on record {}", report.record.id);
    let moment = Moment::at(report.block.time);

    let structure = write_structure(&mut pdf, &page, page_id, &mut next)?;
    let mut dictionary = pdf.catalog(catalog);
    dictionary.pages(pages).lang(TextStr(LANGUAGE)).metadata(metadata);
    dictionary.viewer_preferences().display_doc_title(true);
    dictionary.mark_info().marked(true);
    let mut files = dictionary.names();
    files.embedded_files().names().insert(Str(ATTACHMENT.as_bytes()), file);
    files.finish();
    dictionary.pair(Name(b"StructTreeRoot"), structure);
    dictionary.finish();

    let a4 = Rect::new(0.0, 0.0, WIDTH, HEIGHT);
    pdf.pages(pages).kids([page_id]).count(1);
    let mut dictionary = pdf.page(page_id);
    dictionary
        .parent(pages)
        .media_box(a4)
        .contents(content)
        .struct_parents(0)
        .tab_order(TabOrder::StructureOrder);
    let mut resources = dictionary.resources();
    resources.fonts().pair(Name(b"Regular"), regular).pair(Name(b"Bold"), bold);
    if film.is_some() {
        resources.x_objects().pair(FILM, picture);
    }
    resources.finish();
    dictionary.finish();

    page.regular.write(&mut pdf, regular, &mut next)?;
    page.bold.write(&mut pdf, bold, &mut next)?;
    if let Some(film) = film {
        write_film(&mut pdf, picture, film);
    }
    write_attachment(&mut pdf, (file, file_content), attached, moment);

    pdf.stream(metadata, describe(&title, moment).as_bytes())
        .pair(Name(b"Type"), Name(b"Metadata"))
        .pair(Name(b"Subtype"), Name(b"XML"));
    pdf.document_info(info)
        .title(TextStr(&title))
        .producer(TextStr(PRODUCER))
        .creation_date(date(moment))
        .modified_date(date(moment));
    pdf.stream(content, &page.content.finish());
    // A file's identifier must depend on its content, and on nothing else here.
    let id = Sha256::digest(attached).to_vec();
    pdf.set_file_id((id.clone(), id));
    Ok(pdf.finish())
}

/// Writes the structure of the page, with what says which part each content belongs to.
fn write_structure(
    pdf: &mut Pdf,
    page: &Canvas,
    page_id: Ref,
    next: &mut Ref,
) -> Result<Ref, ReportError> {
    const BROKEN: ReportError = ReportError::Writing("its structure is incomplete");
    let (count, whole) = page.structure().ok_or(BROKEN)?;
    let [id, first, of_contents] = [(); 3].map(|()| next.bump());
    let mut parents = Vec::new();
    whole.write(pdf, (first, id, page_id), next, &mut parents);
    parents.sort_unstable_by_key(|(number, _)| *number);
    if !parents.iter().map(|(number, _)| *number).eq(0..count) {
        return Err(BROKEN);
    }
    let mut tree = pdf.indirect(id).start::<StructTreeRoot>();
    tree.child(first).parent_tree_next_key(1);
    tree.parent_tree().nums().insert(0, of_contents);
    tree.finish();
    pdf.indirect(of_contents).array().items(parents.into_iter().map(|(_, parent)| parent));
    Ok(id)
}

fn write_film(pdf: &mut Pdf, id: Ref, film: &Film) {
    let side = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
    let bytes = compress_to_vec_zlib(film.grey(), COMPRESSION);
    let mut picture = pdf.image_xobject(id, &bytes);
    picture.filter(Filter::FlateDecode);
    picture.width(side(film.width())).height(side(film.height())).bits_per_component(8);
    picture.color_space().device_gray();
    picture.interpolate(true);
}

fn write_attachment(pdf: &mut Pdf, (id, content): (Ref, Ref), bytes: &[u8], moment: Moment) {
    let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    let mut file = pdf.embedded_file(content, bytes);
    file.subtype(Name(b"application/json"));
    file.params().size(length).modification_date(date(moment));
    file.finish();
    let mut spec = pdf.file_spec(id);
    spec.path(Str(ATTACHMENT.as_bytes()))
        .unic_file(TextStr(ATTACHMENT))
        .description(TextStr("The values on this page, for medchain verify-report"));
    spec.embedded_file_with_unicode(content);
}

/// The metadata, which name the standard that the file conforms to.
fn describe(title: &str, moment: Moment) -> String {
    let Moment { year, month, day, hour, minute, second } = moment;
    let created = DateTime {
        year,
        month: Some(month),
        day: Some(day),
        hour: Some(hour),
        minute: Some(minute),
        second: Some(second),
        timezone: Some(Timezone::Utc),
    };
    let mut xmp = XmpWriter::new();
    xmp.title([(Some(LangId("x-default")), title)]);
    xmp.language([LangId(LANGUAGE)]);
    xmp.format("application/pdf");
    xmp.producer(PRODUCER);
    xmp.create_date(created);
    xmp.modify_date(created);
    xmp.pdfua_part(1);
    xmp.finish(None)
}

fn date(moment: Moment) -> Date {
    Date::new(moment.year)
        .month(moment.month)
        .day(moment.day)
        .hour(moment.hour)
        .minute(moment.minute)
        .second(moment.second)
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}
