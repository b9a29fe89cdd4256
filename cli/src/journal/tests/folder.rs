//! What is in the journal's folder.

use super::*;

#[cfg(unix)]
#[test]
fn the_journal_is_private_and_tells_nothing_of_the_film() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    assert!(scene.run("film", Some(3)).0.is_none());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = scene.journal().folder().to_owned();
    assert_eq!(mode(&folder), 0o700);
    let plain = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(b"film"));
    for one in fs::read_dir(&folder).unwrap() {
        let path = one.unwrap().path();
        if path.is_file() {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            let content = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(!content.contains(&plain[..16]), "{}", path.display());
        }
    }
    // Another account's journal has another key for its digests.
    let other = Journal::at(scene.folder.path().join("bob.journal"), H256([3; 32]));
    let parts: &[&[u8]] = &[b"upload", b"film"];
    assert_ne!(other.tag(parts).unwrap(), scene.journal().tag(parts).unwrap());
    assert_ne!(other.tag(&[b"uploadf", b"ilm"]).unwrap(), other.tag(parts).unwrap());
}

#[test]
fn transactions_on_their_way_are_listed_until_they_are_known() {
    let scene = Scene::new();
    let journal = scene.journal();
    assert_eq!(journal.sent().unwrap(), []);
    let sent = |nonce: u8| Sent {
        purpose: "revoke the grant".into(),
        transaction: Transaction {
            call: "Contracts.call".into(),
            account: AccountId32([2; 32]),
            nonce: nonce.into(),
            hash: H256([nonce; 32]),
            bytes: vec![1],
            spec_version: 1,
            since: 0,
            until: 9,
        },
    };
    journal.send(&sent(8)).unwrap();
    journal.send(&sent(7)).unwrap();
    assert_eq!(journal.sent().unwrap(), [sent(7), sent(8)]);
    assert_eq!(journal.entries().unwrap(), []);
    journal.received(&sent(7)).unwrap();
    journal.received(&sent(7)).unwrap();
    assert_eq!(journal.sent().unwrap(), [sent(8)]);
    // Another chain has its own.
    let other = Journal::at(journal.folder().to_owned(), H256([4; 32]));
    assert_eq!(other.sent().unwrap(), []);
}
