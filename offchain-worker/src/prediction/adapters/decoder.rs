//! Films are decoded in processes of their own: a program that does nothing else, started for each
//! film.
//!
//! A decoder reads what a stranger has made. Whatever a film does to it, by using up memory or
//! time, it does to a process that has no key and no other film, and that ends with it. The
//! film goes in by one pipe, the greys come back by another; no plaintext is on disk.
//!
//! The program is `medchain-decode`, which lies beside this one. This one can do the same, and does
//! where the other is not there; but all that a large program has to be loaded with takes longer
//! than many a film.

mod child;

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::AsRawFd,
        unix::process::{CommandExt, ExitStatusExt},
    },
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        mpsc::{self, RecvTimeoutError},
        Arc,
    },
    thread,
    time::Duration,
};

use codec::{Decode, DecodeAll, Encode};
use medchain_vision::{DecodeError, Preprocessing, MAX_DECODE_BYTES, MAX_FILE_BYTES, SQUARE_SIDE};
use rustix::process::{kill_process_group, Pid, Signal};
use zeroize::Zeroizing;

use crate::prediction::ports::PredictorError;

pub use child::decode_if_asked;

/// The argument that says that a process is to decode one film; the version of the worker and
/// limits follow it.
const SUBCOMMAND: &str = "decode-film";
/// A decoder of another version may see other greys.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The program beside this one that decodes, and does nothing else.
const PROGRAM: &str = "medchain-decode";
/// This program, also where its file has been replaced since it was started.
const ITSELF: &str = "/proc/self/exe";
/// The largest description of a model's steps, in bytes.
const MAX_STEPS: u64 = 1 << 16;
/// The largest reply, in bytes: the largest square is 1024 greys wide.
const MAX_REPLY: u64 = 2 << 20;
/// The longest reason that is taken over, in characters.
const MAX_REASON: usize = 500;
const MIB: u64 = 1 << 20;

/// What decoding one film may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The memory beside what the program itself takes, in bytes.
    pub memory: u64,
    /// The time of a processor, in seconds.
    pub processor: u64,
    /// The time on the clock.
    pub patience: Duration,
}

impl Default for Limits {
    /// More than any film takes that the decoders accept: these keep to a budget of their own.
    fn default() -> Self {
        Self {
            memory: MAX_FILE_BYTES + MAX_DECODE_BYTES + 128 * MIB,
            processor: 60,
            patience: Duration::from_secs(120),
        }
    }
}

/// Starts a process for each film.
#[derive(Clone, Debug)]
pub struct DecoderProcess {
    program: OsString,
    arguments: Vec<OsString>,
    limits: Limits,
    /// The file of the program, where `program` is its number.
    _file: Option<Arc<File>>,
}

impl Default for DecoderProcess {
    /// The program beside this one, or else this one.
    fn default() -> Self {
        let limits = Limits::default();
        let beside = env::current_exe().map(|own| own.with_file_name(PROGRAM));
        beside
            .and_then(|path| Self::in_file(&path, limits))
            .unwrap_or_else(|_| Self::of(ITSELF, &[], limits))
    }
}

/// What such a process says.
#[derive(Encode, Decode)]
enum Reply {
    /// The greys, row by row.
    Greys(Vec<u8>),
    /// The bytes are not an image that is read.
    NotAnImage(String),
    /// The file or the image is over a limit.
    TooLarge(String),
    /// Something else went wrong: it may be right the next time.
    Failed(String),
}

impl DecoderProcess {
    /// Starts another program, which calls [`decode_if_asked`], with these arguments before its
    /// own.
    pub fn of(program: impl AsRef<OsStr>, arguments: &[&str], limits: Limits) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: arguments.iter().map(OsString::from).collect(),
            limits,
            _file: None,
        }
    }

    /// Starts the program that is in this file now, also once another one has its name.
    ///
    /// # Errors
    /// Where the file cannot be opened.
    pub fn in_file(path: &Path, limits: Limits) -> io::Result<Self> {
        let file = File::open(path)?;
        // The new process has the number too until it has become the program.
        let program = format!("/proc/self/fd/{}", file.as_raw_fd());
        Ok(Self { _file: Some(Arc::new(file)), ..Self::of(program, &[], limits) })
    }

    /// Decodes an image file, and takes it through these steps to a square of greys; or, without
    /// any, to the square that its uploader has committed to.
    ///
    /// # Errors
    /// [`PredictorError::Ended`], where the process ends without a reply, by a signal or a limit.
    pub fn greys(
        &self,
        image: &[u8],
        steps: Option<&Preprocessing>,
    ) -> Result<Zeroizing<Vec<u8>>, PredictorError> {
        let bytes = image.len() as u64;
        if bytes > MAX_FILE_BYTES {
            let error = DecodeError::FileTooLarge { bytes };
            return Err(PredictorError::TooLarge(error.to_string()));
        }
        let side = steps.map_or(SQUARE_SIDE, |steps| steps.size as usize);
        let steps = steps.map(serde_json::to_vec).transpose();
        let steps = steps.map_err(|error| PredictorError::Internal(error.to_string()))?;
        let mut child = self.start().map_err(|error| {
            PredictorError::Internal(format!(
                "cannot start the process that decodes films: {error}"
            ))
        })?;
        let (reply, is_late) = self.talk(&mut child, &steps.unwrap_or_default(), image, side);
        // It has said everything. Where it has ended already, this changes nothing.
        end(&mut child);
        let status = child.wait().map_err(|error| {
            PredictorError::Internal(format!("the process that decodes films is lost: {error}"))
        })?;
        match Reply::decode_all(&mut &reply[..]) {
            Ok(reply) => reply.greys(side),
            Err(_) => Err(self.ended(is_late, status)),
        }
    }

    /// Whether such a process can be started, and answers.
    ///
    /// # Errors
    /// [`PredictorError`] with the reason.
    pub fn probe(&self) -> Result<(), PredictorError> {
        match self.greys(b"", None) {
            Ok(_) | Err(PredictorError::NotAnImage(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Its environment is empty, and it has no file but the pipes: every other one that this
    /// process has opened is closed when a program is started. A signal from a terminal is for the
    /// worker, which ends what it has begun.
    fn start(&self) -> io::Result<Child> {
        Command::new(&self.program)
            .args(&self.arguments)
            .args([SUBCOMMAND, VERSION])
            .args([self.limits.memory.to_string(), self.limits.processor.to_string()])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
    }

    /// Hands over a film and waits for the reply; and whether the process had to be ended
    /// because it took too long.
    fn talk(
        &self,
        child: &mut Child,
        steps: &[u8],
        image: &[u8],
        side: usize,
    ) -> (Zeroizing<Vec<u8>>, bool) {
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (done, watched) = mpsc::channel::<()>();
        let patience = self.limits.patience;
        thread::scope(|scope| {
            let watchdog = scope.spawn(move || {
                let is_late = watched.recv_timeout(patience) == Err(RecvTimeoutError::Timeout);
                if is_late {
                    // That ends the pipes, and with them the wait for a reply.
                    end(child);
                }
                is_late
            });
            let reply = exchange(input, output, (steps, image), side);
            drop(done);
            (reply, watchdog.join().unwrap_or(true))
        })
    }

    /// Why there is no reply.
    fn ended(&self, is_late: bool, status: ExitStatus) -> PredictorError {
        let Limits { memory, processor, patience } = self.limits;
        let why = match status.signal() {
            _ if is_late => format!("it took more than {} seconds", patience.as_secs_f32()),
            Some(signal) if signal == Signal::XCPU.as_raw() => {
                format!("it took more than {processor} seconds of a processor")
            }
            Some(signal) if signal == Signal::ABORT.as_raw() => {
                format!("it needs more memory than {} MiB, or a decoder has a defect", memory / MIB)
            }
            Some(signal) if !is_told_to_end(signal) => format!("signal {signal}"),
            // Not the film's fault: somebody ends processes, or this is another program.
            _ => {
                return PredictorError::Internal(format!(
                    "the process that decodes films gave no reply: {status}"
                ));
            }
        };
        PredictorError::Ended(format!("decoding this film has ended its process: {why}"))
    }
}

/// Ends a process, and what it may have started: that would keep the pipes open.
fn end(child: &mut Child) {
    // It leads a group of its own. Nobody has waited for it, so its number is still its own.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.kill();
}

/// Whether a signal is one by which people and systems end a program that is in order.
fn is_told_to_end(signal: i32) -> bool {
    [Signal::HUP, Signal::INT, Signal::TERM].map(Signal::as_raw).contains(&signal)
}

fn exchange(
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    (steps, image): (&[u8], &[u8]),
    side: usize,
) -> Zeroizing<Vec<u8>> {
    // Room for a square: what grows leaves copies behind.
    let mut reply: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::with_capacity(side * side + 1024));
    if let (Some(mut input), Some(output)) = (input, output) {
        // A process that does not read it has ended, and its status says why.
        let _ = send(&mut input, steps).and_then(|()| send(&mut input, image));
        drop(input);
        let _ = output.take(MAX_REPLY).read_to_end(&mut reply);
    }
    reply
}

/// Writes a length and as many bytes.
fn send(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(bytes)
}

/// Reads what [`send`] writes. Nothing is wiped: the memory goes with the process.
fn receive(from: &mut impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > most {
        return Err(io::Error::other(format!("{length} bytes, at most {most} are allowed")));
    }
    let mut bytes = vec![0u8; length as usize];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

impl Reply {
    /// The greys of a square of this width. A process that a film has taken over may say anything.
    fn greys(self, side: usize) -> Result<Zeroizing<Vec<u8>>, PredictorError> {
        Err(match self {
            Self::Greys(greys) if greys.len() == side * side => return Ok(Zeroizing::new(greys)),
            Self::Greys(greys) => {
                PredictorError::Internal(format!("{} greys are no square", greys.len()))
            }
            Self::NotAnImage(reason) => PredictorError::NotAnImage(plain(&reason)),
            Self::TooLarge(reason) => PredictorError::TooLarge(plain(&reason)),
            Self::Failed(reason) => PredictorError::Internal(plain(&reason)),
        })
    }
}

/// A reason that fits into a line of the log.
fn plain(reason: &str) -> String {
    reason.chars().filter(|character| !character.is_control()).take(MAX_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_received_and_no_more_than_is_allowed() {
        let mut pipe = Vec::new();
        send(&mut pipe, b"").unwrap();
        send(&mut pipe, b"film").unwrap();
        let mut rest = &pipe[..];
        assert_eq!(receive(&mut rest, 4).unwrap().as_slice(), b"");
        assert_eq!(receive(&mut &*rest, 4).unwrap().as_slice(), b"film");
        assert!(receive(&mut &*rest, 3).is_err());
        assert!(receive(&mut &pipe[8..19], 4).is_err(), "it ends too early");
    }

    #[test]
    fn a_reply_is_held_to_what_was_asked() {
        assert_eq!(Reply::Greys(vec![7; 4]).greys(2).unwrap().as_slice(), [7; 4]);
        let error = Reply::Greys(vec![7; 5]).greys(2).unwrap_err();
        assert!(matches!(error, PredictorError::Internal(_)), "{error}");
        let error = Reply::NotAnImage("two\nlines\u{1b}[2J".to_owned() + &"x".repeat(9_999));
        let error = error.greys(2).unwrap_err().to_string();
        assert!(error.starts_with("twolines[2Jxxx") && error.len() == MAX_REASON, "{error}");
    }
}
