//! Passphrases of key files, and the files in which a program finds them.

use std::{fs::File, io::Read, path::Path};

use zeroize::Zeroizing;

use super::{file, KeyError};

/// The longest passphrase, in bytes.
const MAX_LENGTH: usize = 1024;
/// What some editors write before text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The shortest new passphrase, in characters.
pub const SHORTEST: usize = 8;

/// What encrypts a key file. It is wiped when it is dropped, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// A passphrase that opens something; it may be as short as the wallet allowed.
    ///
    /// # Errors
    /// [`KeyError::WeakPassphrase`] where it is empty.
    pub fn new(text: Zeroizing<String>) -> Result<Self, KeyError> {
        match text.is_empty() {
            true => Err(KeyError::WeakPassphrase { reason: "it is empty".into() }),
            false => Ok(Self(text)),
        }
    }

    /// Checks a passphrase that is to encrypt something from now on.
    ///
    /// # Errors
    /// [`KeyError::WeakPassphrase`] where it has less than [`SHORTEST`] characters.
    pub fn ensure_strong(&self) -> Result<(), KeyError> {
        if self.0.chars().count() < SHORTEST {
            let reason = format!("give at least {SHORTEST} characters, such as four words");
            return Err(KeyError::WeakPassphrase { reason });
        }
        Ok(())
    }

    /// The passphrase on a line, as [`read_line`] returns it.
    ///
    /// A byte order mark before it, which some editors write and nobody sees, is not a part of it.
    ///
    /// # Errors
    /// [`KeyError::WeakPassphrase`] where it is empty, or no text.
    pub fn of_line(line: &[u8]) -> Result<Self, KeyError> {
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        let text = std::str::from_utf8(line).map_err(|_| {
            let reason = "it is no UTF-8 text; save its file as UTF-8".into();
            KeyError::WeakPassphrase { reason }
        })?;
        Self::new(Zeroizing::new(text.to_owned()))
    }

    /// The passphrase in a file, without the end of its line and a byte order mark before it.
    /// Others must not be able to read the file; a pipe is taken as well.
    ///
    /// # Errors
    /// [`KeyError`] where the file cannot be read or has several lines.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let io = |source| KeyError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        if file.metadata().map_err(io)?.is_file() {
            file::ensure_private(path, &file)?;
        }
        let malformed = |reason: &str| KeyError::MalformedPassphrase {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let mut file = file;
        let line = read_line(&mut file).map_err(io)?;
        let rest = read_line(&mut file).map_err(io)?;
        if !rest.is_empty() {
            return Err(malformed("it has several lines"));
        }
        Self::of_line(&line).map_err(|error| match error {
            KeyError::WeakPassphrase { reason } => malformed(&reason),
            error => error,
        })
    }

    /// The same after a byte order mark.
    pub(super) fn marked(&self) -> Self {
        Self(Zeroizing::new(format!("\u{feff}{}", self.0.as_str())))
    }

    /// The bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// A line without its end, or what there is before the end of the input.
///
/// It is read byte by byte and into memory that does not move, so that no buffer keeps a copy
/// and what follows the line can still be read.
///
/// # Errors
/// Those of `input`, and [`std::io::ErrorKind::InvalidData`] for more than a kilobyte.
pub fn read_line(input: &mut impl Read) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_LENGTH));
    let mut byte = Zeroizing::new([0]);
    loop {
        match input.read(&mut *byte) {
            Ok(1) if byte[0] != b'\n' => {}
            Ok(_) => break,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        if line.len() == MAX_LENGTH {
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                "the line is longer than a passphrase or secret can be",
            ));
        }
        line.push(byte[0]);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}
