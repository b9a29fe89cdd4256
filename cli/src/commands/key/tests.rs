use std::{fs, os::unix::fs::PermissionsExt};

use medchain_client::keys::KeyFile;

use super::*;
use crate::options::Global;

/// A context with these flags; the passphrase file, if there is one, has `passphrase`.
fn context(key: &Path, passphrase: Option<&str>) -> Context {
    let passphrase_file = passphrase.map(|text| {
        let file = key.with_extension("passphrase");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file
    });
    let global = Global {
        node: None,
        insecure_node: false,
        second_node: None,
        accept_new_key: Vec::new(),
        store: None,
        key: Some(key.to_owned()),
        passphrase_file,
        passphrase_command: None,
        suri: None,
        dev: false,
        json: false,
        yes: false,
        in_block: false,
        verbose: 0,
    };
    Context::new(&global).unwrap()
}

#[test]
fn a_new_key_is_shown_without_its_secret_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys/alice");
    let context = |passphrase| context(&file, passphrase);
    let args = new::NewArgs { unencrypted: true, ..Default::default() };
    let report = new::new(&context(None), &args).unwrap();
    let content = fs::read_to_string(&file).unwrap();
    let fields: serde_json::Value = serde_json::from_str(&content).unwrap();
    let shown = format!("{report}{}", serde_json::to_string(&report).unwrap());
    assert!(!shown.contains(&fields["encoded"].as_str().unwrap()[40..60]));
    assert_eq!(Identity::load(&file).unwrap().account(), report.account);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let again = new::new(&context(None), &args).unwrap_err().to_string();
    assert!(again.contains("never overwritten"), "{again}");
    assert_eq!(fs::read_to_string(&file).unwrap(), content);
}

#[test]
fn a_key_is_encrypted_unless_somebody_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alice");
    let report = new::new(&context(&file, Some("four little words")), &Default::default()).unwrap();
    assert!(KeyFile::read(&file).unwrap().is_encrypted());
    // Whoever only asks needs no passphrase; whoever signs does.
    assert_eq!(context(&file, None).account().unwrap(), report.account);
    assert!(context(&file, Some("four little birds")).identity().is_err());
    let opened = context(&file, Some("four little words"));
    assert_eq!(opened.identity().unwrap().account(), report.account);
    // A short passphrase writes nothing.
    let other = folder.path().join("bob");
    assert!(new::new(&context(&other, Some("short")), &Default::default()).is_err());
    assert!(!other.exists());
}

#[tokio::test]
async fn an_account_moves_out_and_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let exported = folder.path().join("exported.json");
    let made = new::new(&context(&first, Some("four little words")), &Default::default()).unwrap();
    let new_passphrase = folder.path().join("new");
    fs::write(&new_passphrase, "five quite other little words").unwrap();
    fs::set_permissions(&new_passphrase, fs::Permissions::from_mode(0o600)).unwrap();
    let args = export::ExportArgs {
        out: exported.clone(),
        new_passphrase_file: Some(new_passphrase.clone()),
    };
    export::export(&context(&first, Some("four little words")), &args).unwrap();
    let args = import::ImportArgs { exported, out: None, unencrypted: false };
    let wrong = import::import(&context(&second, Some("four little words")), &args).await;
    assert!(wrong.unwrap_err().to_string().contains("does not open"));
    assert!(!second.exists());
    let right = context(&second, Some("five quite other little words"));
    let imported = import::import(&right, &args).await.unwrap();
    assert_eq!(imported.encryption_key, made.encryption_key);
    // The passphrase changes, and then goes.
    let args = passphrase::PassphraseArgs {
        new_passphrase_file: Some(new_passphrase),
        unencrypted: false,
    };
    passphrase::change(&context(&first, Some("four little words")), &args).unwrap();
    let changed = context(&first, Some("five quite other little words"));
    assert_eq!(changed.identity().unwrap().account(), made.account);
    let args = passphrase::PassphraseArgs { new_passphrase_file: None, unencrypted: true };
    passphrase::change(&context(&first, Some("five quite other little words")), &args).unwrap();
    assert_eq!(Identity::load(&first).unwrap().account(), made.account);
}
