//! What is where on the page.

mod chart;
mod check;
mod facts;
mod film;
mod model;
mod result;

use crate::{
    pdf::{Canvas, Role, Style, HEIGHT, WIDTH},
    text::NOT_A_DEVICE,
    Code, Film, Printed, Report, ReportError,
};

/// The margin on each side.
const MARGIN: f32 = 42.0;
/// The width between the margins.
const ROOM: f32 = WIDTH - 2.0 * MARGIN;
/// The last line above the lower margin.
const BOTTOM: f32 = HEIGHT - 30.0;
/// The width of the film's box and the gap to the result.
const LEFT: f32 = 232.0;
const GAP: f32 = 16.0;

/// The height of the warning.
const HIGH: f32 = 31.0;

const TITLE: Style = Style::bold(17.0);
const HEADING: Style = Style::bold(9.5);
const BODY: Style = Style::regular(8.5);
const STRONG: Style = Style::bold(8.5);
const SMALL: Style = Style::regular(7.5);
const SMALL_STRONG: Style = Style::bold(7.5);

/// What the page warns of, after [`NOT_A_DEVICE`].
const WARNING: &str = "The model is a research model trained on public, badly confounded data. Do \
                       not base any treatment on it.";

/// How close things are to each other.
#[derive(Clone, Copy)]
struct Density {
    /// The height of a bar, and from one to the next.
    bar: (f32, f32),
    /// The size of the result, where it is certain and where it is not.
    headline: (f32, f32),
    /// The most lines of one sentence about the result.
    sentence: usize,
    /// From one fact to the next.
    fact: f32,
    /// The least side of the code.
    code: f32,
}

/// What nearly every page has.
const ROOMY: Density =
    Density { bar: (9.0, 16.0), headline: (28.0, 15.0), sentence: 4, fact: 10.6, code: 104.0 };
/// With many classes and many workers, the page would else be too long.
const DENSE: Density =
    Density { bar: (7.0, 10.5), headline: (20.0, 15.0), sentence: 2, fact: 9.0, code: 88.0 };

/// Draws the page.
pub fn draw(printed: &Printed, film: Option<&Film>, code: &Code) -> Result<Canvas, ReportError> {
    for density in [ROOMY, DENSE] {
        let (canvas, ends) = drawn(printed, film, code, density)?;
        if ends <= BOTTOM {
            return Ok(canvas);
        }
    }
    Err(ReportError::Writing("it is longer than its paper"))
}

/// Draws the page; also returns its last line.
fn drawn(
    printed: &Printed,
    film: Option<&Film>,
    code: &Code,
    density: Density,
) -> Result<(Canvas, f32), ReportError> {
    let mut canvas = Canvas::new()?;
    let report = &printed.report;
    let y = header(&mut canvas, report);
    let film_ends = film::draw(&mut canvas, y, film);
    let result_ends = result::draw(&mut canvas, y, report, density);
    let y = film_ends.max(result_ends) + 10.0;
    let y = model::draw(&mut canvas, y, report);
    let y = facts::draw(&mut canvas, y, report, density.fact);
    let y = check::draw(&mut canvas, y, code, density.code)?;
    footer(&mut canvas, y);
    Ok((canvas, y))
}

/// The title and the warning.
fn header(canvas: &mut Canvas, report: &Report) -> f32 {
    let mut y = MARGIN + 8.0;
    canvas.part(Role::Title, |canvas| canvas.text(MARGIN, y, TITLE, "Chest X-ray: prediction"));
    canvas.part(Role::Paragraph, |canvas| {
        let request = report.request.as_ref().map(|request| format!(" · request {}", request.id));
        let about = format!("Record {}{}", report.record.id, request.unwrap_or_default());
        canvas.text_up_to(WIDTH - MARGIN, y, STRONG, &about);
    });
    if let Some(name) = &report.record.patient_name {
        y += 17.0;
        canvas.part(Role::Paragraph, |canvas| {
            let name = canvas.fitted(Style::bold(11.0), &format!("Patient: {name}"), ROOM);
            canvas.text(MARGIN, y, Style::bold(11.0), &name);
        });
    }
    if let Some(newer) = report.record.superseded_by {
        y += 14.0;
        canvas.part(Role::Paragraph, |canvas| {
            let text = format!("This version of the record is replaced by record {newer}.");
            canvas.text(MARGIN, y, STRONG, &text);
        });
    }
    y += 11.0;
    canvas.decoration(|canvas| {
        canvas.fill((MARGIN, y, ROOM, HIGH), 0.93);
        canvas.fill((MARGIN, y, 3.0, HIGH), 0.0);
    });
    canvas.part(Role::Paragraph, |canvas| {
        canvas.text(MARGIN + 12.0, y + 13.0, STRONG, &format!("{NOT_A_DEVICE} "));
        canvas.text(MARGIN + 12.0, y + 24.5, BODY, WARNING);
    });
    y + HIGH + 16.0
}

/// What explains the page's marks, below everything else.
fn footer(canvas: &mut Canvas, y: f32) {
    if canvas.has_replaced() {
        canvas.part(Role::Paragraph, |canvas| {
            let text = "\u{FFFD} stands for a character that this page cannot show.";
            canvas.text(MARGIN, y, SMALL, text);
        });
    }
}

/// A heading with a line above it; returns where its content begins.
fn heading(canvas: &mut Canvas, (x, y, room): (f32, f32, f32), text: &str) -> f32 {
    canvas.decoration(|canvas| {
        canvas.line_between((x, y), (x + room, y), (0.5, 0.0));
    });
    canvas.part(Role::Heading, |canvas| canvas.text(x, y + 12.0, HEADING, text));
    y + 25.0
}

/// Writes a text in lines of a paragraph; returns the baseline after the last one.
fn lines(
    canvas: &mut Canvas,
    (x, y, room): (f32, f32, f32),
    style: Style,
    text: &str,
    most: usize,
) -> f32 {
    let mut y = y;
    let all = canvas.wrapped(style, text, room, most);
    canvas.part(Role::Paragraph, |canvas| {
        for (number, line) in all.iter().enumerate() {
            // A space, so that the words of two lines are not read as one.
            let end = if number + 1 < all.len() { " " } else { "" };
            canvas.text(x, y, style, &format!("{line}{end}"));
            y += style.size * 1.35;
        }
    });
    y
}
