//! The signer, the chain and the store that a command works with.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{Chain, ChainError, Finality, NodeAddress, Plaintext, Transaction, View, DEFAULT_URL},
    contract::Accounts,
    keys::{self, Identity, KeyFile, KnownKeys, PassphraseSource, ReplyFiles},
    store::{self, Store},
    AccountId32, H256,
};
use tokio::sync::OnceCell;

use crate::{exit, options::Global, output::Progress, secrets};

/// The name of the default key file.
const DEFAULT_KEY: &str = "default";

/// The source of the signer's secret.
#[derive(Clone, Debug)]
enum KeySource {
    File(PathBuf),
    Development(String),
}

/// A transaction in a block that is not final yet.
#[derive(Clone, Debug)]
pub struct Queued {
    /// What it is for.
    pub purpose: String,
    /// The transaction.
    pub transaction: Transaction,
}

/// The global flags, with connections that open when first needed.
pub struct Context {
    /// Address of the node; `None` is the default one.
    node: Option<String>,
    /// Address of a node that confirms what the first one says.
    second_node: Option<String>,
    plaintext: Plaintext,
    /// Whether to print JSON.
    pub json: bool,
    /// Whether to say nothing but the report.
    quiet: bool,
    /// Whether to sign without asking.
    pub yes: bool,
    /// Progress bars.
    pub progress: Progress,
    /// How long to wait for a transaction.
    pub finality: Finality,
    /// What the names of the folders begin with that keep the secrets of requests and the
    /// journal, where they are not beside the key.
    beside: Option<PathBuf>,
    /// The keys of others; `None`: the user's list.
    known_keys: Option<KnownKeys>,
    accepted: Vec<String>,
    passphrase: Option<PassphraseSource>,
    dev: bool,
    store_url: String,
    key: KeySource,
    /// Transactions whose blocks are waited for together, until they are final.
    queue: Option<Mutex<Vec<Queued>>>,
    identity: OnceLock<Identity>,
    chain: OnceCell<Chain>,
    second_chain: OnceCell<Chain>,
    store: OnceLock<Arc<dyn Store>>,
}

impl Context {
    /// Reads the global flags and opens nothing yet.
    pub fn new(global: &Global) -> Result<Self> {
        let key = match (&global.suri, &global.key) {
            (Some(_), _) if !global.dev => bail!(
                "--suri shows a secret to everybody who lists this computer's processes; \
                 use --key FILE, or add --dev on a development chain"
            ),
            (Some(suri), _) => KeySource::Development(suri.clone()),
            (None, Some(file)) => KeySource::File(file.clone()),
            (None, None) => KeySource::File(default_key_file()),
        };
        let plaintext = match global.insecure_node {
            true => Plaintext::Everywhere,
            false => Plaintext::LocalOnly,
        };
        // What is malformed is refused when it is connected to.
        let address = |url: &str| NodeAddress::parse(url, plaintext).ok();
        let node = address(global.node.as_deref().unwrap_or(DEFAULT_URL));
        let second = global.second_node.as_deref().and_then(address);
        if let Some(second) = second.filter(|second| Some(second) == node.as_ref()) {
            bail!(
                "--second-node is {second}, as --node: a node that confirms its own words confirms \
                 nothing. Name a node of another operator, or leave --second-node out"
            );
        }
        let passphrase = PassphraseSource::named(
            global.passphrase_file.clone(),
            global.passphrase_command.as_deref(),
        )?;
        Ok(Self {
            node: global.node.clone(),
            second_node: global.second_node.clone(),
            plaintext,
            json: global.json,
            quiet: global.json,
            yes: global.yes,
            progress: Progress::new(global.json),
            finality: if global.in_block { Finality::Best } else { Finality::Finalised },
            beside: None,
            known_keys: None,
            accepted: global.accept_new_key.clone(),
            passphrase,
            dev: global.dev,
            store_url: global.store.clone().unwrap_or_else(store::default_url),
            key,
            queue: None,
            identity: OnceLock::new(),
            chain: OnceCell::new(),
            second_chain: OnceCell::new(),
            store: OnceLock::new(),
        })
    }

    /// The context of one of several people who share a chain and a store, as in
    /// the demo: signs without asking, shows no progress, and keeps the secrets of requests
    /// in a folder in `folder`.
    pub fn person(identity: Identity, chain: Chain, store: Arc<dyn Store>, folder: &Path) -> Self {
        Self {
            beside: Some(folder.join(identity.ss58())),
            known_keys: Some(KnownKeys::in_folder(folder)),
            accepted: Vec::new(),
            passphrase: None,
            node: Some(chain.url().to_owned()),
            second_node: Some(chain.url().to_owned()),
            plaintext: Plaintext::LocalOnly,
            json: false,
            quiet: true,
            yes: true,
            progress: Progress::new(true),
            finality: Finality::Finalised,
            dev: true,
            store_url: String::new(),
            key: KeySource::Development(String::new()),
            queue: None,
            identity: OnceLock::from(identity),
            chain: OnceCell::new_with(Some(chain)),
            second_chain: OnceCell::new(),
            store: OnceLock::from(store),
        }
    }

    /// Has every command with this context wait for the best block alone, and collect its
    /// transactions, so that whoever runs several waits once until all are final. Does nothing
    /// where nobody waits for that.
    pub fn collect(&mut self) {
        if self.finality == Finality::Finalised {
            self.finality = Finality::Best;
            self.queue = Some(Mutex::default());
        }
    }

    /// What a command waits for before it does what a fork could not take back: deletes content,
    /// or forgets how to go on. Where transactions are collected, this does not wait with them.
    pub fn lasting(&self) -> Finality {
        if self.collects() {
            Finality::Finalised
        } else {
            self.finality
        }
    }

    /// Whether transactions are collected.
    pub fn collects(&self) -> bool {
        self.queue.is_some()
    }

    /// Collects a transaction that is in a block.
    pub fn collected(&self, purpose: &str, transaction: Transaction) {
        if let Some(queue) = &self.queue {
            let one = Queued { purpose: purpose.to_owned(), transaction };
            queue.lock().unwrap_or_else(PoisonError::into_inner).push(one);
        }
    }

    /// The transactions that were collected so far, which are nobody's any more.
    pub fn take_collected(&self) -> Vec<Queued> {
        let queue = self.queue.as_ref();
        let taken = queue.map(|queue| {
            std::mem::take(&mut *queue.lock().unwrap_or_else(PoisonError::into_inner))
        });
        taken.unwrap_or_default()
    }

    /// The key file, unless the signer is a development account.
    pub fn key_file(&self) -> Option<&PathBuf> {
        match &self.key {
            KeySource::File(file) => Some(file),
            KeySource::Development(_) => None,
        }
    }

    /// The signer, who also decrypts.
    pub fn identity(&self) -> Result<&Identity> {
        if let Some(identity) = self.identity.get() {
            return Ok(identity);
        }
        let identity = match &self.key {
            KeySource::Development(suri) => Identity::open(suri, self.dev)
                .context("--suri does not name a development account such as //Alice")?,
            KeySource::File(file) if !file.exists() => bail!(
                "there is no key file {}; create one with `medchain key new`, \
                 or name yours with --key",
                file.display()
            ),
            KeySource::File(file) => {
                let file = KeyFile::read(file)?;
                secrets::mention_if_outdated(&file);
                secrets::open(&file, self.passphrase())?.0
            }
        };
        Ok(self.identity.get_or_init(|| identity))
    }

    /// The signer's account.
    ///
    /// An encrypted key file names it, so that whoever only asks types no passphrase.
    pub fn account(&self) -> Result<AccountId32> {
        if let (None, KeySource::File(file)) = (self.identity.get(), &self.key) {
            let file = file.exists().then(|| KeyFile::read(file)).transpose()?;
            let encrypted = file.filter(KeyFile::is_encrypted);
            if let Some(account) = encrypted.and_then(|file| file.named_account()) {
                return Ok(account);
            }
        }
        Ok(self.identity()?.account())
    }

    /// Where the passphrase of the key file is, unless somebody types it.
    pub fn passphrase(&self) -> Option<&PassphraseSource> {
        self.passphrase.as_ref()
    }

    /// Whether somebody named a node, by flag or variable.
    pub fn has_named_node(&self) -> bool {
        self.node.is_some()
    }

    /// The addresses of the node and of the stores, with the secrets in them.
    pub fn addresses(&self) -> Result<(&str, &str)> {
        let node = self.node.as_deref().unwrap_or(DEFAULT_URL);
        NodeAddress::parse(node, self.plaintext).map_err(ChainError::from)?;
        Ok((node, &self.store_url))
    }

    /// Whether development accounts are allowed.
    pub fn is_development(&self) -> bool {
        self.dev
    }

    /// The encryption keys of others that are remembered.
    pub fn known_keys(&self) -> KnownKeys {
        self.known_keys.clone().unwrap_or_else(KnownKeys::of_user)
    }

    /// The accounts whose changed keys are accepted.
    pub fn accepted_keys(&self) -> Result<Vec<AccountId32>> {
        self.accepted.iter().map(|account| self.parse_account(account)).collect()
    }

    /// The secrets of the signer's requests on a chain.
    pub fn replies(&self, genesis: H256) -> Result<ReplyFiles> {
        Ok(match &self.beside {
            Some(beside) => ReplyFiles::in_folder(with(beside, ".requests"), genesis),
            None => self.identity()?.replies(genesis),
        })
    }

    /// The folder of the signer's journal: beside the key file.
    pub fn journal_folder(&self) -> Result<PathBuf> {
        let beside = match (&self.beside, &self.key) {
            (Some(beside), _) => beside.clone(),
            (None, KeySource::File(file)) => file.clone(),
            (None, KeySource::Development(_)) => {
                keys::default_folder().join(self.identity()?.ss58())
            }
        };
        Ok(with(&beside, ".journal"))
    }

    /// The chain; the first call connects.
    pub async fn chain(&self) -> Result<&Chain> {
        let node = self.node.as_deref().unwrap_or(DEFAULT_URL);
        self.chain.get_or_try_init(|| self.connect(node)).await.map_err(|error| match error {
            ChainError::Unreachable { .. } => {
                anyhow::anyhow!("{error}; start a node, or name yours with --node")
            }
            error => error.into(),
        })
    }

    /// The chain as the second node tells it, if somebody named one.
    pub async fn second_chain(&self) -> Result<Option<&Chain>> {
        let Some(node) = &self.second_node else { return Ok(None) };
        let chain = self.second_chain.get_or_try_init(|| self.connect(node)).await;
        Ok(Some(chain.context("the second node cannot be used (--second-node)")?))
    }

    async fn connect(&self, node: &str) -> Result<Chain, ChainError> {
        let address = NodeAddress::parse(node, self.plaintext)?;
        let _step = self.progress.step(format!("Connecting to {address}"));
        Chain::connect_to(&address).await
    }

    /// Says what is on chain already, before anything that may still fail; with --json, only
    /// to whoever interrupts the program.
    pub fn stands(&self, what: &str) {
        self.tell(what);
        exit::begun(Some(what.to_owned()));
    }

    /// Says something on standard error, unless the report is JSON.
    pub fn tell(&self, what: &str) {
        if !self.quiet {
            crate::output::tell!("{what}");
        }
    }

    /// The state at the newest block.
    pub async fn view(&self) -> Result<View> {
        Ok(self.chain().await?.best().await?)
    }

    /// The store; the first call opens it.
    pub fn store(&self) -> Result<Arc<dyn Store>> {
        if let Some(store) = self.store.get() {
            return Ok(store.clone());
        }
        let store =
            store::open(&self.store_url).context("cannot open the store; name one with --store")?;
        Ok(self.store.get_or_init(|| store).clone())
    }

    /// Parses an account: an address, 0x and 64 hexadecimal digits or, with --dev,
    /// a development account such as //Bob.
    pub fn parse_account(&self, text: &str) -> Result<AccountId32> {
        account_named(text, self.dev)
    }

    /// Parses an account where one is given.
    pub fn parse_optional(&self, text: Option<&str>) -> Result<Option<AccountId32>> {
        text.map(|text| self.parse_account(text)).transpose()
    }

    /// [`Context::parse_account`] for the arguments of contracts.
    pub fn accounts(&self) -> Accounts {
        if self.dev {
            |text| account_named(text, true).map_err(|error| format!("{error:#}"))
        } else {
            |text| account_named(text, false).map_err(|error| format!("{error:#}"))
        }
    }

    /// Whether there is a signer: a key was named, or the default one exists.
    pub fn has_signer(&self) -> bool {
        self.key_file().is_none_or(|file| file.exists() || *file != default_key_file())
    }

    /// The account that asks a question without signing.
    ///
    /// That is the signer or, where there is none, the account of zeros.
    pub fn asker(&self) -> Result<AccountId32> {
        if self.has_signer() {
            self.account()
        } else {
            Ok(AccountId32([0; 32]))
        }
    }

    /// Parses an account, which defaults to the signer's.
    pub fn account_or_own(&self, text: Option<&str>) -> Result<AccountId32> {
        match text {
            Some(text) => self.parse_account(text),
            None => self.account(),
        }
    }
}

/// A path with an ending added to its name.
fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
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
        .with_context(|| format!("{text} is not a development account such as //Alice"))
}

/// The key file to use when none is named.
pub fn default_key_file() -> PathBuf {
    keys::default_folder().join(DEFAULT_KEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn global() -> Global {
        Global {
            node: Some("ws://127.0.0.1:1".into()),
            insecure_node: false,
            second_node: None,
            accept_new_key: Vec::new(),
            store: None,
            key: None,
            passphrase_file: None,
            passphrase_command: None,
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
    fn what_cannot_be_taken_back_waits_for_a_final_block_also_in_a_batch() {
        let mut context = Context::new(&global()).unwrap();
        assert_eq!(context.lasting(), Finality::Finalised);
        context.collect();
        assert_eq!((context.finality, context.lasting()), (Finality::Best, Finality::Finalised));
        // Whoever asked not to wait does not.
        let mut context = Context::new(&Global { in_block: true, ..global() }).unwrap();
        context.collect();
        assert_eq!((context.finality, context.lasting()), (Finality::Best, Finality::Best));
    }

    #[test]
    fn a_node_is_no_second_node_of_itself() {
        let with = |second: &str| {
            let second_node = Some(second.to_owned());
            Context::new(&Global { second_node, ..global() }).map(|_| ())
        };
        // In another spelling as well.
        for second in ["ws://127.0.0.1:1", "ws://127.1:1/"] {
            let error = with(second).unwrap_err().to_string();
            assert!(error.contains("another operator"), "{error}");
        }
        assert!(with("ws://127.0.0.1:2").is_ok());
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
