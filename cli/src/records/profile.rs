//! A patient's profile, which only the patient can open.

use std::path::Path;

use anyhow::{Context as _, Result};
use medchain_client::{
    chain::Call,
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::{SealedKey, SEALED_KEY_LENGTH};
use zeroize::Zeroizing;

use super::Content;
use crate::{context::Context, files, signing::Included};

/// The largest profile, in bytes, before it is encrypted.
const MAX_PROFILE_BYTES: u64 = 1024 * 1024;
/// The largest stored profile, in bytes.
pub const MAX_SEALED_PROFILE_BYTES: u64 = MAX_PROFILE_BYTES + 1024;
/// The first bytes of a stored profile.
///
/// Its content key has no envelope on chain: it precedes the encrypted document,
/// sealed to the patient.
const MAGIC: &[u8; 4] = b"MCP1";

/// Reads the signer's profile from a file and encrypts it for the signer alone.
pub fn read_profile(context: &Context, path: &Path) -> Result<Content> {
    let profile = Zeroizing::new(files::read(path, "the profile", MAX_PROFILE_BYTES)?);
    let identity = context.identity()?;
    let key = ContentKey::generate();
    let sealed = crypto::seal(&key, &identity.encryption_key())?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend(sealed.0);
    bytes.extend(crypto::encrypt(&key, &identity.account(), &profile)?);
    Ok(Content::new(bytes))
}

/// Stores the signer's profile, if there is one, and signs the call that registers it.
///
/// Stores nothing before the fee is known, affordable and confirmed.
pub async fn sign_with_profile(
    context: &Context,
    profile: Option<&Content>,
    call: &Call,
    purpose: &str,
) -> Result<Included> {
    context.ensure_can_ask()?;
    context.confirm(call, purpose).await?;
    if let Some(profile) = profile {
        profile.put(context).await?;
    }
    Ok((&context.send(call, purpose).await?).into())
}

/// Opens a stored profile.
pub fn open_profile(
    context: &Context,
    patient: &AccountId32,
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let rest = bytes
        .strip_prefix(MAGIC)
        .filter(|rest| rest.len() > SEALED_KEY_LENGTH)
        .context("the stored file is not a profile of MedChain")?;
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
