//! Where a program finds the passphrase of a key file when nobody types it: in a file, or with
//! another program, such as a keychain.

use std::{
    env, fmt, io,
    io::Read,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{kill_process_group, Pid, Signal};
use zeroize::Zeroizing;

use super::{read_line, KeyError, Passphrase};

/// How the variables of this project begin.
const OWN_VARIABLES: &[u8] = b"MEDCHAIN_";
/// How often it is looked whether a program has ended that has printed all.
const PAUSE: Duration = Duration::from_millis(10);

/// Where a passphrase is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassphraseSource {
    /// In a file that only its owner may read.
    File(PathBuf),
    /// A program prints it.
    Program(PassphraseProgram),
}

impl PassphraseSource {
    /// The file or the command line that is named; `None` where neither is. An empty command line
    /// is none.
    ///
    /// # Errors
    /// [`KeyError::TwoPassphrases`] where both are named, [`KeyError::PassphraseProgram`] for a
    /// command line that cannot be split.
    pub fn named(file: Option<PathBuf>, command: Option<&str>) -> Result<Option<Self>, KeyError> {
        match (file, command.filter(|command| !command.trim().is_empty())) {
            (Some(_), Some(_)) => Err(KeyError::TwoPassphrases),
            (Some(file), None) => Ok(Some(Self::File(file))),
            (None, Some(command)) => PassphraseProgram::parse(command).map(Self::Program).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The passphrase. A program has so much time, if there is a `limit`, and then no terminal to
    /// ask on; without one it may ask whom it likes.
    ///
    /// # Errors
    /// [`KeyError`] with what is wrong with the file or the program.
    pub fn read(&self, limit: Option<Duration>) -> Result<Passphrase, KeyError> {
        match self {
            Self::File(path) => Passphrase::read(path),
            Self::Program(program) => program.run(limit),
        }
    }
}

/// A program that prints a passphrase. Its arguments are in no message.
#[derive(Clone, PartialEq, Eq)]
pub struct PassphraseProgram {
    name: String,
    arguments: Vec<String>,
}

impl PassphraseProgram {
    /// Splits a command line as a shell does; no shell has a part in it.
    fn parse(command: &str) -> Result<Self, KeyError> {
        let unusable = |reason: &str| KeyError::PassphraseProgram {
            program: command.split_whitespace().next().unwrap_or_default().to_owned(),
            reason: reason.to_owned(),
        };
        let words = shlex::split(command);
        let mut words =
            words.ok_or_else(|| unusable("cannot be run: a quote is not closed"))?.into_iter();
        let name = words.next().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| unusable("cannot be run: name a program"))?;
        Ok(Self { name, arguments: words.collect() })
    }

    /// Runs it, and takes the line that it prints.
    fn run(&self, limit: Option<Duration>) -> Result<Passphrase, KeyError> {
        let failed =
            |reason: String| KeyError::PassphraseProgram { program: self.name.clone(), reason };
        let mut child = self.start(limit.is_some()).map_err(|error| {
            failed(format!(
                "cannot be started: {error}; name a program that is in $PATH, or its path"
            ))
        })?;
        let ended = until_its_end(&mut child, limit.unwrap_or(Duration::MAX));
        if ended.is_err() {
            end(&mut child, limit.is_some());
        }
        let (line, status) = ended.map_err(failed)?;
        if !status.success() {
            return Err(failed(format!("failed ({status}); run it in a shell to see why")));
        }
        if line.is_empty() {
            let reason = "printed nothing; it must print the passphrase, on one line";
            return Err(failed(reason.to_owned()));
        }
        Passphrase::of_line(&line)
            .map_err(|_| failed("printed no text in UTF-8, which a passphrase is".to_owned()))
    }

    /// Starts it with nothing to read. What it says on standard error is for the user. It gets
    /// none of our own variables: an address may hold a password, and one of them is a secret.
    fn start(&self, is_limited: bool) -> io::Result<Child> {
        let mut command = Command::new(&self.name);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        for (variable, _) in env::vars_os() {
            if variable.as_encoded_bytes().starts_with(OWN_VARIABLES) {
                command.env_remove(variable);
            }
        }
        if is_limited {
            // So that what it starts can be ended with it. Such a group cannot read the terminal,
            // which is why one that may ask stays in ours.
            command.process_group(0);
        }
        command.spawn()
    }
}

impl fmt::Debug for PassphraseProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassphraseProgram({} …)", self.name)
    }
}

/// The one line that a program prints, and how it ended; or what is wrong with it, and then
/// nobody has waited for it.
fn until_its_end(
    child: &mut Child,
    limit: Duration,
) -> Result<(Zeroizing<Vec<u8>>, ExitStatus), String> {
    let begun = Instant::now();
    let late = || {
        let seconds = limit.as_secs_f32();
        format!("did not end within {seconds} seconds; it must not wait for somebody who types")
    };
    let output = child.stdout.take().ok_or("cannot be read")?;
    let (sender, receiver) = mpsc::channel();
    // It may outlive the wait: whoever has left the group can keep the pipe open.
    thread::spawn(move || {
        // Nobody waits any more where this fails.
        let _ = sender.send(only_line(output));
    });
    let read = receiver.recv_timeout(limit).map_err(|_| late())?;
    let (line, is_more) =
        read.map_err(|error| format!("cannot be read: {error}; it must print a passphrase alone"))?;
    if is_more {
        return Err("printed several lines; it must print the passphrase alone, on one line".into());
    }
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok((line, status)),
            Ok(None) if begun.elapsed() < limit => thread::sleep(PAUSE),
            Ok(None) => return Err(late()),
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
    }
}

/// The first line, and whether anything follows it.
fn only_line(mut output: ChildStdout) -> io::Result<(Zeroizing<Vec<u8>>, bool)> {
    let line = read_line(&mut output)?;
    let is_more = output.read_exact(&mut [0]).is_ok();
    Ok((line, is_more))
}

/// Ends a program, and with its group what it has started.
fn end(child: &mut Child, leads_group: bool) {
    // Nobody has waited for it, so its number is still its own, also where it has ended.
    if leads_group {
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    fn run(command: &str) -> Result<Passphrase, KeyError> {
        PassphraseSource::named(None, Some(command))?.unwrap().read(Some(LIMIT))
    }

    fn failure(command: &str) -> String {
        run(command).unwrap_err().to_string()
    }

    #[test]
    fn a_program_prints_a_passphrase_on_a_line_or_without_its_end() {
        let expected = Passphrase::new(Zeroizing::new("four little words".to_owned())).unwrap();
        for command in [
            "echo 'four little words'",
            "printf 'four little words'",
            r"printf 'four little words\r\n'",
            r#"sh -c 'printf "%s %s" "$0" "little words"' four"#,
        ] {
            assert_eq!(run(command).unwrap(), expected, "{command}");
        }
        let source = PassphraseSource::named(None, Some("echo 'four little words'")).unwrap();
        assert_eq!(source.as_ref().unwrap().read(None).unwrap(), expected);
        assert!(!format!("{source:?}").contains("little"));
        // No shell reads it.
        let literal = Passphrase::new(Zeroizing::new("$HOME; true".to_owned())).unwrap();
        assert_eq!(run("echo '$HOME;' true").unwrap(), literal);
    }

    #[test]
    fn what_a_program_does_wrong_is_said_without_what_it_prints() {
        for (command, words) in [
            ("sh -c 'echo little words; exit 3'", &["`sh`", "exit status: 3"][..]),
            ("sh -c 'echo little words; kill -9 $$'", &["`sh`", "signal: 9"]),
            ("true", &["`true`", "printed nothing"]),
            ("echo", &["`echo`", "printed nothing"]),
            (r"printf 'little\nwords\n'", &["`printf`", "several lines"]),
            (r"printf 'little\n\n'", &["`printf`", "several lines"]),
            (r"printf 'little\377words'", &["`printf`", "UTF-8"]),
            // It has no end.
            ("cat /dev/zero", &["`cat`", "longer than a passphrase"]),
            ("yes little", &["`yes`", "several lines"]),
            ("/no/such/program little", &["`/no/such/program`", "cannot be started", "$PATH"]),
            ("echo 'little words", &["`echo`", "a quote is not closed"]),
            ("'' little", &["name a program"]),
        ] {
            let said = failure(command);
            for word in words {
                assert!(said.contains(word), "no '{word}' for {command}: {said}");
            }
            assert!(!said.contains("little") && !said.contains('\n'), "{said}");
        }
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_what_it_has_started() {
        // The second one has printed all, and does not end; the third leaves the pipe to another.
        for command in [
            "sleep 600",
            "sh -c 'echo four little words; exec >&-; sleep 600'",
            "sh -c 'sleep 600 & wait'",
        ] {
            let begun = Instant::now();
            let source = PassphraseSource::named(None, Some(command)).unwrap().unwrap();
            let error = source.read(Some(Duration::from_millis(500))).unwrap_err().to_string();
            assert!(error.contains("did not end within 0.5 seconds"), "{error}");
            assert!(begun.elapsed() < LIMIT, "{command}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nothing_that_it_has_started_is_left() {
        let folder = tempfile::tempdir().unwrap();
        // Also where the program itself is gone, and what it has started keeps the pipe.
        for last in ["wait", "exit"] {
            let number = folder.path().join(last);
            let shown = number.display();
            let command = format!("sh -c 'sleep 600 & echo $! >\"$0\"; {last}' {shown}");
            let source = PassphraseSource::named(None, Some(&command)).unwrap().unwrap();
            assert!(source.read(Some(Duration::from_secs(3))).is_err());
            let number = std::fs::read_to_string(number).unwrap();
            let stat = format!("/proc/{}/stat", number.trim());
            let begun = Instant::now();
            // Gone, or dead and not yet waited for by whoever has inherited it.
            while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z")) {
                assert!(begun.elapsed() < LIMIT, "it still runs");
                thread::sleep(PAUSE);
            }
        }
    }

    #[test]
    fn a_passphrase_is_in_one_place() {
        let file = || Some(PathBuf::from("passphrase"));
        let both = PassphraseSource::named(file(), Some("pass show lab")).unwrap_err();
        assert!(both.to_string().contains("--passphrase-command"), "{both}");
        let of_file = PassphraseSource::named(file(), Some(" ")).unwrap();
        assert_eq!(of_file, Some(PassphraseSource::File("passphrase".into())));
        assert_eq!(PassphraseSource::named(None, None).unwrap(), None);
        assert_eq!(PassphraseSource::named(None, Some("")).unwrap(), None);
    }
}
