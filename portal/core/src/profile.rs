//! A patient's profile as it is stored: `MCP2`, the envelope of its key, the encrypted document.

use codec::{Decode, Encode, MaxEncodedLen};
use medchain_crypto::{ContentKey, EnvelopeName, Sealed};
use medchain_primitives::{EncryptionKey, SealedKey};
use zeroize::Zeroizing;

use crate::secrets::Secret;

const MAGIC: &[u8; 4] = b"MCP2";

fn name(genesis: [u8; 32], patient: [u8; 32]) -> EnvelopeName<'static> {
    EnvelopeName { genesis, patient, content: Sealed::Profile, reader: patient }
}

/// Encrypts a profile for its patient alone.
///
/// # Errors
/// Where there is no randomness.
pub fn seal(
    secret: &Secret,
    genesis: [u8; 32],
    patient: [u8; 32],
    profile: &[u8],
) -> Result<Vec<u8>, String> {
    let key = ContentKey::generate();
    let public = EncryptionKey(secret.public());
    let sealed = medchain_crypto::seal(&key, &public, &name(genesis, patient));
    let sealed = sealed.map_err(|error| error.to_string())?;
    let body = medchain_crypto::encrypt(&key, &patient, profile);
    let mut bytes = MAGIC.to_vec();
    bytes.extend(sealed.encode());
    bytes.extend(body.map_err(|error| error.to_string())?);
    Ok(bytes)
}

/// Opens a stored profile.
///
/// # Errors
/// Where it is no profile, or another's.
pub fn open(
    secret: &Secret,
    genesis: [u8; 32],
    patient: [u8; 32],
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut rest = bytes
        .strip_prefix(MAGIC)
        .filter(|rest| rest.len() > SealedKey::max_encoded_len())
        .ok_or("the stored file is not a profile of MedChain")?;
    let envelope = SealedKey::decode(&mut rest).map_err(|_| "the profile is damaged")?;
    let key = secret.open(&envelope, &name(genesis, patient))?;
    medchain_crypto::decrypt(&key, &patient, rest).map_err(|error| error.to_string())
}
