//! Outputs in words.

/// A probability as a percentage.
pub fn percent(parts_per_million: u32) -> String {
    format!("{:.1} %", f64::from(parts_per_million) / 10_000.0)
}

/// The note beside a label whose probability is below the model's threshold.
pub const UNCERTAIN: &str = "uncertain — needs a radiologist";

/// What the class `ignore` means; the name alone reads like advice.
const IGNORE: &str = "not a chest X-ray";

/// A predicted class with the notes that belong to it.
pub fn label(label: &str, uncertain: bool) -> String {
    let meaning = (label == "ignore").then_some(IGNORE);
    let notes: Vec<&str> = meaning.into_iter().chain(uncertain.then_some(UNCERTAIN)).collect();
    if notes.is_empty() {
        label.to_owned()
    } else {
        format!("{label} ({})", notes.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_what_it_means_and_how_sure_it_is() {
        assert_eq!(label("covid", false), "covid");
        assert_eq!(label("normal", true), "normal (uncertain — needs a radiologist)");
        assert_eq!(label("ignore", false), "ignore (not a chest X-ray)");
        let both = "ignore (not a chest X-ray; uncertain — needs a radiologist)";
        assert_eq!(label("ignore", true), both);
    }
}
