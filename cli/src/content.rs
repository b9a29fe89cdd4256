//! Encrypted content on its way to the store and back.

use anyhow::{bail, Context as _, Error, Result};
use medchain_client::{
    crypto::{self, ContentKey},
    store::{self, Store, StoreError},
    AccountId32,
};
use medchain_primitives::{Cid, ContentDigest, SealedKey, SEALED_KEY_LENGTH};
use medchain_vision::MAX_FILE_BYTES;
use zeroize::Zeroizing;

use crate::context::Context;

/// The largest encrypted file that is fetched, in bytes.
pub const MAX_CIPHERTEXT_BYTES: u64 = MAX_FILE_BYTES + crypto::OVERHEAD as u64;
/// The largest profile, in bytes, before it is encrypted.
pub const MAX_PROFILE_BYTES: u64 = 1024 * 1024;
/// What a stored profile starts with. Its content key has no envelope on
/// chain: it stands sealed to the patient before the encrypted document.
const PROFILE_MAGIC: &[u8; 4] = b"MCP1";

/// Bytes for the store, with the names that the chain will know them by.
pub struct Content {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their content identifier, as any store computes it.
    pub cid: Cid,
    /// Their SHA-256.
    pub digest: ContentDigest,
}

impl Content {
    /// Names bytes; stores nothing yet.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { cid: store::cid_of(&bytes), digest: crypto::digest(&bytes), bytes }
    }

    /// Puts the bytes into the store, and makes sure that the store knows them
    /// by the same name. Returns where they are, for people; which of several
    /// stores missed them is said on the standard error.
    pub async fn put(&self, context: &Context) -> Result<String> {
        let store = context.store()?;
        let step = context.progress.bar("Storing", self.bytes.len() as u64, true);
        let stored = store
            .put_with_progress(&self.bytes, &|update| step.at(update.done))
            .await
            .map_err(|error| {
                let place = place(" in ", store.as_ref(), &error);
                Error::new(error).context(format!("could not store the file{place}"))
            })?;
        drop(step);
        if stored.cid != self.cid {
            bail!(
                "{} names the file {} and not {}; it cuts files in another way, so it cannot be used",
                store.describe(),
                stored.cid,
                self.cid
            );
        }
        if !stored.missed.is_empty() {
            let missed: Vec<String> = stored.missed.iter().map(ToString::to_string).collect();
            eprintln!("warning: the file is not in every store: {}", missed.join("; "));
        }
        Ok(stored.places.join(" or "))
    }
}

/// Fetches content and verifies that it is what the chain names.
pub async fn get(
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
        bail!(
            "the content of {cid} does not have the SHA-256 that the chain holds; it is not used"
        );
    }
    Ok(bytes)
}

/// Which store it was, unless the error names it, as that of several does.
fn place(word: &str, store: &dyn Store, error: &StoreError) -> String {
    match error {
        StoreError::AllFailed { .. } => String::new(),
        _ => format!("{word}{}", store.describe()),
    }
}

/// Encrypts a profile so that the patient alone can open it.
pub fn seal_profile(context: &Context, patient: &AccountId32, profile: &[u8]) -> Result<Content> {
    let key = ContentKey::generate();
    let sealed = crypto::seal(&key, &context.identity()?.encryption_key())?;
    let mut bytes = PROFILE_MAGIC.to_vec();
    bytes.extend(sealed.0);
    bytes.extend(crypto::encrypt(&key, patient, profile)?);
    Ok(Content::new(bytes))
}

/// Opens what [`seal_profile`] made.
pub fn open_profile(
    context: &Context,
    patient: &AccountId32,
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let rest = bytes
        .strip_prefix(PROFILE_MAGIC)
        .filter(|rest| rest.len() > SEALED_KEY_LENGTH)
        .context("the stored profile is not in the form that medchain writes")?;
    let (sealed, file) = rest.split_at(SEALED_KEY_LENGTH);
    let mut envelope = SealedKey([0; SEALED_KEY_LENGTH]);
    envelope.0.copy_from_slice(sealed);
    let key = context
        .identity()?
        .encryption_secret()
        .open(&envelope)
        .context("your key does not open this profile; only the patient's does")?;
    Ok(crypto::decrypt(&key, patient, file)?)
}
