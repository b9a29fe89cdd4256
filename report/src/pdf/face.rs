//! A font: which glyphs it has for a text, how wide they are, and what of it is embedded.

use std::collections::BTreeMap;

use pdf_writer::{
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
    Name, Pdf, Rect, Ref, Str,
};
use sha2::{Digest, Sha256};
use subsetter::GlyphRemapper;
use ttf_parser::GlyphId;

use crate::{text::REPLACEMENT, ReportError};

/// How glyphs are named in the file: by their number.
const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A font and what the page uses of it.
pub struct Face {
    /// Its name in the file, without the prefix of a subset.
    name: &'static str,
    data: &'static [u8],
    face: ttf_parser::Face<'static>,
    glyphs: GlyphRemapper,
    /// The used glyphs by their new numbers: the character, and the width in thousandths.
    used: BTreeMap<u16, (char, f32)>,
}

impl Face {
    /// Reads a font.
    pub fn new(name: &'static str, data: &'static [u8]) -> Result<Self, ReportError> {
        let face = ttf_parser::Face::parse(data, 0)
            .map_err(|_| ReportError::Writing("a font cannot be read"))?;
        let (glyphs, used) = (GlyphRemapper::new(), BTreeMap::new());
        Ok(Self { name, data, face, glyphs, used })
    }

    /// The character that is shown: itself, or the replacement.
    pub fn shown(&self, character: char) -> char {
        match self.face.glyph_index(character) {
            Some(glyph) if glyph.0 != 0 => character,
            _ => REPLACEMENT,
        }
    }

    /// The width of a text in points.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        let thousandths: f32 = text.chars().map(|one| self.advance(self.glyph(one))).sum();
        thousandths * size / 1000.0
    }

    /// The bytes that show a text, two for each glyph.
    pub fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for character in text.chars() {
            let character = self.shown(character);
            let glyph = self.glyph(character);
            let number = self.glyphs.remap(glyph.0);
            let width = self.advance(glyph);
            self.used.entry(number).or_insert((character, width));
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    fn glyph(&self, character: char) -> GlyphId {
        let of = |character| self.face.glyph_index(character).filter(|glyph| glyph.0 != 0);
        of(character).or_else(|| of(REPLACEMENT)).unwrap_or(GlyphId(0))
    }

    /// A glyph's width in thousandths of the font's size.
    fn advance(&self, glyph: GlyphId) -> f32 {
        self.scaled(self.face.glyph_hor_advance(glyph).unwrap_or_default())
    }

    fn scaled(&self, units: impl Into<f32>) -> f32 {
        units.into() * 1000.0 / f32::from(self.face.units_per_em())
    }

    /// Writes the used part of the font as `id`.
    pub fn write(&self, pdf: &mut Pdf, id: Ref, next: &mut Ref) -> Result<(), ReportError> {
        let subset = subsetter::subset(self.data, 0, &self.glyphs)
            .map_err(|_| ReportError::Writing("a font cannot be reduced"))?;
        let (cid, descriptor, map, file) = (next.bump(), next.bump(), next.bump(), next.bump());
        let name = self.subset_name();
        let base = Name(name.as_bytes());
        pdf.type0_font(id)
            .base_font(base)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(map);

        let mut font = pdf.cid_font(cid);
        font.subtype(CidFontType::Type2)
            .base_font(base)
            .system_info(IDENTITY)
            .font_descriptor(descriptor)
            .default_width(0.0)
            .cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = font.widths();
        for (number, (_, width)) in &self.used {
            widths.consecutive(*number, [*width]);
        }
        drop(widths);
        drop(font);

        let bounds = self.face.global_bounding_box();
        let cap_height = self.face.capital_height().unwrap_or(self.face.ascender());
        let bold = self.face.is_bold();
        pdf.font_descriptor(descriptor)
            .name(base)
            .flags(FontFlags::NON_SYMBOLIC)
            .bbox(Rect::new(
                self.scaled(bounds.x_min),
                self.scaled(bounds.y_min),
                self.scaled(bounds.x_max),
                self.scaled(bounds.y_max),
            ))
            .italic_angle(0.0)
            .ascent(self.scaled(self.face.ascender()))
            .descent(self.scaled(self.face.descender()))
            .cap_height(self.scaled(cap_height))
            // The font does not say; the usual values of a regular and a bold sans serif.
            .stem_v(if bold { 140.0 } else { 80.0 })
            .font_file2(file);

        let mut unicode = UnicodeCmap::<u16>::new(Name(b"MedChain-Identity"), IDENTITY);
        for (number, (character, _)) in &self.used {
            unicode.pair(*number, *character);
        }
        pdf.cmap(map, &unicode.finish()).name(Name(b"MedChain-Identity")).system_info(IDENTITY);
        let length = i32::try_from(subset.len()).unwrap_or(i32::MAX);
        pdf.stream(file, &subset).pair(Name(b"Length1"), length);
        Ok(())
    }

    /// The name of the subset, with a prefix that depends on what is in it.
    fn subset_name(&self) -> String {
        let characters: String = self.used.values().map(|(character, _)| *character).collect();
        let digest = Sha256::digest(characters);
        let prefix: String =
            digest.iter().take(6).map(|byte| char::from(b'A' + byte % 26)).collect();
        format!("{prefix}+{}", self.name)
    }
}
