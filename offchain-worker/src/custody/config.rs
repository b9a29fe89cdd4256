//! The configuration of custody, complete.

use super::{
    deliveries::Rules,
    options::{Arguments, PREFIX},
    service::Settings,
};
use crate::shared::config::{from_file, CommonConfig, CommonOptions, ConfigError};

/// The port of metrics and health.
const PORT: u16 = 9618;
/// A delivery is valid for 8 blocks: after this long, none is on its way any more.
const INCLUSION_TIMEOUT_SECS: u64 = 120;

/// The configuration, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What both duties have.
    pub common: CommonConfig,
    /// The numbers of the service.
    pub settings: Settings,
}

impl Config {
    /// Puts flags and environment (which clap has merged) above the file, and fills the
    /// rest with defaults.
    ///
    /// # Errors
    /// [`ConfigError`] with the first thing that is wrong.
    pub fn resolve(arguments: Arguments) -> Result<Self, ConfigError> {
        let options = arguments.options.or(from_file(arguments.config)?);
        let rules = Rules { takeover_blocks: options.takeover_blocks.unwrap_or(5) };
        let common = CommonOptions {
            inclusion_timeout_secs: options.inclusion_timeout_secs.or(Some(INCLUSION_TIMEOUT_SECS)),
            ..options.common(arguments.suri)
        };
        let common = common.resolve(PORT, PREFIX)?;
        Ok(Self { settings: Settings { rules, timing: common.timing }, common })
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};
    use medchain_client::chain::DEFAULT_URL;

    use super::*;
    use crate::{
        custody::options::Options,
        shared::{
            config::{parse, KeySource},
            testing::uncommented,
        },
    };

    const EXAMPLE: &str = include_str!("../../custodian-example-config.toml");

    fn resolve(flags: &[&str]) -> Result<Config, String> {
        let command = Arguments::augment_args(Command::new("test"));
        let flags = std::iter::once("test").chain(flags.iter().copied());
        let matches = command.try_get_matches_from(flags).map_err(|error| format!("{error}"))?;
        let arguments = Arguments::from_arg_matches(&matches).unwrap();
        Config::resolve(arguments).map_err(|error| format!("{error}"))
    }

    #[test]
    fn the_example_shows_every_option_with_its_default() {
        let whole = uncommented(EXAMPLE);
        parse::<Options>(&whole, "example".into()).unwrap();
        let command = Arguments::augment_args(Command::new("test"));
        for argument in command.get_arguments() {
            let name = argument.get_id().as_str();
            let is_flag_only = ["config", "check", "dev", "suri"].contains(&name);
            if !is_flag_only && !name.starts_with(char::is_uppercase) {
                assert!(whole.contains(&format!("\n{name} = ")), "{name}");
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("custodian.toml");
        std::fs::write(&path, whole).unwrap();
        let with = resolve(&["--config", path.to_str().unwrap()]).unwrap();
        let key = "/etc/medchain/custodian.json";
        let passphrase = ["--passphrase-file", "/etc/medchain/custodian.passphrase"];
        let flags = [&["--key", key, "--node", DEFAULT_URL][..], &passphrase].concat();
        let without = resolve(&flags).unwrap();
        assert_eq!(with, without);
        assert!(without.common.listen.ip().is_loopback());
    }

    #[test]
    fn flags_win_over_the_file_and_a_wrong_file_names_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("custodian.toml");
        let with = |text: &str, flags: &[&str]| {
            std::fs::write(&path, text).unwrap();
            resolve(&[&["--config", path.to_str().unwrap()], flags].concat())
        };
        let config = with("key = \"a\"\ntakeover_blocks = 7", &["--takeover-blocks", "2"]);
        assert_eq!(config.unwrap().settings.rules.takeover_blocks, 2);
        // An option of the other duty is unknown here.
        let error = with("key = \"a\"\nmodel_dir = \"m\"", &[]).unwrap_err();
        assert!(error.contains("line 2:") && error.contains("model_dir"), "{error}");
        assert_eq!(
            with("", &[]).unwrap_err(),
            "no key: pass --key FILE, or set MEDCHAIN_CUSTODIAN_KEY, \
             or `key` in the configuration file"
        );
    }

    #[test]
    fn a_witness_is_an_address_like_the_nodes() {
        let witness = |url: &str| resolve(&["--key", "k", "--witness", url]);
        let found = witness("wss://other.example").unwrap().common.witness;
        assert_eq!(found.map(|address| address.to_string()), Some("wss://other.example".into()));
        assert_eq!(witness("").unwrap().common.witness, None);
        assert_eq!(resolve(&["--key", "k"]).unwrap().common.witness, None);
        let refused = witness("ws://other.example").unwrap_err();
        assert!(refused.contains("other.example"), "{refused}");
        // The default node, in another spelling.
        let same = witness("ws://127.1:9944/").unwrap_err();
        assert!(same.contains("another operator"), "{same}");
    }

    #[test]
    fn a_development_secret_needs_dev_and_is_never_shown() {
        assert!(resolve(&["--suri", "//Gwen"]).is_err());
        assert!(resolve(&["--dev", "--suri", "//Gwen", "--key", "k"]).is_err());
        let config = resolve(&["--dev", "--suri", "//Gwen"]).unwrap();
        assert_eq!(config.common.key, KeySource::Suri("//Gwen".to_owned()));
        assert!(!format!("{config:?}").contains("Gwen"));
    }
}
