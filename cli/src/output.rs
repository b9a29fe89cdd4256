//! What is shown: reports on standard output, as text or JSON, and errors as one line.

mod label;
mod progress;
mod text;
pub mod time;

use std::{fmt, io::Write};

use anyhow::{Context as _, Result};
use serde::Serialize;

#[cfg(test)]
pub use label::UNCERTAIN;
pub use label::{label, percent};
pub use progress::{Progress, Step};
pub use text::{as_text, counted, displayed, harmless, hex, joined, one_line};

/// Says something on standard error, on a line of its own, as `eprintln!` does, which panics where
/// that is closed.
macro_rules! tell {
    ($($part:tt)*) => { $crate::output::on_standard_error(format_args!("{}\n", format_args!($($part)*))) };
}
pub(crate) use tell;

/// How a command that ran to its end answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The task is done, or the answer is yes.
    Done,
    /// The answer is no: a mismatch or a denial.
    No,
    /// A part failed, and the report says which.
    Failed,
    /// The outcome of a transaction is unknown still.
    Unknown,
}

/// Prints a report: as text by its [`fmt::Display`], or as one line of JSON.
pub fn print(report: &(impl Serialize + fmt::Display), json: bool) -> Result<()> {
    line(&rendered(report, json)?)
}

/// Prints text on standard output.
///
/// A closed pipe, as behind `head`, is an error like any other and no panic.
pub fn line(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end())
        .and_then(|()| out.flush())
        .context("cannot write to standard output")
}

/// Writes to standard error. Where nobody reads that, as behind `2>&1 | true`, there is nobody to
/// tell, and what the command does goes on.
pub fn on_standard_error(text: fmt::Arguments<'_>) {
    let mut error = std::io::stderr().lock();
    let _ = error.write_fmt(text).and_then(|()| error.flush());
}

fn rendered(report: &(impl Serialize + fmt::Display), json: bool) -> Result<String> {
    if json {
        serde_json::to_string(report).context("cannot write the report as JSON")
    } else {
        Ok(harmless(&report.to_string()))
    }
}

/// An error and its causes as one line for standard error.
///
/// Leaves out the line breaks and control characters that a node or a store may send.
pub fn error_line(error: &anyhow::Error) -> String {
    format!("error: {}", causes(error))
}

/// An error and its causes as one line.
pub fn causes(error: &anyhow::Error) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // Many error types repeat their source in their own text.
        if !said.iter().any(|before| before.contains(&cause)) {
            said.push(cause);
        }
    }
    one_line(&said.join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_others_wrote_moves_no_cursor_and_turns_no_letters() {
        let name = "Evil\u{1b}[31m\r\u{202e}gnp.exe\nnext\tline";
        assert_eq!(harmless(name), "Evil[31mgnp.exe\nnext\tline");
        assert_eq!(one_line("a\u{202e}b\u{1b}c"), "a b c");
    }

    #[test]
    fn a_report_is_text_or_one_line_of_json() {
        #[derive(Serialize)]
        struct Two {
            lines: &'static str,
        }
        impl fmt::Display for Two {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.lines)
            }
        }
        let two = Two { lines: "a\nb" };
        assert_eq!(rendered(&two, false).unwrap(), "a\nb");
        assert_eq!(rendered(&two, true).unwrap(), r#"{"lines":"a\nb"}"#);
    }
}
