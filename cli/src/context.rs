//! Who is asking, of which chain, with which store: what every command needs.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{Chain, ChainError, Finality, View},
    contract::Accounts,
    keys::{self, Identity},
    store::{self, Store},
    AccountId32,
};
use tokio::sync::OnceCell;

use crate::{cli::Global, progress::Progress};

/// The name of the key file that is used when none is named.
const DEFAULT_KEY: &str = "default";

/// Where the signer's secret comes from.
#[derive(Clone, Debug)]
enum KeySource {
    File(PathBuf),
    Development(String),
}

/// What the global flags say, with connections made when first needed.
pub struct Context {
    /// Address of the node.
    pub node: String,
    /// Whether to print JSON.
    pub json: bool,
    /// Whether to sign without asking.
    pub yes: bool,
    /// Progress bars.
    pub progress: Progress,
    /// What a transaction is waited for.
    pub finality: Finality,
    dev: bool,
    store_url: String,
    key: KeySource,
    identity: OnceLock<Identity>,
    chain: OnceCell<Chain>,
    store: OnceLock<Arc<dyn Store>>,
}

impl Context {
    /// Reads the global flags; nothing is opened yet.
    pub fn new(global: &Global) -> Result<Self> {
        let key = match (&global.suri, &global.key) {
            (Some(_), _) if !global.dev => bail!(
                "--suri names a secret that everybody can read in the process list; \
                 use --key FILE, or add --dev on a development chain"
            ),
            (Some(suri), _) => KeySource::Development(suri.clone()),
            (None, Some(file)) => KeySource::File(file.clone()),
            (None, None) => KeySource::File(default_key_file()),
        };
        Ok(Self {
            node: global.node.clone(),
            json: global.json,
            yes: global.yes,
            progress: Progress::new(global.json),
            finality: if global.in_block { Finality::Best } else { Finality::Finalised },
            dev: global.dev,
            store_url: global.store.clone().unwrap_or_else(store::default_url),
            key,
            identity: OnceLock::new(),
            chain: OnceCell::new(),
            store: OnceLock::new(),
        })
    }

    /// One of several people who share a chain and a store, as in the demo:
    /// signs without asking and shows no progress of its own.
    pub fn person(identity: Identity, chain: Chain, store: Arc<dyn Store>) -> Self {
        Self {
            node: chain.url().to_string(),
            json: false,
            yes: true,
            progress: Progress::new(true),
            finality: Finality::Finalised,
            dev: true,
            store_url: String::new(),
            key: KeySource::Development(String::new()),
            identity: OnceLock::from(identity),
            chain: OnceCell::new_with(Some(chain)),
            store: OnceLock::from(store),
        }
    }

    /// The key file that commands read, where one is read.
    pub fn key_file(&self) -> Option<&PathBuf> {
        match &self.key {
            KeySource::File(file) => Some(file),
            KeySource::Development(_) => None,
        }
    }

    /// The account that signs and decrypts.
    pub fn identity(&self) -> Result<&Identity> {
        if let Some(identity) = self.identity.get() {
            return Ok(identity);
        }
        let identity = match &self.key {
            KeySource::Development(suri) => Identity::open(suri, self.dev)
                .context("the URI of --suri is not a development account")?,
            KeySource::File(file) if !file.exists() => bail!(
                "there is no key file {}; make one with `medchain key new`, or name yours with --key",
                file.display()
            ),
            KeySource::File(file) => Identity::load(file)?,
        };
        Ok(self.identity.get_or_init(|| identity))
    }

    /// The account's address.
    pub fn account(&self) -> Result<AccountId32> {
        Ok(self.identity()?.account())
    }

    /// The chain; connects at the first call.
    pub async fn chain(&self) -> Result<&Chain> {
        self.chain
            .get_or_try_init(|| async {
                let _step = self.progress.step(format!("Connecting to {}", self.node));
                Chain::connect(&self.node).await
            })
            .await
            .map_err(|error| match error {
                ChainError::Unreachable { .. } => {
                    anyhow::anyhow!("{error} (start a node, or name yours with --node)")
                }
                error => error.into(),
            })
    }

    /// The chain's newest state.
    pub async fn view(&self) -> Result<View> {
        Ok(self.chain().await?.best().await?)
    }

    /// The store; opens it at the first call.
    pub fn store(&self) -> Result<Arc<dyn Store>> {
        if let Some(store) = self.store.get() {
            return Ok(store.clone());
        }
        let store = store::open(&self.store_url)
            .context("no store to work with (name one with --store)")?;
        Ok(self.store.get_or_init(|| store).clone())
    }

    /// The account that `text` names: an address, 0x and 64 hex digits or,
    /// with --dev, a development account such as //Bob.
    pub fn parse_account(&self, text: &str) -> Result<AccountId32> {
        account_named(text, self.dev)
    }

    /// [`Context::parse_account`] for the arguments of contracts.
    pub fn accounts(&self) -> Accounts {
        if self.dev {
            |text| account_named(text, true).map_err(|error| format!("{error:#}"))
        } else {
            |text| account_named(text, false).map_err(|error| format!("{error:#}"))
        }
    }

    /// Who asks a question for which nothing is signed: the signer, or, where no
    /// key was named and there is none, the account of zeros.
    pub fn asker(&self) -> Result<AccountId32> {
        match self.key_file() {
            Some(file) if !file.exists() && *file == default_key_file() => Ok(AccountId32([0; 32])),
            _ => self.account(),
        }
    }

    /// The account that `text` names, or the signer's own.
    pub fn account_or_own(&self, text: Option<&str>) -> Result<AccountId32> {
        match text {
            Some(text) => self.parse_account(text),
            None => self.account(),
        }
    }
}

fn account_named(text: &str, dev: bool) -> Result<AccountId32> {
    if !text.starts_with("//") {
        return Ok(keys::parse_account(text)?);
    }
    if !dev {
        bail!("{text} is a development account; add --dev, or give an address");
    }
    Identity::open(text, true)
        .map(|identity| identity.account())
        .with_context(|| format!("{text} is not a development account"))
}

/// The key file that is used when none is named.
pub fn default_key_file() -> PathBuf {
    keys::default_folder().join(DEFAULT_KEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn global() -> Global {
        Global {
            node: "ws://127.0.0.1:1".into(),
            store: None,
            key: None,
            suri: None,
            dev: false,
            json: false,
            yes: false,
            in_block: false,
            verbose: 0,
        }
    }

    #[test]
    fn a_development_secret_needs_dev() {
        let mut global = global();
        global.suri = Some("//Alice".into());
        assert!(Context::new(&global).is_err());
        global.dev = true;
        let context = Context::new(&global).unwrap();
        assert!(context.identity().is_ok());
        assert!(context.parse_account("//Bob").is_ok());
    }

    #[test]
    fn a_development_name_needs_dev() {
        let error = Context::new(&global()).unwrap().parse_account("//Bob");
        assert!(error.unwrap_err().to_string().contains("add --dev"));
    }

    #[test]
    fn a_missing_key_says_how_to_make_one() {
        let mut global = global();
        global.key = Some("/no/such/key".into());
        let context = Context::new(&global).unwrap();
        let error = context.identity().unwrap_err().to_string();
        assert!(error.contains("medchain key new"), "{error}");
    }
}
