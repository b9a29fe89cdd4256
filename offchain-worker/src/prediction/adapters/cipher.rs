//! What follows from the worker's encryption key.

use medchain_client::{
    chain::AnswerSalt,
    crypto::{self, ContentKey, EncryptionSecret, EnvelopeName, Sealed},
    custody::{self, ReplyKey},
    AccountId32, H256,
};
use medchain_primitives::{Cid, ContentDigest, RequestId, SealedKey};

use crate::prediction::ports::{Cipher, CipherError, Delivered, Opened};

/// Opens what is sealed to the X25519 key of one account on one chain.
pub struct KeyCipher {
    secret: EncryptionSecret,
    genesis: [u8; 32],
    account: AccountId32,
}

impl KeyCipher {
    /// A cipher with the secret of `account`, on the chain with this genesis hash.
    pub fn new(secret: EncryptionSecret, genesis: [u8; 32], account: AccountId32) -> Self {
        Self { secret, genesis, account }
    }

    /// What an envelope for this account is made for.
    fn name<'a>(&self, patient: &AccountId32, cid: &'a Cid) -> EnvelopeName<'a> {
        EnvelopeName {
            genesis: self.genesis,
            patient: patient.0,
            content: Sealed::Record(cid),
            reader: self.account.0,
        }
    }
}

impl Cipher for KeyCipher {
    fn digest(&self, file: &[u8]) -> ContentDigest {
        crypto::digest(file)
    }

    fn open(
        &self,
        envelope: &SealedKey,
        patient: &AccountId32,
        cid: &Cid,
        file: &[u8],
    ) -> Result<Opened, CipherError> {
        let opened = self.secret.open(envelope, &self.name(patient, cid));
        let key = opened.map_err(|error| CipherError::Envelope(error.to_string()))?;
        let image = crypto::decrypt(&key, &patient.0, file)
            .map_err(|error| CipherError::File(error.to_string()))?;
        Ok(Opened { key, image })
    }

    fn lock(
        &self,
        key: &ContentKey,
        patient: &AccountId32,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError> {
        crypto::encrypt(key, &patient.0, plaintext)
            .map_err(|error| CipherError::File(error.to_string()))
    }

    fn salt(&self, genesis: &[u8; 32], request: RequestId) -> AnswerSalt {
        self.secret.answer_salt(genesis, request)
    }

    fn reply(&self, genesis: &[u8; 32], request: RequestId) -> ReplyKey {
        self.secret.reply_secret(*genesis, request).public()
    }

    fn recover(
        &self,
        genesis: &[u8; 32],
        request: RequestId,
        delivered: &Delivered,
    ) -> Result<SealedKey, CipherError> {
        let Delivered { record, custody, grant } = delivered;
        let secret = self.secret.reply_secret(*genesis, request);
        let erased = || CipherError::Shares("the record was erased".to_owned());
        let name = self.name(&record.patient, record.cid().ok_or_else(erased)?);
        custody::recover(H256(*genesis), record, custody, grant, &secret)
            .and_then(|key| crypto::seal(&key, &self.secret.public(), &name))
            .map_err(|error| CipherError::Shares(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::{
        chain::{AccessGrant, Basis, CustodianGroup, Custody, Record},
        custody::{DealingId, DealingName, Granted, VerifiedDealing, VerifiedDelivery},
        keys::Identity,
    };
    use medchain_primitives::{CidCodec, RecordContent, RecordId, RecordKind, RecordStatus};

    use super::*;

    const GENESIS: [u8; 32] = [9; 32];
    const ME: AccountId32 = AccountId32([6; 32]);

    fn secret_of(uri: &str) -> EncryptionSecret {
        Identity::from_secret_uri(uri).unwrap().encryption_secret().clone()
    }

    fn cipher(uri: &str) -> KeyCipher {
        KeyCipher::new(secret_of(uri), GENESIS, ME)
    }

    #[test]
    fn what_is_locked_opens_with_the_envelope_of_the_film_alone() {
        let cid = |byte| Cid::new(CidCodec::Raw, [byte; 32]);
        let (film, another) = (cid(1), cid(2));
        let (key, patient) = (ContentKey::generate(), AccountId32([7; 32]));
        let name = EnvelopeName {
            genesis: GENESIS,
            patient: patient.0,
            content: Sealed::Record(&film),
            reader: ME.0,
        };
        let cipher = cipher("//Ferdie");
        let envelope = crypto::seal(&key, &cipher.secret.public(), &name).unwrap();
        let square = [111; 500];
        let locked = cipher.lock(&key, &patient, &square).unwrap();
        assert!(!locked.windows(8).any(|bytes| bytes == &square[..8]));
        let opened = cipher.open(&envelope, &patient, &film, &locked).unwrap();
        assert_eq!(opened.image.as_slice(), square);
        let fails = |cipher: &KeyCipher, patient, cid| {
            let opened = cipher.open(&envelope, patient, cid, &locked);
            assert!(matches!(opened, Err(CipherError::Envelope(_))));
        };
        fails(&cipher, &AccountId32([8; 32]), &film);
        fails(&cipher, &patient, &another);
        fails(&self::cipher("//Eve"), &patient, &film);
        let secret = || secret_of("//Ferdie");
        fails(&KeyCipher::new(secret(), [8; 32], ME), &patient, &film);
        fails(&KeyCipher::new(secret(), GENESIS, AccountId32([5; 32])), &patient, &film);
    }

    #[test]
    fn the_key_that_custodians_deliver_is_sealed_to_the_worker_after_a_restart_too() {
        let (genesis, request, content) = ([3; 32], RequestId(5), ContentKey::generate());
        let reply = cipher("//Ferdie").reply(&genesis, request);
        let served = delivered(&content, reply);
        // Another process with the same key file.
        let sealed = cipher("//Ferdie").recover(&genesis, request, &served).unwrap();
        let (patient, cid) = (&served.record.patient, served.record.cid().unwrap());
        let me = cipher("//Ferdie");
        let opened = me.secret.open(&sealed, &me.name(patient, cid)).unwrap();
        assert_eq!(opened.verdict_root(), content.verdict_root());
        for (uri, genesis, request) in [
            ("//Eve", genesis, request),
            ("//Ferdie", [4; 32], request),
            ("//Ferdie", genesis, RequestId(6)),
        ] {
            let refused = cipher(uri).recover(&genesis, request, &served);
            assert!(matches!(refused, Err(CipherError::Shares(_))), "{uri}");
        }
        let mut fewer = served;
        fewer.grant.deliveries.pop();
        assert!(cipher("//Ferdie").recover(&genesis, request, &fewer).is_err());
    }

    /// What two of three custodians deliver of a key to this reply key.
    fn delivered(content: &ContentKey, reply: ReplyKey) -> Delivered {
        let (genesis, patient) = (H256([3; 32]), AccountId32([5; 32]));
        let people =
            ["//Gwen", "//Hal", "//Ivy"].map(|uri| Identity::from_secret_uri(uri).unwrap());
        let custodians: Vec<_> =
            people.iter().map(|one| (one.account(), one.custodian_key())).collect();
        let group = CustodianGroup { members: custodians.clone(), threshold: 2, deposit: 0 };
        let cid = Cid::new(CidCodec::Raw, [6; 32]);
        let name = DealingName { genesis, patient: &patient, dealer: &patient, cid: &cid };
        let dealing = custody::entrust(content, &group, &name).unwrap().dealing;
        let dealing = VerifiedDealing {
            id: DealingId([7; 32]),
            ephemeral: dealing.ephemeral,
            shares: dealing.shares,
            wrapped: dealing.wrapped,
        };
        let (threshold, dealer) = (2, patient);
        let custody = Custody { threshold, custodians, dealing, dealer, deposit: 0, grants: 1 };
        let (record, subject) = (RecordId(1), AccountId32([9; 32]));
        let granted = Granted { record, subject, reply };
        let deliveries = people[..2].iter().map(|one| {
            let me = one.account();
            let made = custody::deliver(one.custodian_secret(), &me, genesis, &custody, &granted);
            let made = made.unwrap();
            let number = custody.number_of(&me).unwrap();
            (number, VerifiedDelivery { ephemeral: made.ephemeral, share: made.share })
        });
        let deliveries = deliveries.collect();
        let basis = Basis::Draw { request: RequestId(5) };
        let (granted_at, until, deposit, fees) = (1, 9, 0, 0);
        let grant = AccessGrant {
            record,
            subject,
            basis,
            reply,
            granted_at,
            until,
            deliveries,
            deposit,
            fees,
        };
        let record = Record {
            id: record,
            patient,
            author: patient,
            content: RecordContent::kept(cid, ContentDigest([0; 32])),
            kind: RecordKind::ChestXray,
            previous: None,
            added_at: 1,
            status: RecordStatus::Active,
            deposit: 0,
        };
        Delivered { record, custody, grant }
    }

    #[test]
    fn the_salt_survives_a_restart_and_differs_for_each_worker_chain_and_request() {
        let salt = |uri: &str, genesis, request| cipher(uri).salt(&[genesis; 32], request);
        let base = salt("//Ferdie", 1, RequestId(1));
        assert_eq!(base, salt("//Ferdie", 1, RequestId(1)));
        assert_ne!(base, salt("//Eve", 1, RequestId(1)));
        assert_ne!(base, salt("//Ferdie", 2, RequestId(1)));
        assert_ne!(base, salt("//Ferdie", 1, RequestId(2)));
    }
}
