//! The probabilities as bars, each with its number: what the bars show, the numbers say as well.

use super::{SMALL, SMALL_STRONG, STRONG};
use crate::{
    pdf::{Canvas, Role, Style},
    percent, Class,
};

const LABEL: f32 = 68.0;
const VALUE: f32 = 52.0;

/// Draws the chart, with bars of the height `bar`, `step` from one to the next; returns where it
/// ends.
///
/// `label` is the class that the verdict names, none where the verdict is not to be relied on:
/// then no bar is filled.
pub fn draw(
    canvas: &mut Canvas,
    (x, top, width): (f32, f32, f32),
    (bar, step): (f32, f32),
    (classes, label, threshold): (&[Class], Option<&str>, Option<u32>),
) -> f32 {
    canvas.part(Role::Heading, |canvas| {
        canvas.text(x, top, STRONG, "Probabilities");
    });
    let (from, room) = (x + LABEL, width - LABEL - VALUE);
    let first = top + 10.0;
    let mut y = first;
    canvas.part(Role::Table, |canvas| {
        for class in classes {
            let is_label = label == Some(class.label.as_str());
            let style = if is_label { SMALL_STRONG } else { SMALL };
            row(canvas, (x, y + bar - 1.5, width), class, style);
            draw_bar(canvas, (from, y, room, bar), class.probability, is_label);
            y += step;
        }
    });
    let Some(threshold) = threshold else { return y };
    let at = from + room * share(threshold);
    canvas.decoration(|canvas| {
        canvas.line_between((at, first - 3.0), (at, y - step + bar + 4.0), (0.8, 2.0));
    });
    canvas.part(Role::Paragraph, |canvas| {
        let text = format!("threshold {}", percent(threshold));
        let room = canvas.width(SMALL, &text);
        // Below its line, as far as the page is wide.
        let below = y - step + bar + 12.0;
        canvas.text((at - room / 2.0).min(x + width - room).max(x), below, SMALL, &text);
    });
    y - step + bar + 24.0
}

fn row(canvas: &mut Canvas, (x, y, width): (f32, f32, f32), class: &Class, style: Style) {
    canvas.part(Role::Row, |canvas| {
        canvas.part(Role::Header, |canvas| {
            let label = canvas.fitted(style, &class.label, LABEL - 6.0);
            canvas.text(x, y, style, &label);
        });
        canvas.part(Role::Cell, |canvas| {
            canvas.text_up_to(x + width, y, style, &percent(class.probability));
        });
    });
}

fn draw_bar(
    canvas: &mut Canvas,
    (x, y, room, bar): (f32, f32, f32, f32),
    parts: u32,
    is_label: bool,
) {
    let length = room * share(parts);
    canvas.decoration(|canvas| {
        canvas.fill((x, y, room, bar), 0.95);
        if is_label {
            canvas.fill((x, y, length, bar), 0.25);
        } else {
            canvas.fill((x, y, length, bar), 0.75);
        }
        canvas.frame((x, y, room, bar), (0.4, 0.0));
    });
}

/// Parts per million as a share of one.
fn share(parts: u32) -> f32 {
    // Exact: a million has fewer bits than the fraction of a float.
    parts.min(1_000_000) as f32 / 1_000_000.0
}
