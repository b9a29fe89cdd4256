//! Content that a program left that was killed while it finished.

use super::*;

/// Puts content beside a finished entry, as if the program was killed before it deleted that.
fn leave_content(scene: &Scene) -> PathBuf {
    let journal = scene.journal();
    let entry = journal.entries().unwrap().remove(0);
    assert!(entry.is_done(), "{entry:?}");
    let path = journal.path(&entry.tag, "0.content");
    fs::write(&path, b"encrypted").unwrap();
    path
}

#[test]
fn content_beside_a_finished_entry_goes_when_the_command_is_repeated() {
    let scene = Scene::new();
    assert!(scene.run("film", None).0.unwrap().is_ok());
    leave_content(&scene);
    assert!(scene.run("film", None).0.unwrap().unwrap().was_done);
    scene.assert_whole(1, "killed while it finished");
}

#[test]
fn old_content_beside_a_finished_entry_is_tidied_away() {
    let scene = Scene::new();
    assert!(scene.run("film", None).0.unwrap().is_ok());
    let path = leave_content(&scene);
    let journal = scene.journal();
    journal.tidy().unwrap();
    // It may be of a command that has just begun.
    assert!(path.exists());
    let content = File::options().write(true).open(&path).unwrap();
    let before = LEFT_BEHIND + Duration::from_secs(60);
    content.set_modified(SystemTime::now() - before).unwrap();
    journal.tidy().unwrap();
    scene.assert_whole(1, "tidied");
}

#[test]
fn old_content_of_an_entry_that_is_open_stays() {
    let scene = Scene::new();
    assert!(scene.run("film", Some(3)).0.is_none());
    let journal = scene.journal();
    let entry = journal.entries().unwrap().remove(0);
    let path = journal.path(&entry.tag, "0.content");
    let content = File::options().write(true).open(&path).unwrap();
    content.set_modified(SystemTime::now() - LEFT_BEHIND * 2).unwrap();
    journal.tidy().unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn a_journal_that_cannot_be_made_is_an_error_before_anything_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alice.journal");
    fs::write(&file, b"somebody else's").unwrap();
    let journal = Journal::at(file.clone(), H256([3; 32]));
    for error in [
        journal.tag(&[b"upload", b"film"]).unwrap_err(),
        journal.hold(&Tag("00".repeat(16))).await.unwrap_err(),
        journal.alone("many").await.unwrap_err(),
    ] {
        let said = format!("{error:#}");
        assert!(said.contains("cannot make the journal"), "{said}");
        assert!(said.contains("alice.journal"), "{said}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"somebody else's");
}
