use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

#[test]
fn a_key_file_is_private_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/alice.json");
    let created = Identity::create(&path, "//Alice", None).unwrap();
    assert_eq!(created.ss58(), ALICE);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let loaded = Identity::open(path.to_str().unwrap(), false).unwrap();
    assert_eq!(loaded.account(), created.account());
    assert_eq!(loaded.encryption_key(), created.encryption_key());
}

#[test]
fn a_key_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    Identity::create(&path, "//Alice", None).unwrap();
    let error = Identity::create(&path, "//Bob", None).unwrap_err();
    assert!(matches!(error, KeyError::AlreadyExists { .. }));
    assert_eq!(Identity::load(&path).unwrap().ss58(), ALICE);
}

#[test]
fn a_key_file_that_others_may_open_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    Identity::create(&path, "//Alice", None).unwrap();
    for mode in [0o640, 0o604, 0o660, 0o644, 0o601] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = Identity::load(&path).unwrap_err();
        assert!(matches!(error, KeyError::Permissions { mode: found, .. } if found == mode));
        let cure = format!("run `chmod 600 {}`", path.display());
        assert!(error.to_string().ends_with(&cure), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(Identity::load(&path).is_ok());
}

/// The variable is the process's, so this runs in one of its own.
#[test]
fn a_credential_of_systemd_may_show_the_mask_of_its_access_list() {
    if let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") {
        let path = Path::new(&folder).join("worker.key");
        for (mode, is_accepted) in [(0o440, true), (0o400, true), (0o460, false), (0o444, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(Identity::load(&path).is_ok(), is_accepted, "{mode:o}");
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("worker.key");
    Identity::create(&path, "//Alice", None).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
    assert!(Identity::load(&path).is_err(), "it is not in the folder of credentials");
    let name = "keys::tests::a_credential_of_systemd_may_show_the_mask_of_its_access_list";
    let itself = std::process::Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact"])
        .env("CREDENTIALS_DIRECTORY", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&itself.stdout);
    assert!(itself.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn what_is_no_key_file_is_refused_without_quoting_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    for content in [
        "",
        "private words",
        r#"{"version":1}"#,
        r#"{"version":2,"secret_uri":"//Alice"}"#,
        r#"{"version":1,"secret_uri":"private words"}"#,
        r#"{"version":1,"secret_uri":["private words"]}"#,
        r#"{"encoded":"private words","encoding":{}}"#,
    ] {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = Identity::load(&path).unwrap_err();
        assert!(matches!(error, KeyError::Malformed { .. }), "{content}: {error}");
        assert!(!error.to_string().contains("private"), "{error}");
        assert!(!format!("{error:?}").contains("private"), "{error:?}");
    }
    let missing = Identity::load(&folder.path().join("none")).unwrap_err();
    assert!(matches!(missing, KeyError::NotFound { .. }));
    let directory = Identity::load(folder.path()).unwrap_err();
    assert!(matches!(directory, KeyError::Malformed { .. }), "{directory}");
}

#[test]
fn development_secrets_need_permission() {
    assert!(matches!(Identity::open("//Alice", false), Err(KeyError::DevNotAllowed)));
    assert_eq!(Identity::open("//Alice", true).unwrap().ss58(), ALICE);
}

/// Vectors that were computed apart, from RFC 5869 and RFC 7748, for //Alice: the scalar is
/// 33a6f3093f158a7109f679410bef1a0c54168145e0cecb4df006c1c2fffb1f09.
#[test]
fn derived_keys_are_those_of_the_vectors() {
    let alice = Identity::from_secret_uri("//Alice").unwrap();
    assert_eq!(
        hex::encode(*alice.secret.canonical()),
        "33a6f3093f158a7109f679410bef1a0c54168145e0cecb4df006c1c2fffb1f09"
    );
    assert_eq!(
        hex::encode(alice.encryption_key().0),
        "fe5be99d4d436669ffed6472add31af086f1950373f87496d9f9781ff6275f55"
    );
    let seed = "96cd6617fb7e72c402692c4955df4ec181895f313f55cc7f1bb1b347e46659e4";
    let mut bytes = [0; 32];
    hex::decode_to_slice(seed, &mut bytes).unwrap();
    assert_eq!(alice.custodian_key(), CustodianSecret::from_seed(&bytes).public());
}

/// All public keys of an identity.
fn keys(uri: &str) -> Option<(AccountId32, EncryptionKey, CustodianKey)> {
    let identity = Identity::from_secret_uri(uri).ok()?;
    Some((identity.account(), identity.encryption_key(), identity.custodian_key()))
}

#[test]
fn however_a_secret_is_spelled_it_has_the_same_keys_or_none() {
    let words = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
    let seed = "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";
    let expected = keys(words);
    for spelling in [
        words.replace(' ', "  "),
        words.replace(' ', "\t"),
        words.replace(' ', "\u{a0}"),
        words.replace(' ', "\u{2003}"),
        words.replace(" smoke", "\r\nsmoke"),
        format!("  {words} \n"),
        words.to_uppercase(),
        words.replace("bottom", "Bottom"),
        seed.to_owned(),
        seed.to_uppercase(),
        format!(" {seed}\n"),
        format!("{words}///"),
    ] {
        assert_eq!(keys(&spelling), expected, "{spelling}");
    }
    for refused in [
        words.replace(" walk", ""),
        words.replace("walk", "wall"),
        words.replace("fit walk", "walk fit"),
        words.replace(' ', "\u{200b}"),
        words.replace(' ', ", "),
        seed.trim_start_matches("0x").to_owned(),
        seed[..64].to_owned(),
        format!("{seed}00"),
        String::new(),
        "\u{a0}".to_owned(),
    ] {
        assert_eq!(keys(&refused), None, "{refused}");
    }
    // Junctions and password are text of their own, which is not touched.
    let alice = keys("//Alice");
    assert_eq!(keys(&format!("{}//Alice", words.replace(' ', "  "))), alice);
    assert_eq!(keys(&format!("{seed}//Alice")), alice);
    assert_ne!(keys("//alice"), alice);
    let with = |password: &str| keys(&format!("{words}///{password}"));
    assert_ne!(with("Secret word"), with("secret word"));
    assert_ne!(with("two  spaces"), with("two spaces"));
}

#[test]
fn every_account_has_other_keys_for_each_purpose() {
    let (alice, bob) = (keys("//Alice").unwrap(), keys("//Bob").unwrap());
    let all = [alice.0 .0, alice.1 .0, alice.2 .0, bob.0 .0, bob.1 .0, bob.2 .0];
    assert_eq!(std::collections::BTreeSet::from(all).len(), 6);
}

#[test]
fn signatures_are_those_of_the_account() {
    use sp_core::{sr25519, Pair as _};
    use subxt::utils::MultiSignature;
    let alice = Identity::from_secret_uri("//Alice").unwrap();
    let MultiSignature::Sr25519(signature) = alice.signer().sign(b"a payload") else {
        panic!("an account of this kind signs so");
    };
    let public = sr25519::Public::from_raw(alice.account().0);
    let verifies = |payload: &[u8]| {
        sr25519::Pair::verify(&sr25519::Signature::from_raw(signature), payload, &public)
    };
    assert!(verifies(b"a payload") && !verifies(b"another"));
}

#[test]
fn a_development_secret_has_no_words() {
    for uri in ["", " ", "//Alice", " //Alice", "///password", "/soft"] {
        assert!(is_development(uri), "{uri}");
    }
    assert!(!is_development("bottom drive//Alice") && !is_development("0xfa//Alice"));
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
}

#[test]
fn an_encrypted_key_file_opens_with_its_passphrase_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    let right = passphrase("a long enough one");
    let created = Identity::create(&path, "//Alice", Some(&right)).unwrap();
    assert!(matches!(Identity::load(&path), Err(KeyError::PassphraseNeeded { .. })));
    let file = KeyFile::read(&path).unwrap();
    assert_eq!(file.named_account(), Some(created.account()));
    assert!(file.is_encrypted() && !file.is_outdated());
    let wrong = file.open(Some(&passphrase("a long enough two"))).unwrap_err();
    assert!(matches!(wrong, KeyError::WrongPassphrase { .. }), "{wrong}");
    let opened = file.open(Some(&right)).unwrap();
    assert_eq!(opened.encryption_key(), created.encryption_key());
    // Another passphrase, and none.
    let other = passphrase("another long one");
    file.renew(&opened, Some(&other)).unwrap();
    let renewed = KeyFile::read(&path).unwrap();
    assert!(renewed.open(Some(&right)).is_err());
    assert_eq!(renewed.open(Some(&other)).unwrap().account(), opened.account());
    renewed.renew(&opened, None).unwrap();
    assert_eq!(Identity::load(&path).unwrap().account(), opened.account());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_that_was_encrypted_with_a_byte_order_mark_opens_and_can_be_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    // As earlier versions read the passphrase from a file that an editor of Windows wrote.
    let (marked, plain) =
        (passphrase("\u{feff}four little words"), passphrase("four little words"));
    let created = Identity::create(&path, "//Alice", Some(&marked)).unwrap();
    let file = KeyFile::read(&path).unwrap();
    let (opened, fitting) = file.open_as_read(&plain).unwrap();
    assert_eq!((opened.account(), &fitting), (created.account(), &marked));
    let wrong = file.open_as_read(&passphrase("four other words")).unwrap_err();
    assert!(matches!(wrong, KeyError::WrongPassphrase { .. }), "{wrong}");
    file.renew(&opened, Some(&plain)).unwrap();
    let (_, fitting) = KeyFile::read(&path).unwrap().open_as_read(&plain).unwrap();
    assert_eq!(fitting, plain);
}

#[test]
fn a_key_file_of_version_1_opens_and_can_be_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    let old = format!(r#"{{"version":1,"secret_uri":"//Alice","address":"{ALICE}"}}"#);
    fs::write(&path, old).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let file = KeyFile::read(&path).unwrap();
    assert!(file.is_outdated() && !file.is_encrypted());
    let identity = file.open(None).unwrap();
    assert_eq!(identity.ss58(), ALICE);
    file.renew(&identity, None).unwrap();
    let renewed = KeyFile::read(&path).unwrap();
    assert!(!renewed.is_outdated());
    assert_eq!(renewed.open(None).unwrap().encryption_key(), identity.encryption_key());
    assert!(!fs::read_to_string(&path).unwrap().contains("secret_uri"));
}

#[test]
fn a_passphrase_is_read_from_a_private_file_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passphrase");
    let read = |content: &str, mode| {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        Passphrase::read(&path)
    };
    for content in [
        "four little words ü",
        "four little words ü\n",
        "four little words ü\r\n",
        // As editors of Windows write it.
        "\u{feff}four little words ü\r\n",
        "\u{feff}four little words ü",
    ] {
        assert_eq!(read(content, 0o600).unwrap(), passphrase("four little words ü"));
    }
    // One mark and one line end, no more.
    let marked = read("\u{feff}\u{feff}two marks", 0o600).unwrap();
    assert_eq!(marked, passphrase("\u{feff}two marks"));
    assert_eq!(read(" spaces count ", 0o400).unwrap(), passphrase(" spaces count "));
    assert!(matches!(read("word", 0o644), Err(KeyError::Permissions { .. })));
    for content in ["", "\n", "\u{feff}", "\u{feff}\r\n", "one\ntwo\n", "\n\none"] {
        let error = read(content, 0o600).unwrap_err().to_string();
        assert!(error.contains("passphrase on its only line"), "{content:?}: {error}");
        assert!(!error.contains("two"), "{error}");
    }
    assert!(read(&"x".repeat(5_000), 0o600).is_err());
    // UTF-16, as some editors call "Unicode".
    fs::write(&path, b"\xff\xfefour").unwrap();
    let error = Passphrase::read(&path).unwrap_err().to_string();
    assert!(error.contains("save its file as UTF-8"), "{error}");
    assert!(matches!(Passphrase::read(&folder.path().join("none")), Err(KeyError::Io { .. })));
    assert_eq!(format!("{:?}", passphrase("secret")), "Passphrase(…)");
}

#[test]
fn a_new_passphrase_is_not_short() {
    assert!(passphrase("seven77").ensure_strong().is_err());
    assert!(passphrase("üüüüüüüü").ensure_strong().is_ok());
    assert!(Passphrase::new(Zeroizing::default()).is_err());
}

/// The limit is the process's, so this runs in one of its own.
#[test]
fn a_process_without_core_dumps_has_none() {
    if std::env::var_os("MEDCHAIN_TEST_CORE").is_some() {
        forbid_core_dumps().unwrap();
        let limits = fs::read_to_string("/proc/self/limits").unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let numbers: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
        assert_eq!(numbers, ["0", "0"]);
        let behavior = rustix::process::dumpable_behavior().unwrap();
        assert_eq!(behavior, rustix::process::DumpableBehavior::NotDumpable);
        return;
    }
    let name = "keys::tests::a_process_without_core_dumps_has_none";
    let itself = std::process::Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact"])
        .env("MEDCHAIN_TEST_CORE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&itself.stdout);
    assert!(itself.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_new_mnemonic_is_a_secret_and_new() {
    let words = generate_mnemonic().unwrap();
    assert_eq!(words.split(' ').count(), 12);
    assert!(Identity::from_secret_uri(&words).is_ok());
    assert_ne!(*words, *generate_mnemonic().unwrap());
}

#[test]
fn a_seed_and_junctions_are_secrets_too() {
    // The seed of the development mnemonic.
    let seed = "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e//Alice";
    assert_eq!(Identity::from_secret_uri(seed).unwrap().ss58(), ALICE);
    assert!(matches!(Identity::from_secret_uri("not a secret"), Err(KeyError::InvalidSecret)));
}

#[test]
fn accounts_are_read_in_both_spellings() {
    let account = parse_account(ALICE).unwrap();
    assert_eq!(account.to_string(), ALICE);
    let digits = format!("0x{}", hex::encode(account.0));
    assert_eq!(parse_account(&digits).unwrap(), account);
    for text in ["", "0x00", "5Grwva", "//Alice"] {
        assert!(matches!(parse_account(text), Err(KeyError::InvalidAccount { .. })));
    }
}

#[test]
fn an_identity_does_not_show_its_secret() {
    let identity = Identity::from_secret_uri("//Alice").unwrap();
    assert_eq!(format!("{identity:?}"), format!("Identity({ALICE})"));
}

/// Files that `@polkadot/keyring` 14.0.3 made, with these words and this passphrase.
#[test]
fn a_file_of_polkadot_js_has_the_keys_of_its_uri() {
    let words = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
    let seed = "0xcb4322e80b1669accbed4363b0aade58cdf406f6464df9647f9d35b27c6f7df6";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../keys/tests/polkadot-js");
    let right = passphrase("correct horse battery staple ü");
    for (name, uri) in
        [("account.json", words.to_owned()), ("derived.json", format!("{seed}//hospital/7"))]
    {
        let path = folder.join(name);
        let file = KeyFile::read_exported(&path).unwrap();
        let opened = file.open(Some(&right)).unwrap();
        let all = (opened.account(), opened.encryption_key(), opened.custodian_key());
        assert_eq!(Some(all), keys(&uri), "{name}");
        let error = file.open(Some(&passphrase("another"))).unwrap_err();
        assert!(matches!(error, KeyError::WrongPassphrase { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}
