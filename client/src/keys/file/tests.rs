use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_file_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    create_private(&path, b"one").unwrap();
    let error = create_private(&path, b"two").unwrap_err();
    assert!(matches!(error, KeyError::AlreadyExists { .. }));
    assert_eq!(fs::read(&path).unwrap(), b"one");
    replace_private(&path, b"three").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"three");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(folder.path()), ["secret"], "nothing is left of the attempts");
    // A folder cannot be replaced with a file; what was written is gone again.
    let taken = folder.path().join("folder");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("child"), "x").unwrap();
    assert!(replace_private(&taken, b"four").is_err());
    let mut left = names(folder.path());
    left.sort();
    assert_eq!(left, ["folder", "secret"]);
}

#[test]
fn what_a_killed_program_left_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join(format!("{UNFINISHED}old"));
    let new = folder.path().join(format!("{UNFINISHED}new"));
    for path in [&old, &new] {
        fs::write(path, "half a secret").unwrap();
    }
    let file = File::options().write(true).open(&old).unwrap();
    file.set_modified(SystemTime::now() - LEFT_BEHIND - Duration::from_secs(1)).unwrap();
    create_private(&folder.path().join("secret"), b"whole").unwrap();
    assert!(!old.exists());
    assert!(new.exists(), "another program may be writing it");
}
