//! The film.

use super::{GAP, LEFT, MARGIN, SMALL};
use crate::{
    pdf::{Canvas, Role, FILM},
    Film,
};

const SIDE: f32 = LEFT;

/// Draws the film, as large as its box allows; returns where it ends.
pub fn draw(canvas: &mut Canvas, y: f32, film: Option<&Film>) -> f32 {
    canvas.part(Role::Section, |canvas| {
        let Some(film) = film else {
            canvas.decoration(|canvas| canvas.frame((MARGIN, y, SIDE, 60.0), (0.5, 3.0)));
            canvas.part(Role::Paragraph, |canvas| {
                let text = "The film was not opened for this report.";
                canvas.text(MARGIN + GAP / 2.0, y + 33.0, SMALL, text);
            });
            return y + 60.0;
        };
        let (wide, high) = (side(film.width()), side(film.height()));
        let scale = SIDE / wide.max(high);
        let (width, height) = (wide * scale, high * scale);
        let bounds = (MARGIN + (SIDE - width) / 2.0, y, width, height);
        let alt = "The chest X-ray that the prediction is about, reduced for print.";
        canvas.figure(alt, bounds, |canvas| canvas.picture(FILM, bounds));
        canvas.decoration(|canvas| canvas.frame(bounds, (0.5, 0.0)));
        canvas.part(Role::Caption, |canvas| {
            let text = format!(
                "The film, reduced to {} × {} pixels. Not for diagnosis.",
                film.width(),
                film.height()
            );
            canvas.text(MARGIN, y + height + 11.0, SMALL, &text);
        });
        y + height + 14.0
    })
}

/// A side in pixels, which is at most 800.
fn side(pixels: u32) -> f32 {
    f32::from(u16::try_from(pixels).unwrap_or(u16::MAX)).max(1.0)
}
