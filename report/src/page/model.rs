//! The model, and what its card says of it.

use super::{heading, lines, BODY, MARGIN, ROOM, SMALL, STRONG};
use crate::{
    pdf::{Canvas, Role},
    percent, Card, Model, Report,
};

/// The columns of the card's numbers.
const COLUMNS: u16 = 2;

/// Draws what computed the verdict; returns where it ends.
pub fn draw(canvas: &mut Canvas, y: f32, report: &Report) -> f32 {
    let Some(model) = &report.model else { return y };
    canvas.part(Role::Section, |canvas| {
        let y = heading(canvas, (MARGIN, y, ROOM), "Model");
        let y = named(canvas, y, model);
        match &model.card {
            Some(card) => numbers(canvas, y, card),
            None => {
                let text = "No numbers of its card can be shown.";
                lines(canvas, (MARGIN, y, ROOM), SMALL, text, 1)
            }
        }
    }) + 4.0
}

fn named(canvas: &mut Canvas, y: f32, model: &Model) -> f32 {
    let Model { name, version, id, threshold, .. } = model;
    canvas.part(Role::Paragraph, |canvas| {
        let name = canvas.fitted(STRONG, &format!("{name} {version}"), ROOM * 0.45);
        canvas.text(MARGIN, y, STRONG, &format!("{name} "));
        let x = MARGIN + canvas.width(STRONG, &format!("{name} "));
        let rest = format!(
            "(model {id}). An answer is uncertain below a probability of {}.",
            percent(*threshold)
        );
        canvas.text(x, y, BODY, &rest);
    });
    lines(canvas, (MARGIN, y + 11.0, ROOM), SMALL, &format!("SHA-256 {}", model.sha256), 1)
}

/// The numbers in columns, for a reader without eyes a table of name and value.
fn numbers(canvas: &mut Canvas, y: f32, card: &Card) -> f32 {
    let text = format!(
        "Its card ({}, from the archives of the training films; 95 % intervals). The numbers say \
         little about disease.",
        card.measured_on
    );
    let top = lines(canvas, (MARGIN, y, ROOM), SMALL, &text, 2);
    let wide = ROOM / f32::from(COLUMNS);
    let mut y = top;
    canvas.part(Role::Table, |canvas| {
        for (number, measure) in (0u16..).zip(&card.measures) {
            let x = MARGIN + f32::from(number % COLUMNS) * wide;
            y = top + f32::from(number / COLUMNS) * 10.5;
            let interval = measure.interval.as_ref().map(|interval| format!(" ({interval})"));
            canvas.part(Role::Row, |canvas| {
                let name = canvas.fitted(SMALL, &measure.name, wide * 0.55);
                let x_value = x + canvas.width(SMALL, &format!("{name} "));
                canvas.part(Role::Header, |canvas| canvas.text(x, y, SMALL, &name));
                canvas.part(Role::Cell, |canvas| {
                    let value = format!("{}{}", measure.value, interval.unwrap_or_default());
                    let room = x + wide - 6.0 - x_value;
                    let value = canvas.fitted(SMALL, &value, room);
                    canvas.text(x_value, y, SMALL, &value);
                });
            });
        }
    });
    if card.measures.is_empty() {
        return top;
    }
    y + 10.5
}
