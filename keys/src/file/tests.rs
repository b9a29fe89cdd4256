//! Files that `@polkadot/keyring` 14.0.3 made, with these words and this passphrase.

use super::*;

/// The seed of "bottom drive obey lake curtain smoke basket hold race lonely fit walk".
const SEED: [u8; 32] = [
    0xfa, 0xc7, 0x95, 0x9d, 0xbf, 0xe7, 0x2f, 0x05, 0x2e, 0x5a, 0x0c, 0x3c, 0x8d, 0x65, 0x30, 0xf2,
    0x02, 0xb0, 0x2f, 0xd8, 0xf9, 0xf5, 0xca, 0x35, 0x80, 0xec, 0x8d, 0xeb, 0x77, 0x97, 0x47, 0x9e,
];
const PASSPHRASE: &str = "correct horse battery staple ü";

const ACCOUNT: &[u8] = include_bytes!("../../tests/polkadot-js/account.json");
const DERIVED: &[u8] = include_bytes!("../../tests/polkadot-js/derived.json");
const UNENCRYPTED: &[u8] = include_bytes!("../../tests/polkadot-js/unencrypted.json");
const ED25519: &[u8] = include_bytes!("../../tests/polkadot-js/ed25519.json");
const SEVERAL: &[u8] = include_bytes!("../../tests/polkadot-js/several.json");

/// What comes before the ciphertext.
const SEALED_AT: usize = SALT + 12 + NONCE;

fn parse(bytes: &[u8]) -> Result<AccountFile, FileError> {
    AccountFile::parse(bytes)
}

fn open(bytes: &[u8], text: &str) -> Result<AccountSecret, FileError> {
    parse(bytes)?.open(Some(text.as_bytes()))
}

fn secret() -> AccountSecret {
    AccountSecret::from_seed(&SEED)
}

#[test]
fn a_file_of_polkadot_js_has_the_secret_of_its_words() {
    let file = parse(ACCOUNT).unwrap();
    assert!(file.is_encrypted());
    assert_eq!(file.account(), Some(secret().account()));
    assert_eq!(*open(ACCOUNT, PASSPHRASE).unwrap().to_expanded(), *secret().to_expanded());
    let unencrypted = parse(UNENCRYPTED).unwrap();
    assert!(!unencrypted.is_encrypted());
    assert_eq!(*unencrypted.open(None).unwrap().to_expanded(), *secret().to_expanded());
}

#[test]
fn a_file_of_a_derived_account_has_its_secret() {
    // The soft junction gave the wallet's file another seed of nonces than any other program's.
    let opened = open(DERIVED, PASSPHRASE).unwrap();
    assert_eq!(Some(opened.account()), parse(DERIVED).unwrap().account());
}

#[test]
fn the_wrong_passphrase_opens_nothing() {
    for text in ["correct horse battery staple", "x"] {
        assert_eq!(open(ACCOUNT, text).unwrap_err(), FileError::WrongPassphrase);
    }
    assert_eq!(parse(ACCOUNT).unwrap().open(None).unwrap_err(), FileError::PassphraseNeeded);
}

#[test]
fn our_files_are_those_of_wallets() {
    let secret = secret();
    let passphrase = PASSPHRASE.as_bytes();
    for passphrase in [None, Some(passphrase)] {
        let bytes = AccountFile::new(&secret, passphrase).unwrap().to_bytes();
        let read = parse(&bytes).unwrap();
        assert_eq!(read.is_encrypted(), passphrase.is_some());
        let opened = read.open(passphrase).unwrap();
        assert_eq!(*opened.to_expanded(), *secret.to_expanded());
        let hidden = STANDARD.encode(*secret.to_expanded());
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(!text.contains(&hidden[..20]));
        let fields: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(fields["encoding"]["content"], serde_json::json!(["pkcs8", "sr25519"]));
        assert_eq!(fields["encoding"]["version"], "3");
    }
    // Each with a salt and a nonce of its own.
    let again = || AccountFile::new(&secret, Some(passphrase)).unwrap().encoded.clone();
    assert_ne!(again(), again());
}

#[test]
fn what_a_wallet_remembers_is_kept() {
    let old = parse(ACCOUNT).unwrap();
    let new = AccountFile::new(&secret(), None).unwrap().with_meta_of(&old);
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
        assert!(error.starts_with("this file ") && error.contains(part), "{error}");
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
    assert_eq!(open(&flipped, PASSPHRASE).unwrap_err(), FileError::WrongPassphrase);
    let other = String::from_utf8(UNENCRYPTED.to_vec())
        .unwrap()
        .replace(&secret().account().to_string(), &AccountId32([7; 32]).to_string());
    let error = parse(other.as_bytes()).unwrap().open(None).unwrap_err();
    assert!(error.to_string().contains("of another account than its address"), "{error}");
}
