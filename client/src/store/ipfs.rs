//! Any node that speaks the Kubo RPC (`/api/v0`).
//!
//! Source: the Kubo RPC reference. The node is trusted with availability
//! alone: a CID that it reports is compared with the bytes.

mod rpc;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc,
    },
    time::Duration,
};

use async_trait::async_trait;
use cid::Cid as BlockCid;
use futures::stream;
use medchain_primitives::Cid;
use reqwest::{
    multipart::{Form, Part},
    redirect::Policy,
    Body, Client, RequestBuilder, Url,
};
use serde::{de::IgnoredAny, Deserialize};

use self::rpc::Refusal;
use super::{
    dag::{self, BlockSource, MAX_BLOCK},
    look::{self, Depth, Found, Looked},
    shown,
    token::{token_for, Token},
    Kept, LetGo, Progress, ProgressUpdate, Store, StoreError, Stored, Unpinned,
};

/// How long the node may search for one block.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// The node's own timeout should fire first, because it says more.
const GRACE: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a node may take to answer a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(8);
/// How many blocks are requested at once: each takes a round trip, and 2 MiB at most.
const AT_ONCE: usize = 8;
/// How much of an answer that is not a block is read.
const MAX_ANSWER: usize = 64 * 1024;
/// How much of a list of pins is read: some 500,000 of them.
const MAX_PINS: usize = 64 * 1024 * 1024;
/// Options that make the CID depend on the bytes alone.
const ADD_OPTIONS: &str = "cid-version=1&raw-leaves=true&cid-base=base32\
    &chunker=size-262144&max-file-links=174&progress=false";

/// A Kubo node, reached over its RPC.
#[derive(Clone)]
pub struct IpfsStore {
    client: Client,
    base: Url,
    token: Option<Token>,
    timeout: Duration,
}

/// Without the password that the URL may hold.
impl fmt::Debug for IpfsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IpfsStore({})", self.describe())
    }
}

impl IpfsStore {
    /// The node at `url`, `http://127.0.0.1:5001` or `https://…`, also with `ipfs+` in front,
    /// with its token where [`super::TOKENS_VARIABLE`] names a file that has one. Nothing is
    /// sent yet.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let invalid = |reason: String| StoreError::InvalidUrl { url: shown(url), reason };
        let mut base = Url::parse(url.strip_prefix("ipfs+").unwrap_or(url))
            .map_err(|error| invalid(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(invalid("give it as http://127.0.0.1:5001".into()));
        }
        base.set_query(None);
        base.set_fragment(None);
        // A proxy or a redirect would send records to a machine that the user did not name.
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| invalid(error.to_string()))?;
        let token = token_for(&base)?;
        Ok(Self { client, base, token, timeout: DEFAULT_TIMEOUT })
    }

    /// A request of a method of the RPC, which has to be answered within `patience`.
    fn post(&self, method: &str, query: &str, patience: Duration) -> RequestBuilder {
        let request = self.client.post(self.method(method, query)).timeout(patience);
        match &self.token {
            Some(token) => request.bearer_auth(token.as_str()),
            None => request,
        }
    }

    /// As where the file of tokens has this one for the node.
    #[cfg(test)]
    pub(super) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(Token::of(token));
        self
    }

    /// Lets the node search `timeout` for a block, instead of 30 s.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.max(Duration::from_secs(1));
        self
    }

    async fn remove_pin(&self, cid: &Cid) -> Result<LetGo, StoreError> {
        #[derive(Deserialize)]
        struct Removed {
            #[serde(rename = "Pins")]
            pins: Vec<String>,
        }
        let patience = self.timeout + GRACE;
        let mut response = self
            .post("pin/rm", &format!("arg={cid}&recursive=true"), patience)
            .send()
            .await
            .map_err(|error| self.failed(&error, patience))?;
        if !response.status().is_success() {
            return match self.refused(response, cid.as_str()).await {
                // Kubo: "not pinned or pinned indirectly"; js-ipfs: "… is not pinned".
                StoreError::Refused { reason, .. } if reason.contains("not pinned") => {
                    Ok(LetGo::NotKept)
                }
                error => Err(error),
            };
        }
        let answer = self.bytes(&mut response, MAX_ANSWER, patience).await?;
        let removed = serde_json::from_slice::<Removed>(&answer);
        // A node may write the CID in another base.
        let wanted = BlockCid::try_from(cid.as_str()).ok();
        let is_it = |pin: &String| wanted.is_some() && BlockCid::try_from(&**pin).ok() == wanted;
        match removed.is_ok_and(|removed| removed.pins.iter().any(is_it)) {
            true => Ok(LetGo::Unpinned),
            false => Err(self.not_rpc(&answer, "pin/rm")),
        }
    }

    /// The roots that the node keeps until they are unpinned.
    async fn pins(&self) -> Result<Vec<Cid>, StoreError> {
        #[derive(Deserialize)]
        struct Pin {
            #[serde(rename = "Cid")]
            cid: String,
        }
        let patience = self.timeout + GRACE;
        let asked = self.post("pin/ls", "type=recursive&stream=true", patience).send().await;
        let mut response = asked.map_err(|error| self.failed(&error, patience))?;
        if !response.status().is_success() {
            return Err(self.refused(response, "its pins").await);
        }
        let answer = self.bytes(&mut response, MAX_PINS, patience).await?;
        let mut pins = Vec::new();
        for line in answer.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if let Some(refusal) = Refusal::read(line) {
                return Err(self.understood(refusal.message, "its pins"));
            }
            let pin =
                serde_json::from_slice::<Pin>(line).map_err(|_| self.not_rpc(&answer, "pin/ls"))?;
            // One of another kind is of no record.
            let cid = BlockCid::try_from(&*pin.cid).map(|cid| cid.to_string());
            pins.extend(cid.ok().and_then(|cid| Cid::parse(cid.as_bytes()).ok()));
        }
        Ok(pins)
    }

    /// Whether the node keeps content until it is unpinned.
    async fn keeps(&self, cid: &Cid) -> Result<bool, StoreError> {
        #[derive(Deserialize)]
        struct Pins {
            #[serde(rename = "Keys")]
            keys: BTreeMap<String, IgnoredAny>,
        }
        let patience = self.timeout + GRACE;
        let query = format!("arg={cid}&type=recursive");
        let asked = self.post("pin/ls", &query, patience).send().await;
        let mut response = asked.map_err(|error| self.failed(&error, patience))?;
        if !response.status().is_success() {
            return match self.refused(response, cid.as_str()).await {
                StoreError::Refused { reason, .. } if reason.contains("not pinned") => Ok(false),
                StoreError::NotFound { .. } => Ok(false),
                error => Err(error),
            };
        }
        let answer = self.bytes(&mut response, MAX_ANSWER, patience).await?;
        match serde_json::from_slice::<Pins>(&answer) {
            Ok(pins) => Ok(!pins.keys.is_empty()),
            Err(_) => Err(self.not_rpc(&answer, "pin/ls")),
        }
    }

    /// A block, with what is `asked` for beside its name.
    async fn get_block(&self, cid: &BlockCid, asked: &str) -> Result<Vec<u8>, StoreError> {
        // Without `timeout=` a node searches for a missing block for ever.
        let query = format!("arg={cid}&timeout={}s{asked}", self.timeout.as_secs());
        let patience = self.timeout + GRACE;
        let mut response = self
            .post("block/get", &query, patience)
            .send()
            .await
            .map_err(|error| self.failed(&error, patience))?;
        if !response.status().is_success() {
            return Err(self.refused(response, &cid.to_string()).await);
        }
        self.bytes(&mut response, MAX_BLOCK, patience).await
    }

    async fn send_file(&self, bytes: &[u8], sent: Arc<AtomicU64>) -> Result<String, StoreError> {
        #[derive(Deserialize)]
        struct Added {
            #[serde(rename = "Hash")]
            hash: String,
        }
        let length = bytes.len() as u64;
        let pieces: Vec<Vec<u8>> = bytes.chunks(dag::CHUNK).map(<[u8]>::to_vec).collect();
        let body = Body::wrap_stream(stream::iter(pieces.into_iter().map(move |piece| {
            sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
            Ok::<_, std::io::Error>(piece)
        })));
        // js-ipfs refuses a part without a type.
        let part = Part::stream_with_length(body, length)
            .file_name("content")
            .mime_str("application/octet-stream")
            .map_err(|error| self.failed(&error, self.timeout))?;
        let form = Form::new().part("file", part);
        // A slow disk needs longer for a large file.
        let patience = self.timeout + GRACE + Duration::from_secs(length / 1_000_000);
        let mut response = self
            .post("add", ADD_OPTIONS, patience)
            .multipart(form)
            .send()
            .await
            .map_err(|error| self.failed(&error, patience))?;
        if !response.status().is_success() {
            return Err(self.refused(response, "the new content").await);
        }
        let answer = self.bytes(&mut response, MAX_ANSWER, patience).await?;
        // One JSON object a line; the last is the root. Kubo answers with success before it has
        // written everything, so an error may follow the name.
        let lines = || answer.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        if let Some(refusal) = lines().find_map(Refusal::read) {
            return Err(self.understood(refusal.message, "the new content"));
        }
        let last = lines().next_back();
        last.and_then(|line| serde_json::from_slice::<Added>(line).ok())
            .map(|added| added.hash)
            .ok_or_else(|| self.not_rpc(&answer, "add"))
    }
}

#[async_trait]
impl Store for IpfsStore {
    async fn put_with_progress(
        &self,
        bytes: &[u8],
        progress: Progress<'_>,
    ) -> Result<Stored, StoreError> {
        let expected = dag::cid_of(bytes);
        let total = bytes.len() as u64;
        let sent = Arc::new(AtomicU64::new(0));
        let report = |done| {
            progress(ProgressUpdate { done, total: Some(total) });
        };
        let sending = self.send_file(bytes, sent.clone());
        tokio::pin!(sending);
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        let got = loop {
            tokio::select! {
                got = &mut sending => break got?,
                _ = ticks.tick() => report(sent.load(Ordering::Relaxed).min(total)),
            }
        };
        if got != expected.as_str() {
            return Err(StoreError::CidMismatch { expected: expected.to_string(), got });
        }
        report(total);
        Ok(Stored { cid: expected, places: vec![self.describe()], missed: Vec::new() })
    }

    async fn get_with_progress(
        &self,
        cid: &Cid,
        limit: u64,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, StoreError> {
        dag::read(self, cid, limit, progress).await
    }

    async fn unpin(&self, cid: &Cid) -> Vec<Unpinned> {
        let outcome = self.remove_pin(cid).await;
        vec![Unpinned::now(self.describe(), outcome)]
    }

    async fn kept(&self) -> Vec<Kept> {
        vec![Kept { store: self.describe(), cids: self.pins().await }]
    }

    async fn look(&self, cid: &Cid, depth: Depth) -> Vec<Looked> {
        let found = match self.keeps(cid).await {
            Ok(true) => look::at(&Own(self), cid, depth).await,
            // What it has all the same is gone after its next garbage collection.
            Ok(false) => Ok(Found::Nothing),
            Err(error) => Err(error),
        };
        vec![Looked { store: self.describe(), found }]
    }

    async fn ping(&self) -> Result<(), StoreError> {
        // Not a request for content, which could search the network for longer than this
        // should take.
        #[derive(Deserialize)]
        struct Version {
            #[serde(rename = "Version")]
            _version: String,
        }
        let asked = self.post("version", "", PING_TIMEOUT).send().await;
        let mut response = asked.map_err(|error| self.failed(&error, PING_TIMEOUT))?;
        if !response.status().is_success() {
            return Err(self.refused(response, "its version").await);
        }
        let answer = self.bytes(&mut response, MAX_ANSWER, PING_TIMEOUT).await?;
        match serde_json::from_slice::<Version>(&answer) {
            Ok(_) => Ok(()),
            Err(_) => Err(self.not_rpc(&answer, "version")),
        }
    }

    fn describe(&self) -> String {
        let mut url = self.base.clone();
        // Neither fails: the URL has a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        format!("the IPFS node at {}", url.as_str().trim_end_matches('/'))
    }
}

#[async_trait]
impl BlockSource for IpfsStore {
    fn at_once(&self) -> usize {
        AT_ONCE
    }

    async fn block(&self, cid: &BlockCid) -> Result<Vec<u8>, StoreError> {
        self.get_block(cid, "").await
    }
}

/// The blocks that a node has itself, under a root that it keeps.
struct Own<'a>(&'a IpfsStore);

#[async_trait]
impl BlockSource for Own<'_> {
    fn at_once(&self) -> usize {
        AT_ONCE
    }

    async fn block(&self, cid: &BlockCid) -> Result<Vec<u8>, StoreError> {
        // A node that searched for a block would find it elsewhere, and say that it has it.
        self.0.get_block(cid, "&offline=true").await
    }

    async fn has(&self, _: &BlockCid, _: u64) -> Result<(), StoreError> {
        // The pin of the root says that.
        Ok(())
    }
}
