//! Files that `@polkadot/keyring` 14.0.3 made, with these words and this passphrase.

use super::*;
use crate::keys::Identity;

const WORDS: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
const PASSPHRASE: &str = "correct horse battery staple ü";

const ACCOUNT: &[u8] = include_bytes!("../../../tests/polkadot-js/account.json");
const DERIVED: &[u8] = include_bytes!("../../../tests/polkadot-js/derived.json");
const UNENCRYPTED: &[u8] = include_bytes!("../../../tests/polkadot-js/unencrypted.json");
const ED25519: &[u8] = include_bytes!("../../../tests/polkadot-js/ed25519.json");
const SEVERAL: &[u8] = include_bytes!("../../../tests/polkadot-js/several.json");

fn parse(bytes: &[u8]) -> Result<AccountFile, KeyError> {
    AccountFile::parse(bytes, Path::new("account.json"))
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
}

fn open(bytes: &[u8], text: &str) -> Result<AccountSecret, KeyError> {
    parse(bytes)?.open(Some(&passphrase(text)), Path::new("account.json"))
}

/// What an account is to others: its address and both its public keys.
fn keys(secret: AccountSecret) -> (AccountId32, [u8; 32], [u8; 32]) {
    let identity = Identity::new(secret);
    (identity.account(), identity.encryption_key().0, identity.custodian_key().0)
}

fn keys_of(uri: &str) -> (AccountId32, [u8; 32], [u8; 32]) {
    keys(AccountSecret::from_uri(uri).unwrap())
}

#[test]
fn a_file_of_polkadot_js_has_the_keys_of_its_words() {
    let file = parse(ACCOUNT).unwrap();
    assert!(file.is_encrypted());
    assert_eq!(file.account(), Some(keys_of(WORDS).0));
    assert_eq!(keys(open(ACCOUNT, PASSPHRASE).unwrap()), keys_of(WORDS));
    let unencrypted = parse(UNENCRYPTED).unwrap();
    assert!(!unencrypted.is_encrypted());
    let secret = unencrypted.open(None, Path::new("account.json")).unwrap();
    assert_eq!(keys(secret), keys_of(WORDS));
}

#[test]
fn a_file_of_a_derived_account_has_the_keys_of_its_uri() {
    let seed = "0xcb4322e80b1669accbed4363b0aade58cdf406f6464df9647f9d35b27c6f7df6";
    // The soft junction gave the wallet's file another seed of nonces.
    let secret = open(DERIVED, PASSPHRASE).unwrap();
    let ours = AccountSecret::from_uri(&format!("{seed}//hospital/7")).unwrap();
    assert_ne!(*secret.to_expanded(), *ours.to_expanded());
    assert_eq!(keys(secret), keys(ours));
}

#[test]
fn the_wrong_passphrase_opens_nothing() {
    for text in ["correct horse battery staple", "x"] {
        let error = open(ACCOUNT, text).unwrap_err();
        assert!(matches!(error, KeyError::WrongPassphrase { .. }), "{error}");
    }
    let error = parse(ACCOUNT).unwrap().open(None, Path::new("a")).unwrap_err();
    assert!(matches!(error, KeyError::PassphraseNeeded { .. }), "{error}");
}

#[test]
fn our_files_are_those_of_wallets() {
    let secret = AccountSecret::from_uri("//Alice").unwrap();
    let passphrase = passphrase(PASSPHRASE);
    for passphrase in [None, Some(&passphrase)] {
        let bytes = AccountFile::new(&secret, passphrase).unwrap().to_bytes();
        let read = parse(&bytes).unwrap();
        assert_eq!(read.is_encrypted(), passphrase.is_some());
        let opened = read.open(passphrase, Path::new("a")).unwrap();
        assert_eq!(*opened.to_expanded(), *secret.to_expanded());
        let hidden = STANDARD.encode(*secret.to_expanded());
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(!text.contains(&hidden[..20]));
        let fields: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(fields["encoding"]["content"], serde_json::json!(["pkcs8", "sr25519"]));
        assert_eq!(fields["encoding"]["version"], "3");
    }
    // Each with a salt and a nonce of its own.
    let again = || AccountFile::new(&secret, Some(&passphrase)).unwrap().encoded.clone();
    assert_ne!(again(), again());
}

#[test]
fn what_a_wallet_remembers_is_kept() {
    let old = parse(ACCOUNT).unwrap();
    let secret = AccountSecret::from_uri(WORDS).unwrap();
    let new = AccountFile::new(&secret, None).unwrap().with_meta_of(&old);
    let text = String::from_utf8(new.to_bytes().to_vec()).unwrap();
    assert!(text.contains("radiology"), "{text}");
}

#[test]
fn other_exports_are_refused_by_their_names() {
    let old = String::from_utf8(ACCOUNT.to_vec()).unwrap().replace("\"3\"", "\"2\"");
    for (bytes, part) in [
        (SEVERAL, "holds several accounts"),
        (ED25519, "of another kind"),
        (old.as_bytes(), "export it again"),
    ] {
        let error = parse(bytes).err().unwrap().to_string();
        assert!(error.starts_with("account.json ") && error.contains(part), "{error}");
    }
}

/// Changes the encrypted bytes of a file.
fn with_encoded(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut fields: serde_json::Value = serde_json::from_slice(ACCOUNT).unwrap();
    let mut encoded = STANDARD.decode(fields["encoded"].as_str().unwrap()).unwrap();
    change(&mut encoded);
    fields["encoded"] = STANDARD.encode(&encoded).into();
    serde_json::to_vec(&fields).unwrap()
}

#[test]
fn costs_that_no_wallet_uses_are_refused_before_memory_is_taken() {
    for costs in [[1 << 30, 1, 8], [1, 1, 8], [1 << 17, 1 << 20, 8], [0, 0, 0]] {
        let file = with_encoded(|bytes| {
            for (place, cost) in costs.iter().enumerate() {
                let start = SALT + 4 * place;
                bytes[start..start + 4].copy_from_slice(&u32::to_le_bytes(*cost));
            }
        });
        let error = open(&file, PASSPHRASE).unwrap_err().to_string();
        assert!(error.contains("costs of scrypt"), "{error}");
    }
}

#[test]
fn damaged_files_are_refused() {
    for length in [0, 10, SEALED_AT] {
        let error = open(&with_encoded(|bytes| bytes.truncate(length)), PASSPHRASE).unwrap_err();
        assert!(error.to_string().contains("truncated"), "{error}");
    }
    let flipped = with_encoded(|bytes| *bytes.last_mut().unwrap() ^= 1);
    assert!(matches!(open(&flipped, PASSPHRASE), Err(KeyError::WrongPassphrase { .. })));
    let other = String::from_utf8(UNENCRYPTED.to_vec())
        .unwrap()
        .replace(&keys_of(WORDS).0.to_string(), &keys_of("//Bob").0.to_string());
    let error = parse(other.as_bytes()).unwrap().open(None, Path::new("a")).unwrap_err();
    assert!(error.to_string().contains("of another account than its address"), "{error}");
}
