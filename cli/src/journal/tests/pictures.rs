//! The same picture in another file.

use super::*;

fn tag(journal: &Journal, kind: &[u8], what: &str) -> Tag {
    journal.tag(&[kind, what.as_bytes()]).unwrap()
}

#[test]
fn another_upload_of_the_same_picture_is_known() {
    let scene = Scene::new();
    let journal = scene.journal();
    let (old, new) = (tag(&journal, b"upload", "film"), tag(&journal, b"upload", "exported"));
    let picture = tag(&journal, b"picture", "lungs");
    assert_eq!(journal.shown_by(&picture, &new).unwrap(), None);
    // Noted, and not begun yet.
    journal.shows(&picture, &old).unwrap();
    assert_eq!(journal.shown_by(&picture, &new).unwrap(), None);
    assert!(scene.run("film", None).0.unwrap().is_ok());
    assert_eq!(journal.shown_by(&picture, &new).unwrap().unwrap().name(), old);
    // The same upload is no other one, and another picture is no other film.
    assert_eq!(journal.shown_by(&picture, &old).unwrap(), None);
    let other = tag(&journal, b"picture", "other lungs");
    assert_eq!(journal.shown_by(&other, &new).unwrap(), None);
    // It is no entry, and is not swept away.
    assert_eq!(journal.entries().unwrap().len(), 1);
    journal.tidy().unwrap();
    assert!(journal.shown_by(&picture, &new).unwrap().is_some());
}

#[test]
fn a_note_that_leads_elsewhere_is_no_note() {
    let scene = Scene::new();
    let journal = scene.journal();
    let (own, picture) = (tag(&journal, b"upload", "film"), tag(&journal, b"picture", "lungs"));
    journal.shows(&picture, &Tag("../../other".into())).unwrap();
    assert_eq!(journal.shown_by(&picture, &own).unwrap(), None);
}
