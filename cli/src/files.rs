//! Reads input files up to a limit, and writes files completely or not at all.

use std::{
    collections::BTreeSet,
    fs::{File, FileType, Metadata, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{bail, Context, Result};

#[cfg(target_os = "linux")]
mod unnamed;

/// How the names of temporary files begin.
pub const TEMPORARY: &str = ".medchain-";

/// Reads a regular file of at most `limit` bytes, or one that a link leads to.
///
/// `what` names it in errors, such as "the image".
pub fn read(path: &Path, what: &str, limit: u64) -> Result<Vec<u8>> {
    read_open(open(path, what)?, path, what, limit)
}

/// As [`read`], also from a pipe, as `<(…)` in a shell is one: of what another program makes, and
/// what need not be on disk, such as a list, a profile or a report.
///
/// It is read once, and waits for whoever writes.
pub fn read_piped(path: &Path, what: &str, limit: u64) -> Result<Vec<u8>> {
    let shown = path.display();
    let cannot = || format!("cannot open {what} {shown}");
    let about = std::fs::metadata(path).with_context(cannot)?;
    if !is_pipe(about.file_type()) {
        return read(path, what, limit);
    }
    read_open(File::open(path).with_context(cannot)?, path, what, limit)
}

/// Opens a regular file.
///
/// Anything else might never end, as `/dev/zero`, or never begin, as a pipe into which nobody
/// writes.
fn open(path: &Path, what: &str) -> Result<File> {
    let shown = path.display();
    let cannot = || format!("cannot open {what} {shown}");
    // Before it is opened, which may wait, or do something to a device.
    ensure_regular(&std::fs::metadata(path).with_context(cannot)?, path)?;
    let mut options = OpenOptions::new();
    options.read(true);
    // And without waiting, should it be another thing by then.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.open(path).with_context(cannot)?;
    ensure_regular(&file.metadata().with_context(cannot)?, path)?;
    Ok(file)
}

fn ensure_regular(about: &Metadata, path: &Path) -> Result<()> {
    if about.is_file() {
        return Ok(());
    }
    let shown = path.display();
    if about.is_dir() {
        bail!("{shown} is a folder; name a file");
    }
    bail!("{shown} is {}; write what it has to a file, and name that", kind(about.file_type()))
}

/// What something is that is neither a file nor a folder.
#[cfg(unix)]
fn kind(found: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if found.is_socket() {
        "a socket and no file"
    } else if found.is_char_device() || found.is_block_device() {
        "a device and no file"
    } else if is_pipe(found) {
        "a pipe and no file"
    } else {
        "no file"
    }
}

#[cfg(not(unix))]
fn kind(_: FileType) -> &'static str {
    "no file"
}

#[cfg(unix)]
fn is_pipe(found: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found)
}

#[cfg(not(unix))]
fn is_pipe(_: FileType) -> bool {
    false
}

/// As [`read`], of a file in the folder `within`, which is a real path.
///
/// What was opened is looked at: a link may lead elsewhere than when its name was checked.
pub fn read_within(path: &Path, within: &Path, what: &str, limit: u64) -> Result<Vec<u8>> {
    let shown = path.display();
    let file = open(path, what)?;
    let real = real_path(&file, path).with_context(|| format!("cannot find {what} {shown}"))?;
    if !real.starts_with(within) {
        bail!(
            "{shown} is a link to {}, which is not in the folder {}",
            real.display(),
            within.display()
        );
    }
    read_open(file, path, what, limit)
}

/// Where an open file is.
#[cfg(target_os = "linux")]
fn real_path(file: &File, _path: &Path) -> std::io::Result<PathBuf> {
    use std::os::fd::AsRawFd;
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Where the file of a name is, which nothing ties to the one that was opened.
#[cfg(not(target_os = "linux"))]
fn real_path(_file: &File, path: &Path) -> std::io::Result<PathBuf> {
    path.canonicalize()
}

fn read_open(file: File, path: &Path, what: &str, limit: u64) -> Result<Vec<u8>> {
    let shown = path.display();
    let mut bytes = Vec::new();
    // One byte more than allowed reveals what is too large, even a pipe, whose length is
    // unknown, and a file that grows.
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {what} {shown}"))?;
    if bytes.is_empty() {
        bail!("{what} {shown} is empty");
    }
    if bytes.len() as u64 > limit {
        bail!("{what} {shown} is larger than {} MiB", limit / (1024 * 1024));
    }
    Ok(bytes)
}

/// Checks that [`write_atomically`] can write to `path`, before something irreversible.
pub fn ensure_can_write(path: &Path, overwrite: bool) -> Result<()> {
    ensure_free(path, overwrite)?;
    temporary_beside(path).map(|_| ()).with_context(|| format!("cannot write {}", path.display()))
}

/// Checks that nothing would be overwritten against the user's will.
pub fn ensure_free(path: &Path, overwrite: bool) -> Result<()> {
    let shown = path.display();
    if path.is_dir() {
        bail!("{shown} is a folder; name the file to write");
    }
    if !overwrite && path.exists() {
        bail!("{shown} exists already; choose another name or pass --force");
    }
    Ok(())
}

fn temporary_beside(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The temporary files of writes that are under way: what is in them may be a film.
static TEMPORARIES: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A temporary file that is deleted also where a signal ends the program.
struct Registered(PathBuf);

impl Registered {
    fn new(path: &Path) -> Self {
        let mut all = TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(path.to_owned());
        Self(path.to_owned())
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// Deletes the temporary files of writes that are under way, for a program that ends now.
pub fn delete_temporaries() {
    for path in &*TEMPORARIES.lock().unwrap_or_else(PoisonError::into_inner) {
        let _ = std::fs::remove_file(path);
    }
}

/// Writes `bytes` to `path`.
///
/// A reader finds the complete content or none. An existing file is kept unless
/// `overwrite`. With `private`, only the owner can read the file.
///
/// On Linux, a program that is killed meanwhile leaves nothing. Where the system or the file system
/// cannot do that, a temporary file beside it is left, unless a signal let [`delete_temporaries`]
/// run.
pub fn write_atomically(path: &Path, bytes: &[u8], overwrite: bool, private: bool) -> Result<()> {
    ensure_free(path, overwrite)?;
    let shown = path.display();
    let cannot = || format!("cannot write {shown}");
    #[cfg(target_os = "linux")]
    if unnamed::write(path, folder_of(path), bytes, (overwrite, private)).with_context(cannot)? {
        return sync_folder_of(path);
    }
    let mut file = temporary_beside(path).with_context(cannot)?;
    let _registered = Registered::new(file.path());
    file.write_all(bytes).with_context(cannot)?;
    if !private {
        open_to_others(file.as_file()).with_context(cannot)?;
    }
    file.as_file().sync_all().with_context(cannot)?;
    if overwrite {
        file.persist(path).map_err(|e| e.error).with_context(cannot)?;
    } else {
        // Fails where the file was created in the meantime.
        file.persist_noclobber(path).map_err(|e| e.error).with_context(cannot)?;
    }
    sync_folder_of(path)
}

/// Makes the names in a file's folder survive a power cut.
pub fn sync_folder_of(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot write {}", folder.display()))
}

/// Gives a temporary file, which only its owner can read, the usual permissions.
#[cfg(unix)]
fn open_to_others(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_others(_: &File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_odd_inputs_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, content: Option<&[u8]>, expected: &str| {
            let path = folder.path().join(name);
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            let error = read(&path, "the image", 1024 * 1024).unwrap_err();
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        };
        check("missing.png", None, "cannot open the image");
        check("empty.png", Some(b""), "is empty");
        check("large.png", Some(&vec![0; 1024 * 1024 + 1]), "larger than 1 MiB");
        check("", None, "is a folder");
        std::fs::write(folder.path().join("fits"), vec![7; 1024 * 1024]).unwrap();
        assert!(read(&folder.path().join("fits"), "the image", 1024 * 1024).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        use std::os::unix::{fs::symlink, net::UnixListener};
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        // Nobody writes into it: whoever opens it to read waits for ever.
        let made = std::process::Command::new("mkfifo").arg(at("pipe.png")).status().unwrap();
        assert!(made.success());
        let _listener = UnixListener::bind(at("socket.png")).unwrap();
        symlink("/dev/zero", at("device.png")).unwrap();
        symlink(at("pipe.png"), at("link.png")).unwrap();
        let within = folder.path().canonicalize().unwrap();
        for (name, is) in [
            ("pipe.png", "is a pipe"),
            ("link.png", "is a pipe"),
            ("socket.png", "is a socket"),
            ("device.png", "is a device"),
        ] {
            for error in [
                read(&at(name), "the image", 1024).unwrap_err(),
                read_within(&within.join(name), &within, "the image", 1024).unwrap_err(),
            ] {
                let said = format!("{error:#}");
                assert!(said.contains(name) && said.contains(is), "{said}");
            }
        }
        // A link to a file is one.
        std::fs::write(at("film.png"), b"film").unwrap();
        symlink(at("film.png"), at("linked.png")).unwrap();
        assert_eq!(read(&at("linked.png"), "the image", 1024).unwrap(), b"film");
    }

    #[cfg(unix)]
    #[test]
    fn a_list_may_come_through_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("list");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let writer = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::write(pipe, b"balance").unwrap()
        });
        assert_eq!(read_piped(&pipe, "the list", 1024).unwrap(), b"balance");
        writer.join().unwrap();
        std::fs::write(folder.path().join("file"), b"balance").unwrap();
        assert_eq!(read_piped(&folder.path().join("file"), "the list", 7).unwrap(), b"balance");
        // What never ends is no list.
        assert!(read_piped(Path::new("/dev/zero"), "the list", 1024).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_link_that_leads_elsewhere_since_it_was_checked_is_refused() {
        use std::os::unix::fs::symlink;
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("films");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(outer.path().join("secret.png"), b"secret").unwrap();
        std::fs::write(folder.join("a.png"), b"film").unwrap();
        let link = folder.join("link.png");
        symlink(folder.join("a.png"), &link).unwrap();
        let within = folder.canonicalize().unwrap();
        let read = || read_within(&link, &within, "the file", 1024);
        assert_eq!(read().unwrap(), b"film");
        std::fs::remove_file(&link).unwrap();
        symlink(outer.path().join("secret.png"), &link).unwrap();
        let error = read().unwrap_err().to_string();
        assert!(error.contains("is a link to") && error.contains("secret.png"), "{error}");
        // A folder of the same beginning is another one.
        std::fs::create_dir(outer.path().join("films of others")).unwrap();
        let other = outer.path().join("films of others/b.png");
        std::fs::write(&other, b"film").unwrap();
        assert!(read_within(&other, &within, "the file", 1024).is_err());
    }

    #[test]
    fn a_signal_leaves_no_part_of_a_write() {
        let folder = tempfile::tempdir().unwrap();
        let file = temporary_beside(&folder.path().join("film.png")).unwrap();
        let registered = Registered::new(file.path());
        let kept = file.path().to_owned();
        assert!(kept.exists());
        delete_temporaries();
        assert!(!kept.exists());
        drop(registered);
        assert!(!TEMPORARIES.lock().unwrap().contains(&kept));
    }

    #[test]
    fn a_write_is_complete_and_keeps_existing_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.png");
        write_atomically(&path, b"one", false, false).unwrap();
        assert!(write_atomically(&path, b"two", false, false).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        write_atomically(&path, b"two", true, false).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        let leftovers = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(leftovers, 1);
        assert!(write_atomically(&folder.path().join("no/such"), b"x", false, false).is_err());

        assert!(ensure_can_write(&path, true).is_ok());
        assert!(ensure_can_write(&folder.path().join("new"), false).is_ok());
        for (name, overwrite) in [("out.png", false), ("", true), ("no/such", false)] {
            assert!(ensure_can_write(&folder.path().join(name), overwrite).is_err(), "{name}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
