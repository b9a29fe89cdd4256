//! A secret under a passphrase.
//!
//! ```text
//! MCV1 | memory (4) | passes (4) | salt (16) | nonce (24) | XChaCha20-Poly1305 of the secret (48)
//! ```
//!
//! Argon2id (RFC 9106) derives the key of the cipher. Everything before the ciphertext is
//! authenticated with it.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    aead::{Aead, Payload},
    KeyInit, XChaCha20Poly1305, XNonce,
};
use getrandom::SysRng;
use medchain_crypto::rand_core::TryRng;
use zeroize::Zeroizing;

const MAGIC: &[u8; 4] = b"MCV1";
const SALT: usize = 16;
const NONCE: usize = 24;
const HEADER: usize = MAGIC.len() + 4 + 4 + SALT + NONCE;

/// RFC 9106's second choice: 64 MiB and three passes, half a second in a browser.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
/// What a file may ask for, so that a hostile one does not use up the machine.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;

const DAMAGED: &str = "this is not a locked key of MedChain, or it is damaged";

/// Fills `bytes` from the operating system or the browser.
pub fn fill(bytes: &mut [u8]) -> Result<(), String> {
    SysRng.try_fill_bytes(bytes).map_err(|_| "the browser gave no random bytes".to_owned())
}

/// Locks `secret` with a passphrase.
pub fn lock(secret: &[u8; 32], passphrase: &str) -> Result<Vec<u8>, String> {
    let mut file = MAGIC.to_vec();
    file.extend(MEMORY_KIB.to_le_bytes());
    file.extend(PASSES.to_le_bytes());
    let mut random = [0; SALT + NONCE];
    fill(&mut random)?;
    file.extend(random);
    let (salt, nonce) = random.split_at(SALT);
    let key = derive(passphrase, salt, MEMORY_KIB, PASSES)?;
    let body = XChaCha20Poly1305::new((&*key).into())
        .encrypt(XNonce::from_slice(nonce), Payload { msg: secret, aad: &file })
        .map_err(|_| "the key cannot be locked".to_owned())?;
    file.extend(body);
    Ok(file)
}

/// Opens what [`lock`] made.
pub fn unlock(file: &[u8], passphrase: &str) -> Result<Zeroizing<[u8; 32]>, String> {
    let (header, body) = file.split_at_checked(HEADER).ok_or(DAMAGED)?;
    let rest = header.strip_prefix(MAGIC).ok_or(DAMAGED)?;
    let (memory, rest) = rest.split_first_chunk().ok_or(DAMAGED)?;
    let (passes, rest) = rest.split_first_chunk().ok_or(DAMAGED)?;
    let (memory, passes) = (u32::from_le_bytes(*memory), u32::from_le_bytes(*passes));
    if memory > MAX_MEMORY_KIB || passes > MAX_PASSES {
        return Err(DAMAGED.into());
    }
    let (salt, nonce) = rest.split_at_checked(SALT).ok_or(DAMAGED)?;
    let key = derive(passphrase, salt, memory, passes)?;
    let secret = XChaCha20Poly1305::new((&*key).into())
        .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: header })
        .map(Zeroizing::new)
        .map_err(|_| "the passphrase does not open this key".to_owned())?;
    let secret: [u8; 32] = secret.as_slice().try_into().map_err(|_| DAMAGED)?;
    Ok(Zeroizing::new(secret))
}

fn derive(
    passphrase: &str,
    salt: &[u8],
    memory: u32,
    passes: u32,
) -> Result<Zeroizing<[u8; 32]>, String> {
    let params = Params::new(memory, passes, 1, Some(32)).map_err(|_| DAMAGED)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut *key)
        .map_err(|error| error.to_string())?;
    Ok(key)
}
