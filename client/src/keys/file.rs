//! How files with secrets are read and written.

use std::{
    env,
    fs::{self, DirBuilder, File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
    time::{Duration, SystemTime},
};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::KeyError;

/// A key file has some hundred bytes; a list of a hundred thousand known keys, 20 MB.
const MAX_LENGTH: u64 = 32 * 1024 * 1024;
/// How the names of unfinished files begin.
const UNFINISHED: &str = ".medchain-unfinished-";
/// An unfinished file this old was left by a program that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);

/// What is in the file at `path`, which must not be readable by others.
pub fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let file = open(path)?;
    ensure_private(path, &file)?;
    read(path, file)
}

/// What is in the file at `path`, which a wallet may have left readable to others.
pub fn read_any(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    read(path, open(path)?)
}

fn open(path: &Path) -> Result<File, KeyError> {
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeyError::NotFound { path: path.to_owned() },
        _ => io(error),
    })?;
    if !file.metadata().map_err(io)?.is_file() {
        let reason = "it is not a regular file".into();
        return Err(KeyError::Malformed { path: path.to_owned(), reason });
    }
    Ok(file)
}

fn read(path: &Path, file: File) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let length = file.metadata().map_err(io)?.len().min(MAX_LENGTH);
    // Enough from the start: a buffer that grows leaves copies behind.
    let capacity = usize::try_from(length).unwrap_or_default().saturating_add(64);
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(MAX_LENGTH).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

/// Checks that nobody but the owner may open a file: by the permissions of the opened
/// file, not of what the path names now.
pub fn ensure_private(path: &Path, file: &File) -> Result<(), KeyError> {
    let metadata =
        file.metadata().map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & (if is_credential(path) { 0o037 } else { 0o077 }) != 0 {
        return Err(KeyError::Permissions { path: path.to_owned(), mode });
    }
    Ok(())
}

/// Whether systemd passes the file on (`LoadCredential=`). It gives the service
/// access by an access control list, whose mask appears as permissions of a group
/// that has none; the folder is closed to everybody else.
fn is_credential(path: &Path) -> bool {
    let folder = env::var_os("CREDENTIALS_DIRECTORY");
    folder.is_some_and(|folder| path.parent() == Some(Path::new(&folder)))
}

/// Writes a new file that only its owner may read, on disk when this returns.
pub fn create_private(path: &Path, content: &[u8]) -> Result<(), KeyError> {
    unfinished(path, content)?.persist_noclobber(path).map_err(|error| {
        match error.error.kind() {
            io::ErrorKind::AlreadyExists => KeyError::AlreadyExists { path: path.to_owned() },
            _ => KeyError::Io { path: path.to_owned(), source: error.error },
        }
    })?;
    sync_folder(path)
}

/// Writes a file that only its owner may read, on disk when this returns. Until then, an
/// existing one is as it was.
pub fn replace_private(path: &Path, content: &[u8]) -> Result<(), KeyError> {
    unfinished(path, content)?
        .persist(path)
        .map_err(|error| KeyError::Io { path: path.to_owned(), source: error.error })?;
    sync_folder(path)
}

/// A file beside `path` with the whole content, which deletes itself unless it is given the
/// name.
fn unfinished(path: &Path, content: &[u8]) -> Result<NamedTempFile, KeyError> {
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let folder = folder_of(path);
    create_folder(path)?;
    sweep(folder);
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(io)?;
    let written = file
        .as_file()
        // The umask may have cleared bits of the mode above.
        .set_permissions(Permissions::from_mode(0o600))
        .and_then(|()| file.write_all(content))
        .and_then(|()| file.as_file().sync_all());
    written.map_err(io)?;
    Ok(file)
}

/// Creates the folder of `path`, closed to others.
pub fn create_folder(path: &Path) -> Result<(), KeyError> {
    let folder = folder_of(path);
    let io = |source| KeyError::Io { path: folder.to_owned(), source };
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(io)?;
    if folder == super::default_folder() {
        // An older program, or `mkdir`, may have made it readable to others.
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(io)?;
    }
    Ok(())
}

/// Deletes unfinished files of programs that were killed.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        let age = written.ok().and_then(|written| SystemTime::now().duration_since(written).ok());
        if is_unfinished && age.is_some_and(|age| age > LEFT_BEHIND) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn sync_folder(path: &Path) -> Result<(), KeyError> {
    let synced = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    synced.map_err(|source| KeyError::Io { path: path.to_owned(), source })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests;
