//! Envelopes: content keys, each sealed to the published key of one reader.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::EncryptionKey;

/// The version of the envelopes that this release makes, and the only one that it knows.
///
/// HPKE in base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
/// ChaCha20-Poly1305. `docs/adr/0028-envelopes-and-files.md` says what it is bound to.
pub const ENVELOPE_VERSION: u8 = 1;

/// The length of an encapsulated key, in bytes: an X25519 public key.
pub const ENCAPSULATED_KEY_LENGTH: usize = 32;

/// The length of an encrypted content key, in bytes: the key (32) and a Poly1305 tag (16).
pub const ENCRYPTED_KEY_LENGTH: usize = 48;

/// The short name of an encryption key.
///
/// The first 8 bytes of the BLAKE2b-256 hash of the public key.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("envelope", "types")
)]
pub struct KeyName(pub [u8; 8]);

/// A content key, sealed to one reader.
///
/// The version comes first, as the index of an enum would. A later format with longer parts,
/// such as a post-quantum one, can so become a variant beside this one, and what is stored
/// decodes as before.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("envelope", "types")
)]
pub struct SealedKey {
    /// The format of the other parts. The only known version is 1.
    pub version: u8,
    /// The encryption key that it was made for: the first 8 bytes of that key's BLAKE2b-256 hash.
    pub key_name: KeyName,
    /// The public key that the sender drew for this envelope, from which the reader derives the
    /// secret. HPKE calls it the encapsulated key.
    pub encapsulated_key: [u8; ENCAPSULATED_KEY_LENGTH],
    /// The content key, encrypted, with its tag.
    pub ciphertext: [u8; ENCRYPTED_KEY_LENGTH],
}

impl SealedKey {
    /// An envelope of [`ENVELOPE_VERSION`] that names `key`.
    pub fn new(
        key: &EncryptionKey,
        encapsulated_key: [u8; ENCAPSULATED_KEY_LENGTH],
        ciphertext: [u8; ENCRYPTED_KEY_LENGTH],
    ) -> Self {
        Self { version: ENVELOPE_VERSION, key_name: key.name(), encapsulated_key, ciphertext }
    }

    /// Whether it was made for `key`, by the name that it carries.
    ///
    /// Whether it opens, only the secret tells.
    pub fn is_for(&self, key: &EncryptionKey) -> bool {
        self.key_name == key.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: EncryptionKey = EncryptionKey([7; 32]);

    #[test]
    fn an_envelope_has_a_fixed_length_and_starts_with_its_version_and_key() {
        let sealed = SealedKey::new(&KEY, [1; 32], [2; 48]);
        let bytes = sealed.encode();
        assert_eq!((bytes.len(), SealedKey::max_encoded_len()), (89, 89));
        assert_eq!(bytes[0], 1);
        assert_eq!(bytes[1..9], KEY.name().0);
        assert_eq!(SealedKey::decode(&mut &bytes[..]), Ok(sealed));
        // `printf '\x07%.0s' {1..32} | b2sum -l 256`
        assert_eq!(KEY.name().0, [0x17, 0xcd, 0xc7, 0xbc, 0xa3, 0xf2, 0xa0, 0xbd]);
    }

    #[test]
    fn it_names_one_key() {
        let sealed = SealedKey::new(&KEY, [1; 32], [2; 48]);
        assert!(sealed.is_for(&KEY));
        assert!(!sealed.is_for(&EncryptionKey([8; 32])));
    }

    /// What is stored today decodes as the variant of a later enum.
    #[test]
    fn a_later_version_can_be_a_variant_beside_it() {
        #[derive(Debug, PartialEq, Encode, Decode)]
        enum Later {
            #[codec(index = 1)]
            X25519 { key_name: KeyName, encapsulated_key: [u8; 32], ciphertext: [u8; 48] },
            #[codec(index = 2)]
            Hybrid { key_name: KeyName, encapsulated_key: Box<[u8; 1_120]>, ciphertext: [u8; 48] },
        }
        let sealed = SealedKey::new(&KEY, [1; 32], [2; 48]);
        let SealedKey { key_name, encapsulated_key, ciphertext, .. } = sealed;
        let decoded = Later::decode(&mut &sealed.encode()[..]);
        assert_eq!(decoded, Ok(Later::X25519 { key_name, encapsulated_key, ciphertext }));
        let hybrid = Later::Hybrid { key_name, encapsulated_key: Box::new([3; 1_120]), ciphertext };
        assert_eq!(hybrid.encode().len(), 1_177);
    }
}
