//! Drawing on the page: lengths in points, `y` downwards from the top.

use pdf_writer::{Content, Name, Rect, Str};

use super::{
    face::Face,
    tags::{Element, Role},
};
use crate::{text::ELLIPSIS, ReportError};

/// The width of A4.
pub const WIDTH: f32 = 595.28;
/// The height of A4.
pub const HEIGHT: f32 = 841.89;

/// Noto Sans, see `fonts/README.md`.
const REGULAR: &[u8] = include_bytes!("../../fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/NotoSans-Bold.ttf");

/// How heavy a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// As usual.
    Regular,
    /// Emphasised.
    Bold,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// How heavy it is.
    pub weight: Weight,
    /// The size in points.
    pub size: f32,
}

impl Style {
    /// A regular text.
    pub const fn regular(size: f32) -> Self {
        Self { weight: Weight::Regular, size }
    }

    /// An emphasised text.
    pub const fn bold(size: f32) -> Self {
        Self { weight: Weight::Bold, size }
    }
}

/// The page while it is drawn.
pub struct Canvas {
    pub(super) content: Content,
    pub(super) regular: Face,
    pub(super) bold: Face,
    /// The open parts of the page, the whole page first.
    open: Vec<Element>,
    /// The number of the next tagged content.
    next: i32,
    replaced: bool,
}

impl Canvas {
    /// An empty page.
    pub fn new() -> Result<Self, ReportError> {
        Ok(Self {
            content: Content::new(),
            regular: Face::new("NotoSans-Regular", REGULAR)?,
            bold: Face::new("NotoSans-Bold", BOLD)?,
            open: vec![Element::new(Role::Document)],
            next: 0,
            replaced: false,
        })
    }

    /// Whether a character had to be replaced because the font lacks it.
    pub fn has_replaced(&self) -> bool {
        self.replaced
    }

    /// The number of tagged contents, and the structure of the page.
    pub(super) fn structure(&self) -> Option<(i32, &Element)> {
        Some((self.next, self.open.first()?))
    }

    /// Draws a part of the page.
    pub fn part<T>(&mut self, role: Role, draw: impl FnOnce(&mut Self) -> T) -> T {
        self.open.push(Element::new(role));
        let result = draw(self);
        self.close();
        result
    }

    fn close(&mut self) {
        if let Some(element) = self.open.pop()
            && let Some(parent) = self.open.last_mut()
        {
            parent.push(element);
        }
    }

    /// Draws a figure, of which `alt` says in words what it shows.
    pub fn figure(
        &mut self,
        alt: &str,
        (x, y, width, height): (f32, f32, f32, f32),
        draw: impl FnOnce(&mut Self),
    ) {
        let bounds = Rect::new(x, HEIGHT - y - height, x + width, HEIGHT - y);
        self.open.push(Element::figure(alt, bounds));
        self.tagged(draw);
        self.close();
    }

    /// Draws what only decorates.
    pub fn decoration(&mut self, draw: impl FnOnce(&mut Self)) {
        self.content.begin_marked_content(Name(b"Artifact"));
        draw(self);
        self.content.end_marked_content();
    }

    /// Draws content of the open part.
    fn tagged(&mut self, draw: impl FnOnce(&mut Self)) {
        let number = self.next;
        self.next += 1;
        let role = match self.open.last_mut() {
            Some(element) => {
                element.push_content(number);
                element.role()
            }
            None => Role::Document,
        };
        self.content
            .begin_marked_content_with_properties(role.name())
            .properties()
            .identify(number);
        draw(self);
        self.content.end_marked_content();
    }

    /// Writes a text whose baseline begins at `x`, `y`.
    pub fn text(&mut self, x: f32, y: f32, style: Style, text: &str) {
        if text.is_empty() {
            return;
        }
        let face = self.face(style.weight);
        self.replaced |= text.chars().any(|one| face.shown(one) != one);
        let (face, name) = match style.weight {
            Weight::Regular => (&mut self.regular, Name(b"Regular")),
            Weight::Bold => (&mut self.bold, Name(b"Bold")),
        };
        let bytes = face.encode(text);
        self.tagged(|canvas| {
            canvas
                .content
                .set_fill_gray(0.0)
                .begin_text()
                .set_font(name, style.size)
                .next_line(x, HEIGHT - y)
                .show(Str(&bytes))
                .end_text();
        });
    }

    /// Writes a text that ends at `x`.
    pub fn text_up_to(&mut self, x: f32, y: f32, style: Style, text: &str) {
        self.text(x - self.width(style, text), y, style, text);
    }

    /// The width of a text.
    pub fn width(&self, style: Style, text: &str) -> f32 {
        self.face(style.weight).width(text, style.size)
    }

    /// A text, shortened with an ellipsis where it is wider than `room`.
    pub fn fitted(&self, style: Style, text: &str, room: f32) -> String {
        if self.width(style, text) <= room {
            return text.to_owned();
        }
        let left = room - self.width(style, &ELLIPSIS.to_string());
        if left < 0.0 {
            return String::new();
        }
        let kept = text.get(..self.reach(style, text, left)).unwrap_or_default();
        format!("{}{ELLIPSIS}", kept.trim_end())
    }

    /// How many bytes of a text fit into `room`.
    fn reach(&self, style: Style, text: &str, room: f32) -> usize {
        let mut width = 0.0;
        for (at, character) in text.char_indices() {
            width += self.width(style, character.encode_utf8(&mut [0; 4]));
            if width > room {
                return at;
            }
        }
        text.len()
    }

    /// A text in at most `most` lines of the width `room`, the last shortened where there is more.
    pub fn wrapped(&self, style: Style, text: &str, room: f32, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if lines.len() + 1 >= most {
                lines.push(self.fitted(style, rest, room));
                break;
            }
            let (line, after) = self.line(style, rest, room);
            lines.push(line.to_owned());
            rest = after;
        }
        lines
    }

    /// The first line of a text, and what follows: broken at a space, or where none is in reach.
    fn line<'t>(&self, style: Style, text: &'t str, room: f32) -> (&'t str, &'t str) {
        let reach = self.reach(style, text, room);
        let (within, after) = text.split_at_checked(reach).unwrap_or((text, ""));
        if after.is_empty() || after.starts_with(' ') {
            return (within, after.trim_start());
        }
        let space = within.rfind(' ').filter(|at| *at > 0);
        // At least one character, or the text would never end.
        let at = space.unwrap_or(reach.max(first(text)));
        let (line, rest) = text.split_at_checked(at).unwrap_or((text, ""));
        (line.trim_end(), rest.trim_start())
    }

    fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// Fills a rectangle with a grey, 0 for black.
    pub fn fill(&mut self, (x, y, width, height): (f32, f32, f32, f32), grey: f32) {
        self.content.set_fill_gray(grey).rect(x, HEIGHT - y - height, width, height).fill_nonzero();
    }

    /// Draws a frame; `dash` is the length of its dashes and gaps, 0 for none.
    pub fn frame(&mut self, (x, y, width, height): (f32, f32, f32, f32), (line, dash): (f32, f32)) {
        self.pen(line, dash).rect(x, HEIGHT - y - height, width, height).stroke();
    }

    /// Draws a line.
    pub fn line_between(
        &mut self,
        (from_x, from_y): (f32, f32),
        (to_x, to_y): (f32, f32),
        (line, dash): (f32, f32),
    ) {
        self.pen(line, dash).move_to(from_x, HEIGHT - from_y).line_to(to_x, HEIGHT - to_y).stroke();
    }

    fn pen(&mut self, line: f32, dash: f32) -> &mut Content {
        let dashes: &[f32] = if dash > 0.0 { &[dash] } else { &[] };
        self.content
            .set_stroke_gray(0.0)
            .set_line_width(line)
            .set_dash_pattern(dashes.iter().copied(), 0.0)
    }

    /// Draws the picture with this name.
    pub fn picture(&mut self, name: Name, (x, y, width, height): (f32, f32, f32, f32)) {
        self.content
            .save_state()
            .transform([width, 0.0, 0.0, height, x, HEIGHT - y - height])
            .x_object(name)
            .restore_state();
    }
}

/// The length of a text's first character.
fn first(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}
