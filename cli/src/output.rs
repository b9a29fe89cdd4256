//! Standard output: a report for people, or the same as one line of JSON.

use std::io::Write;

use anyhow::{Context, Result};
use serde::Serialize;

/// How a command ended that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What was asked for is done, or the answer is yes.
    Done,
    /// It ran, and the answer is no: a mismatch, a denial, a file that failed.
    No,
}

/// A report of any command: people get its [`std::fmt::Display`].
pub trait Report: Serialize + std::fmt::Display {}

impl<T: Serialize + std::fmt::Display> Report for T {}

/// Prints one report.
pub fn print(report: &impl Report, json: bool) -> Result<()> {
    line(&rendered(report, json)?)
}

/// Prints one line or text on standard output. A reader that went away, as
/// `head` does, is an error like any other and not a panic.
pub fn line(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end())
        .and_then(|()| out.flush())
        .context("cannot write to standard output")
}

fn rendered(report: &impl Report, json: bool) -> Result<String> {
    if json {
        serde_json::to_string(report).context("cannot write the report as JSON")
    } else {
        Ok(report.to_string())
    }
}

/// One line for standard error: the cause after the failure, without line
/// breaks and control characters that a node or a store may have sent.
pub fn error_line(error: &anyhow::Error) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // Many error types repeat their source in their own text.
        if !said.iter().any(|before| before.contains(&cause)) {
            said.push(cause);
        }
    }
    let text = said.join(": ");
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    format!("error: {}", words.join(" "))
}

/// A probability as a percentage for people.
pub fn percent(parts_per_million: u32) -> String {
    format!("{:.1} %", f64::from(parts_per_million) / 10_000.0)
}

/// What stands beside a label whose probability is below the model's threshold.
pub const UNCERTAIN: &str = "uncertain — needs a radiologist";

/// What the class `ignore` means, which reads like advice.
const IGNORE: &str = "not a chest X-ray";

/// A predicted class for people, with what they must know of it.
pub fn label(label: &str, uncertain: bool) -> String {
    let meaning = (label == "ignore").then_some(IGNORE);
    let notes: Vec<&str> = meaning.into_iter().chain(uncertain.then_some(UNCERTAIN)).collect();
    match notes.is_empty() {
        true => label.to_string(),
        false => format!("{label} ({})", notes.join("; ")),
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

    #[test]
    fn an_error_is_one_line_that_says_each_thing_once() {
        let error = anyhow::anyhow!("connection refused\n  at port 1")
            .context("cannot reach the node ws://127.0.0.1:1: connection refused\n  at port 1")
            .context("nothing was sent");
        assert_eq!(
            error_line(&error),
            "error: nothing was sent: cannot reach the node ws://127.0.0.1:1: \
             connection refused at port 1"
        );
    }

    #[test]
    fn a_report_is_text_or_one_line_of_json() {
        #[derive(Serialize)]
        struct Two {
            lines: &'static str,
        }
        impl std::fmt::Display for Two {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.lines)
            }
        }
        let two = Two { lines: "a\nb" };
        assert_eq!(rendered(&two, false).unwrap(), "a\nb");
        assert_eq!(rendered(&two, true).unwrap(), r#"{"lines":"a\nb"}"#);
    }
}
