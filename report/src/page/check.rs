//! How to check the page against the chain: a QR code, and what to do with it.

use qrcodegen::{QrCode, QrCodeEcc};

use super::{heading, lines, BOTTOM, GAP, MARGIN, ROOM, SMALL};
use crate::{
    pdf::{Canvas, Role},
    Code, ReportError,
};

/// The largest side of the code with its quiet zone.
const MOST: f32 = 130.0;
/// The room below it, for a note.
const BELOW: f32 = 12.0;
/// The white that a code needs around it, in modules.
const QUIET: i32 = 4;

/// Draws the code, as large as the page has room for; returns where the page's last line can be.
///
/// The least side that is asked for makes at least 0.45 mm for each module, which a telephone
/// reads off plain paper.
pub fn draw(canvas: &mut Canvas, y: f32, code: &Code, least: f32) -> Result<f32, ReportError> {
    let drawn = QrCode::encode_text(&code.to_string(), QrCodeEcc::Medium)
        .map_err(|_| ReportError::Writing("its code is too long"))?;
    Ok(canvas.part(Role::Section, |canvas| {
        let y = heading(canvas, (MARGIN, y, ROOM), "Check this page") - 6.0;
        let side = (BOTTOM - BELOW - y).clamp(least, MOST);
        let module = side / modules(drawn.size() + 2 * QUIET);
        let bounds = (MARGIN, y, side, side);
        let alt = "QR code whose text binds this page to the chain; the attached file \
                   medchain-report.json has the text.";
        canvas.figure(alt, bounds, |canvas| {
            for row in 0..drawn.size() {
                runs(&drawn, row, |from, to| {
                    let x = MARGIN + modules(from + QUIET) * module;
                    let y = y + modules(row + QUIET) * module;
                    canvas.fill((x, y, modules(to - from) * module, module), 0.0);
                });
            }
        });
        let (x, room) = (MARGIN + side + GAP, ROOM - side - GAP);
        let mut at = y + 14.0;
        for text in [
            "medchain verify-report FILE compares this file with the chain, value by value, and \
             says whether the page was changed.",
            "On paper: scan the code, and give its text to medchain verify-report.",
            "Whoever can open the film can have its values computed again and compared: \
             probabilities are sealed on chain. For others, the command says what it could not \
             compare.",
        ] {
            at = lines(canvas, (x, at, room), SMALL, text, 3) + 3.0;
        }
        y + side + BELOW
    }))
}

/// Calls `draw` with the beginning and the end of each run of dark modules in a row.
fn runs(code: &QrCode, row: i32, mut draw: impl FnMut(i32, i32)) {
    let mut from = None;
    for column in 0..=code.size() {
        match (code.get_module(column, row), from) {
            (true, None) => from = Some(column),
            (false, Some(begin)) => {
                draw(begin, column);
                from = None;
            }
            _ => {}
        }
    }
}

/// A number of modules, of which a side has at most 177.
fn modules(count: i32) -> f32 {
    f32::from(i16::try_from(count).unwrap_or(i16::MAX))
}
