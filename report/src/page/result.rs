//! What came of the request: in large type only where it can be relied on as what it is.

use super::{chart, lines, Density, BODY, GAP, LEFT, MARGIN, ROOM, SMALL, STRONG};
use crate::{
    pdf::{Canvas, Role, Style},
    text::{ELLIPSIS, UNCERTAIN},
    Class, Outcome, Report,
};

const X: f32 = MARGIN + LEFT + GAP;
const WIDTH: f32 = ROOM - LEFT - GAP;
const INSET: f32 = 12.0;
/// The longest name of a class in a sentence, in characters.
const LONGEST_NAME: usize = 24;
const INNER: f32 = WIDTH - 2.0 * INSET;

/// What the result is called, and what must be said of it.
pub struct Said {
    /// In large type.
    pub headline: String,
    /// Below it, in sentences.
    pub details: Vec<String>,
    /// Whether it is a verdict that stands and is certain.
    pub certain: bool,
}

/// Draws the result and the chart; returns where they end.
pub fn draw(canvas: &mut Canvas, top: f32, report: &Report, density: Density) -> f32 {
    let said = said(report);
    canvas.part(Role::Section, |canvas| {
        canvas.part(Role::Heading, |canvas| {
            canvas.text(X + INSET, top + 17.0, STRONG, "What the network answered");
        });
        let mut y = headline(canvas, top + 22.0, &said, density.headline);
        for detail in &said.details {
            y = lines(canvas, (X + INSET, y, INNER), BODY, detail, density.sentence) + 2.0;
        }
        let ends = y - 2.0;
        canvas.decoration(|canvas| {
            let (line, dash) = if said.certain { (1.5, 0.0) } else { (1.5, 5.0) };
            canvas.frame((X, top, WIDTH, ends - top), (line, dash));
        });
        match &report.outcome {
            Outcome::Verdict { label, probabilities, .. } => {
                let label = said.certain.then_some(label.as_str());
                let threshold = report.model.as_ref().map(|model| model.threshold);
                let place = (X, ends + 16.0, WIDTH);
                let y = chart::draw(canvas, place, density.bar, (probabilities, label, threshold));
                let note = "What the network computed: not the chance of a disease.";
                lines(canvas, (X, y, WIDTH), SMALL, note, 1)
            }
            _ => ends,
        }
    })
}

fn headline(canvas: &mut Canvas, top: f32, said: &Said, (word, sentence): (f32, f32)) -> f32 {
    // A class that is sure is one word; sentences are smaller.
    let style = Style::bold(if said.certain { word } else { sentence });
    let all = canvas.wrapped(style, &said.headline, INNER, 2);
    let mut y = top + style.size;
    canvas.part(Role::Paragraph, |canvas| {
        for (number, line) in all.iter().enumerate() {
            let end = if number + 1 < all.len() { " " } else { "" };
            canvas.text(X + INSET, y, style, &format!("{line}{end}"));
            y += style.size * 1.2;
        }
    });
    y - style.size * 1.2 + 18.0
}

/// What the page says of the result.
pub fn said(report: &Report) -> Said {
    let uncertain = |headline: &str, details: Vec<String>| Said {
        headline: headline.to_owned(),
        details,
        certain: false,
    };
    let request = report.request.as_ref().map_or(0, |request| request.id);
    match &report.outcome {
        Outcome::Verdict { label, probabilities, provisional_until, challenged, .. } => {
            let of_label = probability(label, probabilities);
            if *challenged {
                let disputed = format!("The answer in dispute: {} with {of_label}.", named(label));
                let details = vec!["Challenged: another worker disputes it.".into(), disputed];
                return uncertain("Disputed: do not rely on it", details);
            }
            let provisional = provisional_until
                .map(|until| format!("Provisional until block {until}: the answer of one worker."));
            let threshold = report.model.as_ref().map(|model| crate::percent(model.threshold));
            let is_uncertain = report.is_uncertain() != Some(false);
            let mut said = if is_uncertain {
                let below = threshold.map_or_else(
                    || "the model's threshold is not known".to_owned(),
                    |threshold| format!("below the model's threshold of {threshold}"),
                );
                let most =
                    format!("The most probable class, {}, has {of_label}: {below}.", named(label));
                uncertain(UNCERTAIN, vec![most])
            } else {
                let threshold = threshold.unwrap_or_default();
                let meaning = meaning(label).map(|meaning| format!("That is: {meaning}."));
                let enough = format!("{of_label}, and the model's threshold is {threshold}.");
                let details = meaning.into_iter().chain([enough]).collect();
                Said { headline: label.clone(), details, certain: true }
            };
            said.details.extend(provisional);
            said
        }
        Outcome::Unreadable => uncertain(
            "Unreadable: no result",
            vec!["The record's key does not open the verdict. Do not trust its workers.".into()],
        ),
        Outcome::Sealed => uncertain(
            "Sealed: not opened",
            vec!["There is a verdict, which was not opened for this report.".into()],
        ),
        Outcome::Annulled => uncertain(
            "Annulled: no result",
            vec!["The verdict was shown to be wrong. Ask again.".into()],
        ),
        Outcome::Withdrawn => uncertain(
            "Withdrawn: no result",
            vec!["The patient ended the dispute about the verdict before it was settled. Ask \
                  again."
                .into()],
        ),
        Outcome::Pending { step, until } => uncertain(
            "Pending: no result yet",
            vec![
                format!("Request {request} is {step}, until block {until} at the latest."),
                "Make a new report when it is answered.".into(),
            ],
        ),
        Outcome::Disputed { until } => uncertain(
            "Disputed: no result yet",
            vec![
                "The workers' answers differ, and two of them settle whose is right.".into(),
                format!("The next move is due by block {until}."),
            ],
        ),
        Outcome::Ended { how, reason } => {
            let mut headline = capitalised(how);
            headline.push_str(": no result");
            uncertain(&headline, vec![format!("{}.", capitalised(reason))])
        }
        Outcome::NotOrdered => uncertain(
            "No prediction was ordered",
            vec!["The report shows the record alone.".into()],
        ),
    }
}

/// A class with what it means, where its name alone reads like advice.
fn named(label: &str) -> String {
    match meaning(label) {
        Some(meaning) => format!("{label} ({meaning})"),
        None if label.chars().count() > LONGEST_NAME => {
            label.chars().take(LONGEST_NAME).chain([ELLIPSIS]).collect()
        }
        None => label.to_owned(),
    }
}

fn meaning(label: &str) -> Option<&'static str> {
    (label == "ignore").then_some("not a chest X-ray")
}

fn probability(label: &str, probabilities: &[Class]) -> String {
    let found = probabilities.iter().find(|class| class.label == label);
    found.map_or("an unknown probability".into(), |class| crate::percent(class.probability))
}

fn capitalised(word: &str) -> String {
    let mut rest = word.chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect()
}
