//! The key file, and how files with secrets are read and written.

use std::{
    env,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::KeyError;

const VERSION: u32 = 1;
/// A key file has some hundred bytes.
const MAX_LENGTH: u64 = 64 * 1024;

#[derive(Serialize, Deserialize)]
struct KeyFile {
    version: u32,
    secret_uri: String,
    /// For people who look into the file; never read back.
    #[serde(default)]
    address: String,
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.secret_uri.zeroize();
    }
}

/// What is in the file at `path`, which must not be readable by others.
pub fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeyError::NotFound { path: path.to_owned() },
        _ => io(error),
    })?;
    // The permissions of the opened file, not of what the path names now.
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        let reason = "it is not a regular file".into();
        return Err(KeyError::Malformed { path: path.to_owned(), reason });
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & (if is_credential(path) { 0o037 } else { 0o077 }) != 0 {
        return Err(KeyError::Permissions { path: path.to_owned(), mode });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_LENGTH).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

/// The secret URI in the key file at `path`.
pub fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let malformed = |reason: String| KeyError::Malformed { path: path.to_owned(), reason };
    let bytes = read_private(path)?;
    // The cause is dropped, because it may quote the secret.
    let mut parsed: KeyFile = serde_json::from_slice(&bytes).map_err(|error| {
        malformed(format!(
            "line {} is not of the form {{\"version\": 1, \"secret_uri\": \"…\"}}",
            error.line()
        ))
    })?;
    if parsed.version != VERSION {
        return Err(malformed(format!(
            "it has version {} and this program reads version {VERSION}",
            parsed.version
        )));
    }
    Ok(Zeroizing::new(std::mem::take(&mut parsed.secret_uri)))
}

/// Whether systemd passes the file on (`LoadCredential=`). It gives the service
/// access by an access control list, whose mask appears as permissions of a group
/// that has none; the folder is closed to everybody else.
fn is_credential(path: &Path) -> bool {
    let folder = env::var_os("CREDENTIALS_DIRECTORY");
    folder.is_some_and(|folder| path.parent() == Some(Path::new(&folder)))
}

/// Writes a new key file, on disk when this returns.
pub fn create(path: &Path, secret_uri: &str, address: &str) -> Result<(), KeyError> {
    let content = KeyFile {
        version: VERSION,
        secret_uri: secret_uri.to_owned(),
        address: address.to_owned(),
    };
    let mut json = Zeroizing::new(serde_json::to_vec_pretty(&content).map_err(|error| {
        KeyError::Malformed { path: path.to_owned(), reason: error.to_string() }
    })?);
    json.push(b'\n');
    create_private(path, &json)
}

/// Writes a new file that only its owner may read, on disk when this returns.
pub fn create_private(path: &Path, content: &[u8]) -> Result<(), KeyError> {
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    if let Some(folder) = folder {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(folder).map_err(io)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(
        |error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyError::AlreadyExists { path: path.to_owned() },
            _ => io(error),
        },
    )?;
    let written = file
        // The umask may have cleared bits of the mode above.
        .set_permissions(fs::Permissions::from_mode(0o600))
        .and_then(|()| file.write_all(content))
        .and_then(|()| file.sync_all())
        .and_then(|()| File::open(folder.unwrap_or(Path::new(".")))?.sync_all());
    written.map_err(|error| {
        // Half a file could be mistaken for a whole one later.
        let _ = fs::remove_file(path);
        io(error)
    })
}
