use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

#[test]
fn a_key_file_is_private_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/alice.json");
    let created = Identity::create(&path, "//Alice").unwrap();
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
    Identity::create(&path, "//Alice").unwrap();
    let error = Identity::create(&path, "//Bob").unwrap_err();
    assert!(matches!(error, KeyError::AlreadyExists { .. }));
    assert_eq!(Identity::load(&path).unwrap().ss58(), ALICE);
}

#[test]
fn a_key_file_that_others_may_open_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    Identity::create(&path, "//Alice").unwrap();
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
    Identity::create(&path, "//Alice").unwrap();
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
