//! Encrypted content on its way to the store and back.

use anyhow::{bail, Error, Result};
use medchain_client::{
    chain::Document,
    crypto,
    store::{self, Store, StoreError},
};
use medchain_primitives::{Cid, ContentDigest};

use crate::context::Context;

/// Bytes for the store, with the CID and the digest that the chain will hold.
pub struct Content {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their content identifier, as any store computes it.
    pub cid: Cid,
    /// Their SHA-256.
    pub digest: ContentDigest,
}

impl Content {
    /// Computes CID and digest; stores nothing yet.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { cid: store::cid_of(&bytes), digest: crypto::digest(&bytes), bytes }
    }

    /// Stores the bytes and checks that the store computed the same CID.
    ///
    /// Returns the stores that have them, as text. Warns of those that do not.
    pub async fn put(&self, context: &Context) -> Result<String> {
        let step = context.progress.bar("Storing", self.bytes.len() as u64, true);
        self.store(context, &|done| step.at(done)).await
    }

    /// As [`Content::put`], telling `told` how many bytes are stored, and nobody else.
    pub async fn store(
        &self,
        context: &Context,
        told: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<String> {
        let store = context.store()?;
        let stored = store
            .put_with_progress(&self.bytes, &|update| told(update.done))
            .await
            .map_err(|error| {
                let place = place(" in ", store.as_ref(), &error);
                Error::new(error).context(format!("could not store the file{place}"))
            })?;
        if stored.cid != self.cid {
            bail!(
                "{} splits the file differently, and so reports the CID {} instead of {}; \
                 name another store with --store",
                store.describe(),
                stored.cid,
                self.cid
            );
        }
        if !stored.missed.is_empty() {
            let missed: Vec<String> = stored.missed.iter().map(ToString::to_string).collect();
            crate::output::tell!("warning: the file is not in every store: {}", missed.join("; "));
        }
        Ok(stored.places.join(" or "))
    }
}

impl From<&Content> for Document {
    fn from(content: &Content) -> Self {
        Self { cid: content.cid.clone(), digest: content.digest }
    }
}

/// Fetches content of at most `limit` bytes and verifies its CID and `digest`.
pub async fn fetch_content(
    context: &Context,
    cid: &Cid,
    digest: Option<ContentDigest>,
    limit: u64,
) -> Result<Vec<u8>> {
    let store = context.store()?;
    let step = context.progress.bar("Fetching", 0, true);
    let bytes = store
        .get_with_progress(cid, limit, &|update| {
            if let Some(total) = update.total {
                step.of(total);
            }
            step.at(update.done);
        })
        .await
        .map_err(|error| {
            let place = place(" from ", store.as_ref(), &error);
            Error::new(error).context(format!("could not fetch {cid}{place}"))
        })?;
    if digest.is_some_and(|digest| digest != crypto::digest(&bytes)) {
        bail!("the SHA-256 of {cid} differs from the one on chain; its content is not used");
    }
    Ok(bytes)
}

/// Names the store, unless the error does, as that of several stores.
fn place(word: &str, store: &dyn Store, error: &StoreError) -> String {
    match error {
        StoreError::AllFailed { .. } => String::new(),
        _ => format!("{word}{}", store.describe()),
    }
}
