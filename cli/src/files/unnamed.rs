//! Files that have no name before they are complete.
//!
//! What is written may be a film that was decrypted. Whatever ends the program, be it `kill -9` or
//! a want of memory, the system then keeps nothing of it.

use std::{
    fs::File,
    io::{Error, ErrorKind, Result, Write},
    os::fd::AsRawFd,
    path::Path,
};

use rustix::fs::{AtFlags, Mode, OFlags, CWD};

/// Writes `bytes` to `path`, in the folder `folder`; whether that file system can do so.
///
/// An existing file is kept unless `overwrite`. With `private`, only the owner can read it.
pub fn write(
    path: &Path,
    folder: &Path,
    bytes: &[u8],
    (overwrite, private): (bool, bool),
) -> Result<bool> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    // Where the folder is the reason, whoever writes in another way is told so.
    let Ok(file) = rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR) else {
        return Ok(false);
    };
    let mut file = File::from(file);
    file.write_all(bytes)?;
    if !private {
        super::open_to_others(&file)?;
    }
    file.sync_all()?;
    match name(&file, path) {
        Ok(()) => Ok(true),
        // A name is given only where there is none: the complete file gets another one first.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && overwrite => {
            let beside = tempfile::Builder::new()
                .prefix(super::TEMPORARY)
                .make_in(folder, |beside| name(&file, beside))?;
            beside.persist(path).map(drop).map_err(|error| error.error)?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // No `/proc`, or a file system without second names.
        Err(_) => Ok(false),
    }
}

/// Gives an open file without a name this one.
fn name(file: &File, path: &Path) -> Result<()> {
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    rustix::fs::linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use std::{
        path::PathBuf,
        process::{Command, Stdio},
        thread::sleep,
        time::{Duration, Instant},
    };

    use super::*;
    use crate::files;

    /// Where the process that is killed writes.
    const FOLDER: &str = "MEDCHAIN_TEST_FOLDER";
    const LENGTH: usize = 4 << 20;

    fn names(folder: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn a_file_has_a_name_once_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film.png");
        let write =
            |bytes: &[u8], overwrite: bool| write(&path, folder.path(), bytes, (overwrite, true));
        assert!(write(b"one", false).unwrap(), "{} has no unnamed files", folder.path().display());
        assert_eq!(write(b"two", false).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert!(write(b"three", true).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(names(folder.path()), [path.as_path()]);
    }

    #[test]
    #[ignore = "the process that the next test kills"]
    fn writes_many() {
        let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
        for number in 0..200 {
            let path = folder.join(format!("{number}.png"));
            files::write_atomically(&path, &vec![7; LENGTH], false, true).unwrap();
        }
    }

    #[test]
    fn what_is_killed_while_it_writes_leaves_nothing() {
        for part in 1..=10 {
            let folder = tempfile::tempdir().unwrap();
            let mut writer = Command::new(std::env::current_exe().unwrap())
                .args(["--ignored", "--exact", "files::unnamed::tests::writes_many"])
                .env(FOLDER, folder.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let started = Instant::now();
            while names(folder.path()).is_empty() {
                assert!(started.elapsed() < Duration::from_secs(60), "nothing was written");
                sleep(Duration::from_millis(1));
            }
            sleep(Duration::from_millis(3 * part));
            writer.kill().unwrap();
            writer.wait().unwrap();
            for path in names(folder.path()) {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                assert!(!name.starts_with(files::TEMPORARY), "{name} is left");
                let length = std::fs::metadata(&path).unwrap().len();
                assert_eq!(length, LENGTH as u64, "{name}");
            }
        }
    }
}
