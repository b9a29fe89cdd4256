//! The three sources and their order.

use std::fs;

use clap::{Args, Command, FromArgMatches};
use medchain_client::chain::DEFAULT_URL;

use super::*;
use crate::shared::{
    config::{parse, KeySource},
    testing::uncommented,
};

const EXAMPLE: &str = include_str!("../../../example-config.toml");

fn arguments(flags: &[&str]) -> Result<Arguments, clap::Error> {
    let command = Arguments::augment_args(Command::new("test"));
    let flags = std::iter::once("test").chain(flags.iter().copied());
    Arguments::from_arg_matches(&command.try_get_matches_from(flags)?)
}

fn resolve(flags: &[&str]) -> Result<Config, ConfigError> {
    Config::resolve(arguments(flags).unwrap())
}

fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("worker.toml");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn the_example_parses_and_shows_every_option_with_its_default() {
    let shown: Options = parse(EXAMPLE, "example".into()).unwrap();
    // Uncommented, it must still parse: the comments name real options.
    let whole: Options = parse(&uncommented(EXAMPLE), "example".into()).unwrap();
    let Options { inference_threads, queue, .. } = whole;
    assert!(inference_threads.is_some() && queue.is_some());
    let command = Arguments::augment_args(Command::new("test"));
    for argument in command.get_arguments() {
        let name = argument.get_id().as_str();
        if !["config", "dev", "suri"].contains(&name) && !name.starts_with(char::is_uppercase) {
            assert!(EXAMPLE.contains(&format!("{name} = ")), "{name}");
        }
    }
    // It shows the defaults.
    let (_folder, path) = file(EXAMPLE);
    let with = resolve(&["--config", &path]).unwrap();
    let key = shown.key.unwrap();
    let models = shown.model_dir.unwrap();
    let without = resolve(&[
        "--key",
        key.to_str().unwrap(),
        "--model-dir",
        models.to_str().unwrap(),
        "--node",
        DEFAULT_URL,
    ])
    .unwrap();
    assert_eq!(with, without);
}

#[test]
fn flags_win_over_the_file() {
    let (_folder, path) =
        file("key = \"a\"\nmodel_dir = \"m\"\nnode = \"wss://file\"\nqueue = 7\nmodel_threads = 3\nengine = \"exact\"");
    let config = resolve(&["--config", &path, "--node", "wss://flag", "--queue", "9"]).unwrap();
    assert_eq!(config.common.node.to_string(), "wss://flag");
    assert_eq!(config.settings.queue, 9);
    assert_eq!(config.model_threads, 3);
    assert_eq!(config.engine, Some(Engine::Exact));
    let config = resolve(&["--config", &path, "--engine", "tract"]).unwrap();
    assert_eq!(config.engine, Some(Engine::Tract));
}

#[test]
fn every_thread_has_half_a_second_of_films_on_their_way() {
    let with = |threads: &str, queue: &str| {
        let flags = ["--key", "a", "--model-dir", "m", "--inference-threads", threads];
        let config = resolve(&[&flags[..], &["--queue", queue]].concat()).unwrap();
        config.settings.rules.max_running
    };
    // One in each thread, one in each place of the queue, and ten for each thread.
    assert_eq!(with("1", "2"), 1 + 2 + 10);
    assert_eq!(with("8", "16"), 8 + 16 + 80);
}

#[test]
fn a_wrong_file_names_its_line() {
    let check = |text: &str, line, part: &str| {
        let (_folder, path) = file(text);
        let error = resolve(&["--config", &path]).unwrap_err().to_string();
        assert!(error.contains(&format!("line {line}:")), "{error}");
        assert!(error.contains(part), "{error}");
        assert!(!error.contains('\n') && !error.contains("Alice"), "{error}");
    };
    check("key = \"a\"\nnoed = \"ws://x\"\n", 2, "noed");
    check("queue = \"many\"", 1, "queue");
    check("\n\nsuri = \"//Alice\"", 3, "suri");
    check("listen = \"everywhere\"", 1, "listen: ");
}

#[test]
fn a_missing_option_is_named() {
    let error = |flags| resolve(flags).unwrap_err().to_string();
    assert_eq!(
        error(&["--model-dir", "m"]),
        "no key: pass --key FILE, or set MEDCHAIN_WORKER_KEY, or `key` in the configuration file"
    );
    assert_eq!(
        error(&["--key", "k"]),
        "no folder of the model: pass --model-dir FOLDER, or set MEDCHAIN_WORKER_MODEL_DIR, \
         or `model_dir` in the configuration file"
    );
    assert!(error(&["--config", "/nowhere/worker.toml"]).contains("/nowhere/worker.toml"));
    let zero = ["--key", "k", "--model-dir", "m", "--inference-threads", "0"];
    assert_eq!(error(&zero), "inference_threads cannot be 0: it must be at least 1");
}

#[test]
fn a_development_secret_needs_dev_and_is_never_shown() {
    assert!(arguments(&["--suri", "//Ferdie"]).is_err());
    assert!(arguments(&["--dev", "--suri", "//Ferdie", "--key", "k"]).is_err());
    let config = resolve(&["--dev", "--suri", "//Ferdie", "--model-dir", "m"]).unwrap();
    assert_eq!(config.common.key, KeySource::Suri("//Ferdie".to_owned()));
    assert!(!format!("{config:?}").contains("Ferdie"));
}

#[test]
fn a_node_elsewhere_needs_encryption_or_a_word() {
    let of = |flags: &[&str]| resolve(&[&["--key", "k", "--model-dir", "m"], flags].concat());
    let refused = of(&["--node", "ws://clinic:hunter2@node.example"]).unwrap_err().to_string();
    assert!(refused.contains("--insecure-node") && !refused.contains("hunter2"), "{refused}");
    let accepted = of(&["--node", "ws://clinic:hunter2@node.example", "--insecure-node"]).unwrap();
    assert!(!format!("{accepted:?}").contains("hunter2"));
    let (_folder, path) = file("node = \"ws://node.example\"\ninsecure_node = true");
    assert!(of(&["--config", &path]).is_ok());
}

#[test]
fn an_encrypted_key_needs_the_file_with_its_passphrase() {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use medchain_client::{
        keys::{Identity, KeyError, Passphrase},
        Zeroizing,
    };

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let passphrase = Passphrase::new(Zeroizing::new("four little words".to_owned())).unwrap();
    Identity::create(&folder.path().join("key"), "//Ferdie", Some(&passphrase)).unwrap();
    Identity::create(&folder.path().join("plain"), "//Ferdie", None).unwrap();
    for (name, text) in [("right", "four little words\n"), ("wrong", "four little birds\n")] {
        std::fs::write(path(name), text).unwrap();
        std::fs::set_permissions(path(name), Permissions::from_mode(0o600)).unwrap();
    }
    let open = |flags: &[&str]| {
        resolve(&[&["--model-dir", "m"], flags].concat()).unwrap().common.key.open()
    };
    let (key, plain) = (path("key"), path("plain"));
    let ferdie = open(&["--key", &plain]).unwrap().account();
    let opened = open(&["--key", &key, "--passphrase-file", &path("right")]);
    assert_eq!(opened.unwrap().account(), ferdie);
    let needed = open(&["--key", &key]).unwrap_err();
    assert!(matches!(needed, KeyError::PassphraseNeeded { .. }));
    assert!(needed.to_string().contains("--passphrase-file"), "{needed}");
    let wrong = open(&["--key", &key, "--passphrase-file", &path("wrong")]).unwrap_err();
    assert!(matches!(wrong, KeyError::WrongPassphrase { .. }), "{wrong}");
}

#[test]
fn a_program_prints_the_passphrase_of_an_encrypted_key() {
    use medchain_client::{
        keys::{Identity, KeyError, Passphrase},
        Zeroizing,
    };

    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let passphrase = Passphrase::new(Zeroizing::new("four little words".to_owned())).unwrap();
    let made = Identity::create(&key, "//Ferdie", Some(&passphrase)).unwrap();
    let key = key.to_str().unwrap();
    let with = |command: &str| {
        resolve(&["--model-dir", "m", "--key", key, "--passphrase-command", command])
    };
    let config = with("echo 'four little words'").unwrap();
    assert!(!format!("{config:?}").contains("little"));
    assert_eq!(config.common.key.open().unwrap().account(), made.account());
    let wrong = with("echo 'four little birds'").unwrap().common.key.open().unwrap_err();
    assert!(matches!(wrong, KeyError::WrongPassphrase { .. }), "{wrong}");
    let failed = with("false").unwrap().common.key.open().unwrap_err().to_string();
    assert!(failed.contains("the passphrase command `false` failed"), "{failed}");
    // In the file as well, where an empty one is none.
    let (_folder, path) = file(&format!(
        "key = {key:?}\nmodel_dir = \"m\"\npassphrase_command = \"echo 'four little words'\""
    ));
    let of_file = resolve(&["--config", &path]).unwrap();
    assert_eq!(of_file, config);
    let none = with("").unwrap().common.key.open().unwrap_err();
    assert!(matches!(none, KeyError::PassphraseNeeded { .. }), "{none}");
    // In two places, or not to be read: known before anything starts.
    let two = resolve(&["--config", &path, "--passphrase-file", "f"]).unwrap_err().to_string();
    assert!(two.contains("leave one of them out"), "{two}");
    let open = with("echo 'four").unwrap_err().to_string();
    assert!(open.contains("a quote is not closed"), "{open}");
}

#[test]
fn the_folder_for_answers_can_be_named() {
    let config = resolve(&["--key", "k", "--model-dir", "m", "--state-dir", "/s"]).unwrap();
    assert_eq!(config.state_dir, PathBuf::from("/s"));
    let config = resolve(&["--key", "k", "--model-dir", "m"]).unwrap();
    assert!(config.state_dir.is_absolute());
}

#[test]
fn the_drift_alarm_compares_films_enough_to_hide_each() {
    let of = |flags: &[&str]| resolve(&[&["--key", "k", "--model-dir", "m"], flags].concat());
    let drift = of(&[]).unwrap().settings.drift;
    assert_eq!(drift, drift::Rules { films: 200, odds: 1_000, is_stopping: false });
    let flags = ["--drift-films", "50", "--drift-odds", "20", "--stop-on-drift"];
    let drift = of(&flags).unwrap().settings.drift;
    assert_eq!(drift, drift::Rules { films: 50, odds: 20, is_stopping: true });
    let error = |flags| of(flags).unwrap_err().to_string();
    assert_eq!(
        error(&["--drift-films", "49"]),
        "drift_films cannot be 49: it must be at least 50, so that nothing shows about single \
         films"
    );
    assert!(error(&["--drift-odds", "1"]).contains("at least 2"));
}

#[test]
fn the_secret_of_a_record_is_shown_late_but_in_time() {
    let of = |flags: &[&str]| resolve(&[&["--key", "k", "--model-dir", "m"], flags].concat());
    assert_eq!(of(&[]).unwrap().settings.rules.secret_margin, 100);
    let more = of(&["--secret-margin-blocks", "600"]).unwrap();
    assert_eq!(more.settings.rules.secret_margin, 600);
    assert_eq!(
        of(&["--secret-margin-blocks", "19"]).unwrap_err().to_string(),
        "secret_margin_blocks cannot be 19: it must be at least 20: a move that comes too late \
         costs the whole bond"
    );
}

#[test]
fn expected_answers_are_a_table_in_the_file_and_a_list_elsewhere() {
    let (_folder, path) = file(
        "key = \"a\"\nmodel_dir = \"m\"\ndrift_expected = { covid = 84, normal = 1104, uncertain = 210 }",
    );
    let of_file = resolve(&["--config", &path]).unwrap().drift_expected;
    let text = "covid=84,normal=1104,uncertain=210";
    assert_eq!(of_file, Some(text.parse().unwrap()));
    let flags = ["--config", &path, "--drift-expected", "covid=500,normal=500,uncertain=7"];
    assert_ne!(resolve(&flags).unwrap().drift_expected, of_file);
    assert!(arguments(&["--drift-expected", "covid=84,normal=1104"]).is_err());
    let (_folder, path) = file("drift_expected = { covid = 84, normal = 2, uncertain = 3 }");
    let error = resolve(&["--config", &path]).unwrap_err().to_string();
    assert!(error.contains("drift_expected: the labels must count at least 100"), "{error}");
}

#[test]
fn it_listens_on_this_machine_alone_by_default() {
    let config = resolve(&["--key", "k", "--model-dir", "m"]).unwrap();
    assert!(config.common.listen.ip().is_loopback());
}

#[test]
fn stores_are_a_string_or_a_list() {
    let store =
        |text: &str| parse::<Options>(text, "worker.toml".into()).map(|options| options.store);
    assert_eq!(store("store = \"/a\"").unwrap().as_deref(), Some("/a"));
    assert_eq!(store("store = \"/a,/b\"").unwrap().as_deref(), Some("/a,/b"));
    assert_eq!(store("store = [\"/a\", \"/b\"]").unwrap().as_deref(), Some("/a,/b"));
    assert_eq!(store("").unwrap(), None);
    let wrong = store("store = [\"/a,b\"]").unwrap_err().to_string();
    assert!(wrong.contains("store: the name of a store cannot have a comma"), "{wrong}");
    let wrong = store("store = 5001").unwrap_err().to_string();
    assert!(wrong.contains("store: expected a string or a list of strings"), "{wrong}");
}
