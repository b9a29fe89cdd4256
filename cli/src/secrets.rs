//! Asks for passphrases and secrets: on the terminal, or in a file or of a program that somebody
//! names.

mod terminal;

use std::{
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    keys::{read_line, Identity, KeyError, KeyFile, Passphrase, PassphraseSource},
    Zeroizing,
};

pub use terminal::restore as restore_terminal;

/// How often a passphrase is asked for.
const ATTEMPTS: usize = 3;
/// The longest secret, in bytes.
const MAX_SECRET: usize = 4096;
/// Means the standard input.
const STANDARD_INPUT: &str = "-";

/// Standard input without a buffer, which would keep a copy of what is read.
struct Unbuffered;

impl Read for Unbuffered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(rustix::stdio::stdin(), buffer)?)
    }
}

/// Opens a key file: with the passphrase that `source` has, or else with one that is
/// typed. Returns the passphrase as well, where one was needed.
pub fn open(
    file: &KeyFile,
    source: Option<&PassphraseSource>,
) -> Result<(Identity, Option<Passphrase>)> {
    let path = file.path().display();
    if !file.is_encrypted() {
        return Ok((file.open(None)?, None));
    }
    if let Some(source) = source {
        let passphrase = read(source)?;
        let (identity, fitting) = file.open_as_read(&passphrase)?;
        if fitting != passphrase {
            crate::output::tell!(
                "note: {path} was encrypted with the byte order mark in a passphrase file as a \
                 part of the passphrase; `medchain key passphrase --key {path}` encrypts it \
                 without it"
            );
        }
        return Ok((identity, Some(fitting)));
    }
    if !io::stdin().is_terminal() {
        bail!(
            "{path} is encrypted, and there is no terminal to ask for its passphrase: name a file \
             with it with --passphrase-file (- is standard input) or MEDCHAIN_PASSPHRASE_FILE, or \
             a program that prints it with --passphrase-command or MEDCHAIN_PASSPHRASE_COMMAND"
        );
    }
    for _ in 0..ATTEMPTS {
        let typed = Passphrase::new(prompt(&format!("Passphrase of {path}: "))?)?;
        match file.open(Some(&typed)) {
            Err(error @ KeyError::WrongPassphrase { .. }) => crate::output::tell!("{error}"),
            opened => return Ok((opened?, Some(typed))),
        }
    }
    bail!("the passphrase of {path} was wrong {ATTEMPTS} times")
}

/// A passphrase that is to encrypt a key file: the one that `source` has, or else typed twice.
pub fn new_passphrase(source: Option<&PassphraseSource>, flag: &str) -> Result<Passphrase> {
    if let Some(source) = source {
        let passphrase = read(source)?;
        passphrase.ensure_strong()?;
        return Ok(passphrase);
    }
    if !io::stdin().is_terminal() {
        bail!(
            "a key file is encrypted with a passphrase, and there is no terminal to ask for one: \
             name a file with it with {flag} (- is standard input), or pass --unencrypted where \
             something else protects the file, such as the credentials of systemd"
        );
    }
    let passphrase = Passphrase::new(prompt("New passphrase: ")?)?;
    passphrase.ensure_strong()?;
    if Passphrase::new(prompt("The same again: ")?)? != passphrase {
        bail!("the two passphrases differ; nothing was written");
    }
    Ok(passphrase)
}

/// A secret: words or a seed, with junctions. Typed, or all that the standard input has.
pub fn secret() -> Result<Zeroizing<String>> {
    if io::stdin().is_terminal() {
        return prompt("Secret words or seed: ");
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET));
    Unbuffered
        .take(MAX_SECRET as u64)
        .read_to_end(&mut bytes)
        .context("cannot read the secret from standard input")?;
    let text = std::str::from_utf8(&bytes).context("the secret is not text")?;
    // A file that an editor wrote may begin with a mark that nobody sees.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn prompt(text: &str) -> Result<Zeroizing<String>> {
    // A signal ends the program without giving the terminal back what it showed.
    let remembered = terminal::Remembered::now();
    let typed = rpassword::prompt_password(text).context("cannot read from the terminal")?;
    drop(remembered);
    Ok(Zeroizing::new(typed))
}

/// Whether a passphrase is read from the standard input.
pub fn is_input(source: &PassphraseSource) -> bool {
    matches!(source, PassphraseSource::File(path) if path.as_path() == Path::new(STANDARD_INPUT))
}

fn read(source: &PassphraseSource) -> Result<Passphrase> {
    if is_input(source) {
        let line = read_line(&mut Unbuffered).context("cannot read a passphrase from the input")?;
        return Ok(Passphrase::of_line(&line)?);
    }
    // Without a limit of time: a keychain may ask the user first.
    let passphrase = source.read(None);
    match source {
        PassphraseSource::File(path) => {
            passphrase.with_context(|| format!("cannot use the passphrase file {}", path.display()))
        }
        PassphraseSource::Program(_) => Ok(passphrase?),
    }
}

/// Says that a key file has the form of the version before.
pub fn mention_if_outdated(file: &KeyFile) {
    if file.is_outdated() {
        let path: PathBuf = file.path().to_owned();
        crate::output::tell!(
            "note: {path} is an unencrypted key file of an earlier version; \
             `medchain key passphrase --key {path}` renews and encrypts it",
            path = path.display()
        );
    }
}
