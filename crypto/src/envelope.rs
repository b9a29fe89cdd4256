//! Content keys in envelopes: HPKE (RFC 9180) in base mode.

use alloc::vec::Vec;

use hpke::{
    aead::ChaCha20Poly1305, kdf::HkdfSha256, Deserializable, OpModeR, OpModeS, Serializable,
};
use medchain_primitives::{Cid, EncryptionKey, SealedKey, ENVELOPE_VERSION};
use zeroize::Zeroizing;

use crate::{
    rand_core::TryCryptoRng,
    random::Noted,
    x25519::{Kem, SecretKey},
    ContentKey, CryptoError,
};

/// The suite of version 1, after the encapsulation of keys ([`Kem`]): key derivation, encryption.
pub(crate) type Kdf = HkdfSha256;
pub(crate) type Aead = ChaCha20Poly1305;

/// Separates envelopes from whatever else is made with HPKE and the same keys.
const LABEL: &[u8] = b"medchain/envelope/1";

/// What an envelope is made for. With any other name it does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvelopeName<'a> {
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The account of the patient.
    pub patient: [u8; 32],
    /// What the key in the envelope opens.
    pub content: Sealed<'a>,
    /// The account of the reader.
    pub reader: [u8; 32],
}

/// What the key in an envelope opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed<'a> {
    /// The content of a record.
    Record(&'a Cid),
    /// The patient's profile. Its envelope is stored with it, so that it cannot name its CID.
    Profile,
    /// A piece of the patient's log in an archive, whose envelope is stored with it as well.
    Log,
}

impl EnvelopeName<'_> {
    /// The `info` of HPKE. All parts but the last have a fixed length, so that no two names give
    /// the same bytes.
    pub(crate) fn info(&self) -> Vec<u8> {
        let content: [&[u8]; 2] = match self.content {
            Sealed::Record(cid) => [&[0], cid.as_str().as_bytes()],
            Sealed::Profile => [&[1], &[]],
            Sealed::Log => [&[2], &[]],
        };
        let names = [LABEL, &self.genesis, &self.patient, &self.reader];
        [names.concat(), content.concat()].concat()
    }
}

/// Seals `key` so that only the owner of `reader` can open it, and only as what `name` says. The
/// envelope does not reveal the sender.
///
/// # Errors
/// [`CryptoError::WeakKey`] where `reader` is not a safe key to seal to,
/// [`CryptoError::NoRandomness`].
#[cfg(feature = "getrandom")]
pub fn seal(
    key: &ContentKey,
    reader: &EncryptionKey,
    name: &EnvelopeName<'_>,
) -> Result<SealedKey, CryptoError> {
    seal_with(&mut crate::random::System, key, reader, name)
}

/// Seals `key` as [`seal`](fn@crate::seal) does, with the randomness of `random`.
///
/// # Errors
/// [`CryptoError::WeakKey`], [`CryptoError::NoRandomness`].
pub fn seal_with(
    random: &mut impl TryCryptoRng,
    key: &ContentKey,
    reader: &EncryptionKey,
    name: &EnvelopeName<'_>,
) -> Result<SealedKey, CryptoError> {
    if reader.is_of_small_order() {
        return Err(CryptoError::WeakKey);
    }
    let public = <Kem as hpke::Kem>::PublicKey::from_bytes(&reader.0);
    let public = public.map_err(|_| CryptoError::WeakKey)?;
    let mut random = Noted::new(random);
    let sealed = hpke::single_shot_seal_with_rng::<Aead, Kdf, Kem>(
        &OpModeS::Base,
        &public,
        &name.info(),
        key.as_bytes(),
        &[],
        &mut random,
    );
    random.finish()?;
    // With a key of another order than those above, nothing of it can fail.
    let (encapsulated, ciphertext) = sealed.map_err(|_| CryptoError::WeakKey)?;
    let ciphertext = ciphertext.as_slice().try_into().map_err(|_| CryptoError::Envelope)?;
    Ok(SealedKey::new(reader, encapsulated.to_bytes().into(), ciphertext))
}

/// Opens an envelope.
pub(crate) fn open(
    secret: &SecretKey,
    sealed: &SealedKey,
    name: &EnvelopeName<'_>,
) -> Result<ContentKey, CryptoError> {
    if sealed.version != ENVELOPE_VERSION {
        return Err(CryptoError::UnknownEnvelope { version: sealed.version });
    }
    if !sealed.is_for(&secret.public()) {
        return Err(CryptoError::EnvelopeForAnotherKey);
    }
    let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(&sealed.encapsulated_key);
    let opened = hpke::single_shot_open::<Aead, Kdf, Kem>(
        &OpModeR::Base,
        &secret.private(),
        &encapsulated.map_err(|_| CryptoError::Envelope)?,
        &name.info(),
        &sealed.ciphertext,
        &[],
    );
    let opened = opened.map(Zeroizing::new).map_err(|_| CryptoError::Envelope)?;
    let bytes: [u8; 32] = opened.as_slice().try_into().map_err(|_| CryptoError::Envelope)?;
    Ok(ContentKey::from_bytes(bytes))
}
