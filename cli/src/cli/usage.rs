//! Command lines that are not understood.

use std::{ffi::OsString, process::ExitCode};

use clap::{error::ErrorKind, Parser as _};

use super::Cli;
use crate::output::one_line;

/// The exit code of a command line that is not understood.
const NOT_UNDERSTOOD: u8 = 2;

/// Parses the program's arguments; else the exit code, after help was shown, or what is wrong.
///
/// Programs that ask for --json read an error as one line, so this is one then, without the usage
/// that people get.
pub fn parsed() -> Result<Cli, ExitCode> {
    let error = match Cli::try_parse() {
        Ok(cli) => return Ok(cli),
        Err(error) => error,
    };
    if error.use_stderr() && wants_json(std::env::args_os()) {
        crate::output::tell!("{}", in_one_line(&error));
    } else {
        // Nobody reads it where that fails.
        let _ = error.print();
    }
    Err(if error.use_stderr() { ExitCode::from(NOT_UNDERSTOOD) } else { ExitCode::SUCCESS })
}

/// Whether --json is among arguments that could not be parsed.
fn wants_json(arguments: impl IntoIterator<Item = OsString>) -> bool {
    arguments.into_iter().take_while(|one| one != "--").any(|one| one == "--json")
}

/// What is wrong with a command line, and what may be meant, without the usage.
pub(super) fn in_one_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Its text is the whole help.
        return "error: something is missing in the command line; see it with --help".to_owned();
    }
    let said = error.to_string();
    let ends = ["\n\nUsage:", "\n\nFor more information"];
    let end = ends.iter().filter_map(|end| said.find(end)).min().unwrap_or(said.len());
    one_line(said.get(..end).unwrap_or(&said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> String {
        in_one_line(&Cli::try_parse_from(line.split_whitespace()).unwrap_err())
    }

    #[test]
    fn what_is_wrong_is_one_line_without_the_usage() {
        for (line, words) in [
            ("medchain upload film.png", "--patient <ACCOUNT>"),
            ("medchain show first", "error: `first` is not a record number"),
            ("medchain fly", "error: unrecognized subcommand 'fly'"),
            ("medchain key", "error: "),
            ("medchain --json", "error: "),
            ("medchain records 5F --jso", "a similar argument exists: '--json'"),
        ] {
            let said = said(line);
            assert!(said.starts_with("error: ") && said.contains(words), "{line}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!(!said.contains("Usage"), "{said}");
        }
    }

    #[test]
    fn json_is_wanted_by_a_flag_and_not_by_a_name() {
        let wants = |line: &str| wants_json(line.split_whitespace().map(OsString::from));
        assert!(wants("medchain --json fly"));
        assert!(wants("medchain upload film.png --json"));
        assert!(!wants("medchain upload film.png"));
        assert!(!wants("medchain predict -- --json"));
    }
}
