//! Encrypting with the custodian's secret.

use medchain_client::{
    crypto::CryptoError,
    custody::{self, CustodianKey, CustodianSecret, Delivery, SharingError},
    AccountId32, H256,
};

use crate::custody::{
    deliveries::Grant,
    ports::{Keeper, NoShare},
};

/// Opens shares that are encrypted to one custodian's key on one chain.
///
/// It trusts the node for the dealings: the chain has verified those that it stores.
pub struct SecretKeeper {
    secret: CustodianSecret,
    genesis: H256,
}

impl SecretKeeper {
    /// A keeper of this secret, on the chain with this genesis hash.
    pub fn new(secret: CustodianSecret, genesis: H256) -> Self {
        Self { secret, genesis }
    }
}

impl Keeper for SecretKeeper {
    fn key(&self) -> CustodianKey {
        self.secret.public()
    }

    fn encrypt(&self, me: &AccountId32, grant: &Grant) -> Result<Delivery, NoShare> {
        let no_share = |reason: &str| NoShare(reason.to_owned());
        let custody = grant.custody.as_deref();
        let custody = custody.ok_or_else(|| no_share("nothing is entrusted to this custodian"))?;
        let delivery =
            custody::deliver(&self.secret, me, self.genesis, custody, &grant.id.granted());
        delivery.map_err(|error| match error {
            CryptoError::Sharing(SharingError::KeyMismatch) => {
                no_share("it is encrypted to another key than that of this key file")
            }
            other => no_share(&other.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use medchain_client::{
        chain::{CustodianGroup, Custody},
        crypto::ContentKey,
        custody::{DealingId, DealingName, ReplySecret, VerifiedDealing},
        keys::Identity,
    };
    use medchain_primitives::{Cid, CidCodec, RecordId};

    use super::*;
    use crate::custody::deliveries::GrantId;

    const GENESIS: H256 = H256([3; 32]);
    const PATIENT: AccountId32 = AccountId32([5; 32]);

    fn custodians() -> [Identity; 3] {
        ["//Gwen", "//Hal", "//Ivy"].map(|uri| Identity::from_secret_uri(uri).unwrap())
    }

    fn keeper(identity: &Identity) -> SecretKeeper {
        SecretKeeper::new(identity.custodian_secret().clone(), GENESIS)
    }

    /// A grant on a record whose key is shared among three custodians, with threshold 2.
    fn grant() -> Grant {
        let custodians: Vec<_> =
            custodians().iter().map(|one| (one.account(), one.custodian_key())).collect();
        let group = CustodianGroup { members: custodians.clone(), threshold: 2, deposit: 0 };
        let cid = Cid::new(CidCodec::Raw, [6; 32]);
        let name = DealingName { genesis: GENESIS, patient: &PATIENT, dealer: &PATIENT, cid: &cid };
        let dealing = custody::entrust(&ContentKey::generate(), &group, &name).unwrap().dealing;
        // The chain verifies it; here nobody reads its id.
        let dealing = VerifiedDealing {
            id: DealingId([7; 32]),
            ephemeral: dealing.ephemeral,
            shares: dealing.shares,
            wrapped: dealing.wrapped,
        };
        let custody =
            Custody { threshold: 2, custodians, dealing, dealer: PATIENT, deposit: 0, grants: 1 };
        let reply = ReplySecret::from_seed(&[8; 32]).public().0;
        let subject = AccountId32([9; 32]);
        Grant {
            id: GrantId { record: RecordId(1), subject, granted_at: 10, reply },
            until: 110,
            is_emergency: false,
            custody: Some(Arc::new(custody)),
            delivered: BTreeSet::new(),
        }
    }

    #[test]
    fn each_custodian_encrypts_its_own_share() {
        let grant = grant();
        for custodian in custodians() {
            let delivery = keeper(&custodian).encrypt(&custodian.account(), &grant).unwrap();
            let again = keeper(&custodian).encrypt(&custodian.account(), &grant).unwrap();
            assert_ne!(delivery.ephemeral, again.ephemeral, "the randomness is new each time");
        }
        let [gwen, ..] = custodians();
        assert_eq!(keeper(&gwen).key(), gwen.custodian_key());
    }

    #[test]
    fn another_key_or_a_missing_share_gives_nothing() {
        let grant = grant();
        let [gwen, hal, _] = custodians();
        let error = keeper(&hal).encrypt(&gwen.account(), &grant).unwrap_err();
        assert!(error.to_string().contains("another key"), "{error}");
        assert!(keeper(&hal).encrypt(&PATIENT, &grant).is_err());
        let withdrawn = Grant { custody: None, ..grant };
        assert!(keeper(&hal).encrypt(&hal.account(), &withdrawn).is_err());
    }
}
