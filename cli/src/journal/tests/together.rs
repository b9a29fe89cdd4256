//! Films of one transaction, whose entries are written one after the other.

use super::*;

/// Begins and stores a film, and is killed before it signs.
fn stored(scene: &Scene, film: &str) -> Cid {
    assert!(scene.run(film, Some(4)).0.is_none());
    let journal = scene.journal();
    let tag = journal.tag(&[b"upload", film.as_bytes()]).unwrap();
    let held = journal.hold(&tag).now_or_never().unwrap().unwrap();
    let entry = held.entry.as_ref().unwrap();
    assert_eq!((&entry.stage, &entry.transaction), (&Stage::Stored, &None));
    entry.cids().remove(0)
}

/// A transaction that adds these films.
fn transaction(cids: &[&Cid]) -> Transaction {
    let lines: Vec<&str> = cids.iter().map(|cid| cid.as_str()).collect();
    Transaction {
        call: "Utility.batch_all".into(),
        account: AccountId32([2; 32]),
        nonce: 1,
        hash: H256([9; 32]),
        bytes: lines.join("\n").into_bytes(),
        spec_version: 1,
        since: 0,
        until: 9,
    }
}

/// Two films that are stored, of whose transaction only the first one's entry tells.
fn half_noted(scene: &Scene) {
    let cids = [stored(scene, "one"), stored(scene, "two")];
    let journal = scene.journal();
    let tag = journal.tag(&[b"upload", b"one"]).unwrap();
    let mut held = journal.hold(&tag).now_or_never().unwrap().unwrap();
    held.sign(Some(transaction(&[&cids[0], &cids[1]]))).unwrap();
}

#[test]
fn a_film_whose_entry_lacks_the_transaction_is_not_added_twice() {
    let scene = Scene::new();
    half_noted(&scene);
    // Handed over by the first one's entry, it adds both.
    let first = scene.run("one", None).0.unwrap().unwrap();
    assert_eq!((first.numbers, first.was_done), (vec![0], false));
    let second = scene.run("two", None).0.unwrap().unwrap();
    assert_eq!((second.numbers, second.was_done), (vec![1], true));
    assert!(second.key.is_some());
    scene.assert_whole(2, "killed between two notes");
    for (film, number) in [("one", 0), ("two", 1)] {
        let again = scene.run(film, None).0.unwrap().unwrap();
        assert_eq!((again.numbers, again.was_done), (vec![number], true));
    }
    scene.assert_whole(2, "a third time");
    assert_eq!(scene.outside.lock().unwrap().signed, 0);
}

#[test]
fn a_refusal_of_what_the_chain_has_gives_nothing_up() {
    let scene = Scene::new();
    half_noted(&scene);
    assert!(scene.run("one", None).0.unwrap().is_ok());
    // The other transaction is in a block only after this one was signed.
    scene.outside.lock().unwrap().unseen = 1;
    let second = scene.run("two", None).0.unwrap().unwrap();
    assert_eq!((second.numbers, second.was_done), (vec![1], true));
    scene.assert_whole(2, "refused as a repetition");
    assert!(scene.run("two", None).0.unwrap().unwrap().was_done);
    scene.assert_whole(2, "a third time");
}

#[test]
fn damaged_content_that_the_chain_has_is_not_made_again() {
    let scene = Scene::new();
    half_noted(&scene);
    assert!(scene.run("one", None).0.unwrap().is_ok());
    let entries = scene.journal().entries().unwrap();
    let open = entries.iter().find(|entry| !entry.is_done()).unwrap();
    fs::write(scene.journal().path(&open.tag, "0.content"), b"half").unwrap();
    assert_eq!(scene.run("two", None).0.unwrap().unwrap().numbers, [1]);
    scene.assert_whole(2, "damaged");
}
