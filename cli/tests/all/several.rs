//! Batches and folders, refused before a node is asked for.

use crate::program::{medchain, medchain_reading};

#[test]
fn a_batch_that_is_not_understood_begins_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |text: &str, words: &[&str]| {
        std::fs::write(folder.path().join("list"), text).unwrap();
        medchain(folder.path(), &["batch", "list", "--yes"]).failed_with(words);
        medchain_reading(folder.path(), &["batch", "-", "--yes"], text).failed_with(words);
    };
    std::fs::write(folder.path().join("empty"), "").unwrap();
    medchain(folder.path(), &["batch", "empty", "--yes"]).failed_with(&["is empty"]);
    medchain_reading(folder.path(), &["batch", "-", "--yes"], "").failed_with(&["no command"]);
    refused("# nothing\n\n", &["there is no command"]);
    refused("balance\ngrant --to '5F", &["line 2", "quote is not closed"]);
    refused("balance\nfly", &["line 2", "fly", "nothing was begun"]);
    refused("balance\ntransfer 5F", &["line 2", "nothing was begun"]);
    refused("balance --key other", &["line 1", "--key holds for the whole batch"]);
    refused("batch list", &["no place in a batch"]);
    let both = ["batch", "-", "--passphrase-file", "-"];
    medchain_reading(folder.path(), &both, "balance").failed_with(&["passphrase as well"]);
}

#[test]
fn a_folder_s_list_is_checked_before_anything_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("films")).unwrap();
    let upload = ["upload", "films", "--manifest", "list.csv", "--yes", "--dev", "--suri", "//Bob"];
    let refused = |text: &str, words: &[&str]| {
        std::fs::write(folder.path().join("list.csv"), text).unwrap();
        medchain(folder.path(), &upload).failed_with(words);
    };
    refused("file,patient\n../a.png,//Bob\n", &["list.csv", "line 2, column 1", "`..`"]);
    refused("file,patient\na.png,nobody\n", &["line 2, column 2"]);
    refused("file,patient\na.png,//Bob\nb.png\n", &["line 3, column 2"]);
    refused("name,patient\n", &["line 1, column 1", "`name` is no column"]);
    let other = ["upload", "list.csv", "--manifest", "list.csv", "--dev", "--suri", "//Bob"];
    medchain(folder.path(), &other).failed_with(&["is no folder"]);
    // Without a list, a folder is no film.
    let alone = ["upload", "films", "--patient", "//Bob", "--dev", "--suri", "//Bob", "--yes"];
    medchain(folder.path(), &alone).failed_with(&["is a folder", "--manifest"]);
    let both = ["upload", "films", "--manifest", "list.csv", "--patient", "//Bob"];
    assert_eq!(medchain(folder.path(), &both).code, 2);
}

#[test]
fn a_grant_in_one_word_is_a_usage_error_where_it_is_none() {
    let folder = tempfile::tempdir().unwrap();
    for grant in ["5F", "5F:fly", "5F:view:0"] {
        let ran = medchain(folder.path(), &["patient", "register", "--grant", grant]);
        assert_eq!(ran.code, 2, "{grant}: {}", ran.stderr);
    }
    let nobody = ["patient", "register", "--policy", "nobody", "--grant", "clinician:view"];
    medchain(folder.path(), &nobody).failed_with(&["leave out --grant"]);
    let none = ["patient", "register", "--policy", "missing.contract"];
    medchain(folder.path(), &none).failed_with(&["missing.contract", "is no policy"]);
}
