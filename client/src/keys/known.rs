//! The keys of others, remembered as `ssh` remembers the keys of hosts.
//!
//! A node tells to which key something is sealed for a reader. A node that lies once gets
//! what is sealed to it. So the first key of each account is remembered, and another one is
//! an error until somebody has compared it by another way. The file has a line for each
//! key: genesis hash, address, what the key is for, key.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{default_folder, file, KeyError};
use crate::{AccountId32, H256};

/// The first lines of the file.
const HEAD: &str = "\
# The keys that MedChain encrypted to: genesis hash, address, kind, key.
# It stops where a node tells another one.
";

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// A reader's key, to which content keys are sealed.
    Encryption,
    /// A custodian's key, to which shares are encrypted. The chain never replaces it.
    Custodian,
}

impl KeyKind {
    const ALL: [Self; 2] = [Self::Encryption, Self::Custodian];

    /// As the file and messages have it.
    fn name(self) -> &'static str {
        match self {
            Self::Encryption => "encryption",
            Self::Custodian => "custodian",
        }
    }
}

/// A node tells another key of an account than it had before.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the {} key of {account} has changed: it was 0x{} when something was first sealed to \
     it, and the node tells 0x{}. Either the owner has published another one, or the node wants \
     to read what is meant for {account}. Nothing was sealed. Ask the owner, not over this node, \
     what `medchain key show` prints; if it is the second one, go on with \
     --accept-new-key {account}",
    kind.name(), hex::encode(known), hex::encode(told)
)]
pub struct ChangedKey {
    /// What it is for.
    pub kind: KeyKind,
    /// Whose key it is.
    pub account: AccountId32,
    /// The remembered one.
    pub known: [u8; 32],
    /// What the node tells.
    pub told: [u8; 32],
}

/// The file with the known keys of all chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKeys {
    path: PathBuf,
}

/// A genesis hash, an account and a kind.
type Name = ([u8; 32], [u8; 32], KeyKind);
type Lines = BTreeMap<Name, [u8; 32]>;

impl KnownKeys {
    /// The file `known_keys` in this folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("known_keys") }
    }

    /// This user's: `known_keys` in the folder of key files.
    pub fn of_user() -> Self {
        Self::in_folder(&default_folder())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Compares the keys that a node tells with those known on the chain with this genesis
    /// hash, and remembers the new ones. Keys of `accepted` accounts replace what is known.
    ///
    /// An account that is new on this chain, and known on another, must have a key from there:
    /// keys follow from accounts' secrets, on every chain alike. The genesis hash is the node's
    /// word too, and one that nobody has heard of would make each false key a first one.
    ///
    /// Nothing is remembered where one has changed.
    ///
    /// # Errors
    /// [`KeyError`] where the file cannot be read or written; within, the first key that has
    /// changed.
    pub fn check(
        &self,
        genesis: H256,
        kind: KeyKind,
        told: &[(AccountId32, [u8; 32])],
        accepted: &[AccountId32],
    ) -> Result<Result<(), ChangedKey>, KeyError> {
        // Another program may remember keys at the same time.
        let _lock = self.lock()?;
        let mut lines = self.read()?;
        let mut has_news = false;
        for (account, told) in told {
            let elsewhere = elsewhere(&lines, genesis, account, kind);
            let stranger = elsewhere.first().filter(|_| !elsewhere.contains(told)).copied();
            match lines.insert((genesis.0, account.0, kind), *told).or(stranger) {
                Some(known) if known == *told => {}
                Some(known) if !accepted.contains(account) => {
                    return Ok(Err(ChangedKey { kind, account: *account, known, told: *told }))
                }
                _ => has_news = true,
            }
        }
        if has_news {
            self.write(&lines)?;
        }
        Ok(Ok(()))
    }

    /// Holds others back until it is dropped.
    fn lock(&self) -> Result<File, KeyError> {
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        let io = |source| KeyError::Io { path: path.clone(), source };
        file::create_folder(&path)?;
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(io)?;
        file.lock().map_err(io)?;
        Ok(file)
    }

    fn read(&self) -> Result<Lines, KeyError> {
        let bytes = match file::read_any(&self.path) {
            Err(KeyError::NotFound { .. }) => return Ok(Lines::new()),
            bytes => bytes?,
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = Lines::new();
        for (place, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, key) = parse(line).ok_or_else(|| KeyError::MalformedKnownKeys {
                path: self.path.clone(),
                line: place.saturating_add(1),
            })?;
            lines.insert(name, key);
        }
        Ok(lines)
    }

    fn write(&self, lines: &Lines) -> Result<(), KeyError> {
        let mut text = HEAD.to_owned();
        for ((genesis, account, kind), key) in lines {
            let (genesis, key) = (hex::encode(genesis), hex::encode(key));
            let (account, kind) = (AccountId32(*account), kind.name());
            let _ = writeln!(text, "0x{genesis} {account} {kind} 0x{key}");
        }
        file::replace_private(&self.path, text.as_bytes())
    }
}

/// The keys that an account has on other chains.
fn elsewhere(lines: &Lines, genesis: H256, account: &AccountId32, kind: KeyKind) -> Vec<[u8; 32]> {
    let others = lines
        .iter()
        .filter(|((chain, of, what), _)| *chain != genesis.0 && *of == account.0 && *what == kind);
    others.map(|(_, key)| *key).collect()
}

fn parse(line: &str) -> Option<(Name, [u8; 32])> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let [genesis, account, kind, key] = parts[..] else { return None };
    let account: AccountId32 = account.parse().ok()?;
    let kind = KeyKind::ALL.into_iter().find(|one| one.name() == kind)?;
    Some(((digits(genesis)?, account.0, kind), digits(key)?))
}

fn digits(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const CHAIN: H256 = H256([9; 32]);
    const BOB: AccountId32 = AccountId32([2; 32]);
    const EVE: AccountId32 = AccountId32([3; 32]);

    const KIND: KeyKind = KeyKind::Encryption;

    fn key(byte: u8) -> [u8; 32] {
        [byte; 32]
    }

    #[test]
    fn a_key_that_changes_stops_until_it_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownKeys::in_folder(&folder.path().join("keys"));
        let check = |told: &[_], accepted: &[_]| known.check(CHAIN, KIND, told, accepted).unwrap();
        assert_eq!(check(&[(BOB, key(1))], &[]), Ok(()), "the first one is believed");
        assert_eq!(check(&[(BOB, key(1)), (EVE, key(5))], &[]), Ok(()));
        let changed = ChangedKey { kind: KIND, account: BOB, known: key(1), told: key(2) };
        assert_eq!(check(&[(BOB, key(2))], &[]), Err(changed.clone()));
        assert_eq!(check(&[(BOB, key(2))], &[EVE]), Err(changed.clone()), "that is another's");
        assert_eq!(check(&[(BOB, key(2))], &[]), Err(changed.clone()), "asking is no yes");
        let said = changed.to_string();
        for part in ["0x0101", "0x0202", &format!("--accept-new-key {BOB}")] {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(check(&[(BOB, key(2))], &[BOB]), Ok(()));
        assert_eq!(check(&[(BOB, key(2))], &[]), Ok(()), "it is remembered");
        assert!(check(&[(BOB, key(1))], &[]).is_err(), "also against the old one");
    }

    #[test]
    fn nothing_is_remembered_of_an_answer_with_a_changed_key() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownKeys::in_folder(folder.path());
        known.check(CHAIN, KIND, &[(BOB, key(1))], &[]).unwrap().unwrap();
        known.check(CHAIN, KIND, &[(EVE, key(7)), (BOB, key(2))], &[]).unwrap().unwrap_err();
        assert_eq!(known.check(CHAIN, KIND, &[(EVE, key(8))], &[]).unwrap(), Ok(()));
    }

    #[test]
    fn an_account_has_a_key_of_each_kind() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownKeys::in_folder(folder.path());
        let check = |kind, byte| known.check(CHAIN, kind, &[(BOB, key(byte))], &[]).unwrap();
        assert_eq!(check(KeyKind::Encryption, 1), Ok(()));
        assert_eq!(check(KeyKind::Custodian, 2), Ok(()));
        let changed = check(KeyKind::Custodian, 1).unwrap_err();
        assert!(changed.to_string().contains("the custodian key"), "{changed}");
        assert_eq!(check(KeyKind::Encryption, 1), Ok(()));
    }

    #[test]
    fn a_chain_that_nobody_has_heard_of_is_no_way_around_what_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownKeys::in_folder(folder.path());
        let check = |chain: u8, told: &[_], accepted: &[_]| {
            known.check(H256([chain; 32]), KIND, told, accepted).unwrap()
        };
        assert_eq!(check(1, &[(BOB, key(1))], &[]), Ok(()));
        assert_eq!(check(2, &[(BOB, key(1)), (EVE, key(7))], &[]), Ok(()), "it is the same key");
        let changed = ChangedKey { kind: KIND, account: BOB, known: key(1), told: key(2) };
        assert_eq!(check(3, &[(BOB, key(2))], &[]), Err(changed.clone()));
        assert_eq!(check(3, &[(BOB, key(2))], &[]), Err(changed), "asking is no yes");
        assert_eq!(check(3, &[(BOB, key(2))], &[BOB]), Ok(()));
        // Each chain goes on with its own.
        assert_eq!(check(3, &[(BOB, key(2))], &[]), Ok(()));
        assert_eq!(check(1, &[(BOB, key(1))], &[]), Ok(()));
        assert!(check(1, &[(BOB, key(2))], &[]).is_err());
        assert_eq!(check(4, &[(BOB, key(2))], &[]), Ok(()), "one of those that are known");
        // Another kind of key is another one.
        let custodian = known.check(H256([5; 32]), KeyKind::Custodian, &[(BOB, key(9))], &[]);
        assert_eq!(custodian.unwrap(), Ok(()));
    }

    #[test]
    fn a_list_that_cannot_be_read_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownKeys::in_folder(folder.path());
        known.check(CHAIN, KIND, &[(BOB, key(1))], &[]).unwrap().unwrap();
        let whole = fs::read_to_string(known.path()).unwrap();
        let half = &whole[..whole.len() - 9];
        fs::write(known.path(), half).unwrap();
        let error = known.check(CHAIN, KIND, &[(BOB, key(2))], &[]).unwrap_err();
        assert!(matches!(error, KeyError::MalformedKnownKeys { line: 3, .. }), "{error}");
        assert_eq!(fs::read_to_string(known.path()).unwrap(), half, "it stays as it is");
    }

    #[test]
    fn programs_that_remember_at_the_same_time_forget_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownKeys::in_folder(folder.path());
        std::thread::scope(|scope| {
            for account in 0..16 {
                let known = &known;
                scope.spawn(move || {
                    let told = [(AccountId32([account; 32]), key(account))];
                    known.check(CHAIN, KIND, &told, &[]).unwrap().unwrap();
                });
            }
        });
        for account in 0..16 {
            let told = [(AccountId32([account; 32]), key(99))];
            assert!(known.check(CHAIN, KIND, &told, &[]).unwrap().is_err(), "{account}");
        }
    }
}
