//! The main numbers of a model card.

use crate::{Card, Measure, MAX_MEASURES};

/// The class of what is not a film of the kind that the model judges.
const IGNORE: &str = "ignore";

impl Card {
    /// Reads the numbers of the internal test out of a card that `models/` wrote; none where
    /// there are none. `cid` is that of the text.
    ///
    /// They are a table whose first row begins with `| measure (`: what was measured, its value,
    /// and a 95 % interval.
    pub fn read(cid: &str, text: &str, labels: &[String]) -> Option<Self> {
        read(cid, text, labels)
    }
}

fn read(cid: &str, text: &str, labels: &[String]) -> Option<Card> {
    let mut heading = "";
    let mut lines = text.lines();
    let films = lines.find_map(|line| {
        heading = line.strip_prefix("## ").unwrap_or(heading);
        line.strip_prefix("| measure (")?.split_once(')').map(|(films, _)| films)
    })?;
    let rows: Vec<Measure> =
        lines.map_while(|line| line.strip_prefix('|')).filter_map(measure).collect();
    let measures: Vec<Measure> = wanted(labels)
        .filter_map(|name| rows.iter().find(|row| row.name.starts_with(&name)))
        .take(MAX_MEASURES)
        .cloned()
        .collect();
    let test = heading.split(':').next().unwrap_or_default().to_lowercase();
    (!measures.is_empty()).then(|| Card {
        cid: cid.to_owned(),
        measured_on: format!("{test}, {films}"),
        measures,
    })
}

/// The beginnings of the names that a page shows, the most telling first.
fn wanted(labels: &[String]) -> impl Iterator<Item = String> + '_ {
    let classes = || labels.iter().filter(|label| *label != IGNORE);
    let of_each = |what: &'static str| classes().map(move |label| format!("{what} {label}"));
    let overall = ["AUC", "accuracy"].into_iter().map(str::to_owned);
    of_each("recall").chain(of_each("precision")).chain(overall)
}

/// A row of the table; none of the line below its head.
fn measure(row: &str) -> Option<Measure> {
    let mut cells = row.split('|').map(str::trim);
    let (name, value) = (cells.next()?, cells.next()?);
    let interval = cells.next().filter(|interval| !interval.is_empty());
    let is_rule = name.starts_with("---") || value.is_empty();
    (!is_rule).then(|| Measure {
        name: name.to_owned(),
        value: value.to_owned(),
        interval: interval.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: [&str; 3] = ["covid", "ignore", "normal"];

    fn numbers(text: &str) -> Option<Card> {
        Card::read("bafk", text, &LABELS.map(String::from))
    }

    #[test]
    fn the_shipped_card_has_the_numbers_that_a_page_shows() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/shipped");
        let text = std::fs::read_to_string(folder.join("MODEL_CARD.md")).unwrap();
        let card = numbers(&text).unwrap();
        assert_eq!(card.cid, "bafk");
        assert_eq!(card.measured_on, "internal test, 492 films");
        let names: Vec<&str> = card.measures.iter().map(|measure| measure.name.as_str()).collect();
        let expected = [
            "recall covid",
            "recall normal",
            "precision covid",
            "precision normal",
            "AUC covid against normal",
            "accuracy",
        ];
        assert_eq!(names, expected);
        // The card and the numbers that it was made of.
        let metrics = std::fs::read(folder.join("metrics.json")).unwrap();
        let metrics: serde_json::Value = serde_json::from_slice(&metrics).unwrap();
        for measure in &card.measures {
            let value = metrics["metrics"][&measure.name].as_f64().unwrap();
            assert_eq!(measure.value, format!("{value:.3}"), "{}", measure.name);
            assert!(measure.interval.as_ref().is_some_and(|interval| interval.contains(" to ")));
        }
    }

    #[test]
    fn another_card_has_none() {
        for text in
            ["", "# A card", "| measure (9 films) | value |\n| --- | --- |\n", "| measure ("]
        {
            assert_eq!(numbers(text), None, "{text}");
        }
        let card =
            numbers("## Test\n| measure (9 films) | value |\n| --- | --- |\n| accuracy | 1 |");
        assert_eq!(card.unwrap().measures[0].interval, None);
    }
}
