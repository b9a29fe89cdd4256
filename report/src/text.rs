//! Texts as the page shows them.

/// The longest text that is kept, in characters.
const MAX_CHARACTERS: usize = 160;
/// What stands for the rest of a shortened text.
pub const ELLIPSIS: char = '…';
/// What stands for a character that cannot be shown.
pub const REPLACEMENT: char = '\u{FFFD}';

/// What an uncertain result is called.
pub const UNCERTAIN: &str = "Uncertain: needs a radiologist";
/// What every page says first.
pub const NOT_A_DEVICE: &str = "Not a medical device.";

/// Puts a text on one line and shortens it where it is long.
///
/// Whatever is white becomes one space. Controls, and marks that turn the direction of writing or
/// have no width, become [`REPLACEMENT`]: on paper they would hide what the text is.
pub fn bound(text: &mut String) {
    let mut bounded = String::new();
    let mut white = false;
    let mut count = 0;
    for found in text.chars() {
        if found.is_whitespace() {
            white = !bounded.is_empty();
            continue;
        }
        if white {
            bounded.push(' ');
            count += 1;
            white = false;
        }
        if count >= MAX_CHARACTERS {
            bounded.push(ELLIPSIS);
            break;
        }
        bounded.push(if is_hidden(found) { REPLACEMENT } else { found });
        count += 1;
    }
    *text = bounded;
}

/// Whether a character is invisible, or changes how others are shown.
fn is_hidden(found: char) -> bool {
    found.is_control()
        || matches!(
            found,
            '\u{00AD}'
                | '\u{034F}'
                | '\u{061C}'
                | '\u{115F}'..='\u{1160}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

/// A probability in parts per million as a percentage, without rounding: what is below a threshold
/// must not look equal to it.
pub fn percent(parts_per_million: u32) -> String {
    let (whole, parts) = (parts_per_million / 10_000, parts_per_million % 10_000);
    if parts % 100 == 0 {
        // The steps of the answers on chain.
        format!("{whole}.{:02} %", parts / 100)
    } else {
        format!("{whole}.{parts:04} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(text: &str) -> String {
        let mut text = text.to_owned();
        bound(&mut text);
        text
    }

    #[test]
    fn a_text_is_one_line_that_hides_nothing() {
        assert_eq!(bounded("  Ana\tMaría\r\n Ñ\u{a0}ö  "), "Ana María Ñ ö");
        assert_eq!(bounded("a\u{202e}b\u{0}c"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(bounded(""), "");
        let long = bounded(&"x".repeat(10_000));
        assert_eq!(long.chars().count(), MAX_CHARACTERS + 1);
        assert!(long.ends_with(ELLIPSIS));
        // What was bounded stays as it is: a page is drawn again from its values.
        for text in ["a b", &long, &bounded(&"x y ".repeat(100)), "a\u{fffd}"] {
            assert_eq!(bounded(text), text);
        }
    }

    #[test]
    fn probabilities_are_exact() {
        for (parts, shown) in [
            (0, "0.00 %"),
            (12_300, "1.23 %"),
            (989_000, "98.90 %"),
            (988_999, "98.8999 %"),
            (1_000_000, "100.00 %"),
        ] {
            assert_eq!(percent(parts), shown);
        }
    }
}
