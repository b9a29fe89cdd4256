//! Chains on which everybody is registered, made once for all tests that begin with them.
//!
//! Registering everybody takes a dozen commands, each of which waits for its block. A test gets a
//! copy of a chain's folder instead, whose node goes on from the block where it was stopped.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::World;

/// A chain that is made when it is first asked for.
pub(crate) struct Prepared {
    name: &'static str,
    set_up: fn(&World),
    folder: OnceLock<PathBuf>,
}

impl Prepared {
    pub(crate) const fn new(name: &'static str, set_up: fn(&World)) -> Self {
        Self { name, set_up, folder: OnceLock::new() }
    }

    /// The folder to [`copy`]: the chain, the store and the keys.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.get_or_init(|| {
            let world = World::to_prepare();
            (self.set_up)(&world);
            let made = world.stop();
            let kept = shelf().join(format!("{}-{}", std::process::id(), self.name));
            copy(made.path(), &kept);
            kept
        })
    }
}

/// The folder of all prepared chains, without those of programs that have ended: nothing is run
/// when a program of tests ends.
fn shelf() -> PathBuf {
    let shelf = std::env::temp_dir().join("medchain-prepared-chains");
    std::fs::create_dir_all(&shelf).expect("there is a place for temporary files");
    for entry in std::fs::read_dir(&shelf).expect("the folder can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.split('-').next().unwrap_or_default();
        if !Path::new("/proc").join(process).exists() {
            // Another program of tests may remove it at the same time.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    shelf
}

/// Copies what is in a folder into another one, which is made where it is missing.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder can be made");
    let copied = Command::new("cp")
        .args(["--archive", "--reflink=auto"])
        .arg(from.join("."))
        .arg(to)
        .status();
    assert!(copied.is_ok_and(|status| status.success()), "{} is not copied", from.display());
}
