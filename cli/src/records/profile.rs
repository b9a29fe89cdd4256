//! A patient's profile, which only the patient can open.

use std::path::Path;

use anyhow::{Context as _, Result};
use codec::{Decode, Encode, MaxEncodedLen};
use medchain_client::{
    chain::{Call, Document, TxOutcome},
    crypto::{self, ContentKey, CryptoError},
    AccountId32,
};
use medchain_primitives::{Cid, SealedKey};
use zeroize::Zeroizing;

use super::{
    content::fetch_content,
    erasing::{contains_foreign, Deletion},
    publishing::let_go,
    Content, EnvelopesOf,
};
use crate::{
    context::Context,
    files,
    journal::{certainty, Certainty},
    signing::Included,
};

/// The largest profile, in bytes, before it is encrypted.
const MAX_PROFILE_BYTES: u64 = 1024 * 1024;
/// The largest stored profile, in bytes.
pub const MAX_SEALED_PROFILE_BYTES: u64 = crypto::encrypted_length(MAX_PROFILE_BYTES) + 1024;
/// The first bytes of a stored profile.
///
/// Its content key has no envelope on chain: it precedes the encrypted document,
/// sealed to the patient.
const MAGIC: &[u8; 4] = b"MCP2";

/// Reads the signer's profile from a file and encrypts it for the signer alone.
pub async fn read_profile(context: &Context, path: &Path) -> Result<Content> {
    let profile = Zeroizing::new(files::read_piped(path, "the profile", MAX_PROFILE_BYTES)?);
    let identity = context.identity()?;
    let key = ContentKey::generate();
    let account = identity.account();
    let name = EnvelopesOf::profile(context, &account).await?.name(&account);
    let sealed = crypto::seal(&key, &identity.encryption_key(), &name)?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend(sealed.encode());
    bytes.extend(crypto::encrypt(&key, &account.0, &profile)?);
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
    Ok((&send_with_profile(context, profile, call, purpose).await?).into())
}

/// Stores the signer's profile, if there is one, and sends the confirmed call that registers it.
///
/// Where that certainly has no effect, the stores are asked to let go of the profile.
pub async fn send_with_profile(
    context: &Context,
    profile: Option<&Content>,
    call: &Call,
    purpose: &str,
) -> Result<TxOutcome> {
    let Some(profile) = profile else { return context.send(call, purpose).await };
    profile.put(context).await?;
    let error = match context.send(call, purpose).await {
        Ok(outcome) => return Ok(outcome),
        Err(error) => error,
    };
    if certainty(&error) == Certainty::Unknown {
        return Err(error);
    }
    match let_go(context, &profile.cid).await {
        Ok(()) => Err(error),
        Err(further) => Err(error.context(format!("of the profile: {further:#}"))),
    }
}

/// Whether what the chain names as the signer's profile is one that opens for the signer.
///
/// Anybody can name any file as the own profile, such as the film of another patient, whose CID is
/// on the chain.
pub async fn is_own_profile(context: &Context, patient: &AccountId32, profile: &Document) -> bool {
    let (digest, limit) = (Some(profile.digest), MAX_SEALED_PROFILE_BYTES);
    match fetch_content(context, &profile.cid, digest, limit).await {
        Ok(bytes) => open_profile(context, patient, &bytes).await.is_ok(),
        Err(_) => false,
    }
}

/// Asks the stores to delete a profile that was removed, if it was the signer's own and contains
/// nothing of others.
pub async fn delete_profile(
    context: &Context,
    patient: &AccountId32,
    cid: &Cid,
    is_own: bool,
) -> Result<Deletion> {
    if !is_own {
        let why = "the file did not open as your profile, so it may be another's; if it is yours, \
                   delete it in the store itself";
        return Ok(Deletion::not_asked(why));
    }
    let store = context.store()?;
    let view = context.view().await?;
    if let Some(why) = contains_foreign(store.as_ref(), &view, patient, cid).await? {
        return Ok(Deletion::not_asked(why.text));
    }
    let step = context.progress.step("Asking the stores to delete the encrypted profile");
    let answers = store.unpin(cid).await;
    drop(step);
    Ok(Deletion::asked(answers.into_iter().map(Into::into).collect()))
}

/// Opens a stored profile.
pub async fn open_profile(
    context: &Context,
    patient: &AccountId32,
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let mut rest = bytes
        .strip_prefix(MAGIC)
        .filter(|rest| rest.len() > SealedKey::max_encoded_len())
        .context("the stored file is not a profile of MedChain")?;
    let envelope = SealedKey::decode(&mut rest).context("the profile's envelope is damaged")?;
    let identity = context.identity()?;
    let name = EnvelopesOf::profile(context, patient).await?.name(patient);
    let opened = identity.encryption_secret().open(&envelope, &name);
    let key = opened.map_err(|error| match error {
        CryptoError::EnvelopeForAnotherKey if identity.account() == *patient => {
            anyhow::Error::new(error).context(
                "your profile was sealed to a key that you have replaced since; store it again \
                 with `medchain patient update-profile`",
            )
        }
        error => anyhow::Error::new(error)
            .context("your key does not open this profile; only the patient's does"),
    })?;
    Ok(crypto::decrypt(&key, &patient.0, rest)?)
}
