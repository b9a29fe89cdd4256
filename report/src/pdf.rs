//! The page as a PDF that conforms to PDF/UA-1 (ISO 14289-1).
//!
//! Everything on the page is either tagged content, in reading order, or marked as an artifact;
//! figures have alternate texts, headers of tables their scope, and fonts are embedded with what
//! maps their glyphs to characters.

mod canvas;
mod document;
mod face;
mod tags;

pub use canvas::{Canvas, Style, HEIGHT, WIDTH};
pub use document::{write, ATTACHMENT, FILM};
pub use tags::Role;
