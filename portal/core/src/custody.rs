//! Content keys among custodians: shared, asked for, recovered.
//!
//! The page does with `medchain-sharing` what `medchain-client` does with it. The chain has
//! verified every dealing and delivery that it stores, so nothing is verified again here.

use codec::{Decode, DecodeAll};
use medchain_crypto::ContentKey;
use medchain_primitives::Cid;
use medchain_sharing::{
    CustodianKey, Custodians, DealingContext, Entrustment, Recovery, ReplySecret, SharingError,
    VerifiedDealing, VerifiedDelivery,
};
use zeroize::Zeroizing;

use crate::{profile, random::Random, secrets::Secret};

/// What a dealing is made for. With other names the chain refuses it.
pub struct Name {
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The patient.
    pub patient: [u8; 32],
    /// The account that signs the call with the dealing.
    pub dealer: [u8; 32],
    /// The encrypted content.
    pub cid: Cid,
}

impl Name {
    fn context(&self) -> DealingContext<[u8; 32]> {
        let Self { genesis, patient, dealer, ref cid } = *self;
        DealingContext { genesis, patient, dealer, cid: cid.clone() }
    }
}

/// Shares a content key among custodians with these keys, of whom `threshold` can open it.
///
/// # Errors
/// Where the chain has no such group, or there is no randomness.
pub fn entrust(
    key: &ContentKey,
    threshold: u8,
    keys: &[[u8; 32]],
    name: &Name,
) -> Result<Entrustment, String> {
    let keys: Vec<_> = keys.iter().copied().map(CustodianKey).collect();
    let custodians = Custodians { threshold, keys: &keys };
    let mut random = Random::default();
    let dealing = medchain_sharing::deal(key.as_bytes(), &custodians, &name.context(), &mut random);
    random.finish()?;
    Ok(Entrustment { threshold, dealing: dealing.map_err(|error| error.to_string())? })
}

/// The secret of one request for a key.
pub struct Reply {
    seed: Zeroizing<[u8; 32]>,
    secret: ReplySecret,
}

impl Reply {
    /// Draws the secret of a new request.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn generate() -> Result<Self, String> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| error.to_string())?;
        Ok(Self::from_seed(seed))
    }

    fn from_seed(seed: Zeroizing<[u8; 32]>) -> Self {
        Self { secret: ReplySecret::from_seed(&seed), seed }
    }

    /// The key that shares are encrypted to.
    pub fn public(&self) -> [u8; 32] {
        self.secret.public().0
    }

    /// The secret, for the browser's database: `own` alone opens it.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn seal(
        &self,
        own: &Secret,
        genesis: [u8; 32],
        account: [u8; 32],
    ) -> Result<Vec<u8>, String> {
        profile::REPLY.seal(own, genesis, account, &*self.seed)
    }

    /// Opens a secret from the browser's database.
    ///
    /// # Errors
    /// Where it is none, or another's.
    pub fn open(
        own: &Secret,
        genesis: [u8; 32],
        account: [u8; 32],
        sealed: &[u8],
    ) -> Result<Self, String> {
        let opened = profile::REPLY.open(own, genesis, account, sealed)?;
        let seed = opened.as_slice().try_into().map_err(|_| "the secret is damaged")?;
        Ok(Self::from_seed(Zeroizing::new(seed)))
    }

    /// Recovers a content key from what custodians delivered to this request.
    ///
    /// `dealing` and `deliveries`, of numbered shares, are in SCALE as the chain stores them.
    ///
    /// # Errors
    /// While there are too few shares; where the dealer entrusted no key.
    pub fn recover(
        &self,
        threshold: u8,
        keys: &[[u8; 32]],
        name: &Name,
        dealing: &[u8],
        deliveries: &[u8],
    ) -> Result<ContentKey, String> {
        let dealing = VerifiedDealing::decode_all(&mut &*dealing).map_err(|e| e.to_string())?;
        let deliveries = Vec::<(u8, VerifiedDelivery)>::decode(&mut &*deliveries);
        let deliveries = deliveries.map_err(|error| error.to_string())?;
        let keys: Vec<_> = keys.iter().copied().map(CustodianKey).collect();
        let custodians = Custodians { threshold, keys: &keys };
        let context = name.context();
        let recovered = || -> Result<_, SharingError> {
            let mut recovery = Recovery::new(&dealing, &custodians, &context)?;
            for (number, delivery) in &deliveries {
                recovery.add(*number, delivery, &self.secret)?;
            }
            recovery.content_key()
        };
        let key = recovered().map_err(|error| match error {
            // The custodians' deliveries, the chain has verified.
            SharingError::InvalidWrappedKey => {
                "the custodians were entrusted no key of this record: its patient has to entrust \
                 it again"
                    .to_owned()
            }
            other => other.to_string(),
        })?;
        Ok(ContentKey::from_bytes(*key))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use codec::Encode;
    use medchain_sharing::{deliver, CustodianSecret, DealingContext, DeliveryContext, ReplyKey};

    use super::*;

    const GENESIS: [u8; 32] = [9; 32];
    const PATIENT: [u8; 32] = [7; 32];
    const READER: [u8; 32] = [1; 32];

    fn name() -> Name {
        let cid = b"bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu";
        let cid = Cid::parse(cid).expect("the text is a CID");
        Name { genesis: GENESIS, patient: PATIENT, dealer: PATIENT, cid }
    }

    /// As the chain and its custodians do it.
    fn deliveries(
        entrustment: &Entrustment,
        secrets: &[CustodianSecret],
        reply: [u8; 32],
    ) -> (Vec<u8>, Vec<(u8, VerifiedDelivery)>) {
        let keys: Vec<_> = secrets.iter().map(CustodianSecret::public).collect();
        let custodians = Custodians { threshold: entrustment.threshold, keys: &keys };
        let context: DealingContext<[u8; 32]> = name().context();
        let dealing = entrustment.dealing.verify(&custodians, &context).expect("it verifies");
        let all = (1u8..).zip(secrets).map(|(number, secret)| {
            let share = dealing.share(number, secret.public()).expect("it is there");
            let context = DeliveryContext {
                genesis: GENESIS,
                record: medchain_primitives::RecordId(4),
                custodian: [number; 32],
                subject: READER,
                reply: ReplyKey(reply),
            };
            let sent = deliver(secret, &share, &context, &mut Random::default());
            (number, sent.expect("it is sent").verify(&share, &context).expect("it verifies"))
        });
        let all = all.collect();
        (dealing.encode(), all)
    }

    /// What the chain has of a key that two of three custodians have delivered to a request.
    pub(crate) struct Delivered {
        pub keys: Vec<[u8; 32]>,
        pub dealing: Vec<u8>,
        pub deliveries: Vec<u8>,
        pub reply: Vec<u8>,
    }

    /// Shares `key`, and has two custodians deliver it to a request of the reader `own`.
    pub(crate) fn delivered(key: &ContentKey, own: &Secret) -> Delivered {
        let secrets: Vec<_> = [1, 2, 3].map(|n| CustodianSecret::from_seed(&[n; 32])).into();
        let keys: Vec<_> = secrets.iter().map(|secret| secret.public().0).collect();
        let entrustment = entrust(key, 2, &keys, &name()).expect("it can be shared");
        let reply = Reply::generate().expect("there is randomness");
        let (dealing, all) = deliveries(&entrustment, &secrets, reply.public());
        let reply = reply.seal(own, GENESIS, READER).expect("there is randomness");
        Delivered { keys, dealing, deliveries: all[1..].to_vec().encode(), reply }
    }

    #[test]
    fn two_of_three_custodians_give_the_key() {
        let key = ContentKey::from_bytes([5; 32]);
        let secrets: Vec<_> = [1, 2, 3].map(|n| CustodianSecret::from_seed(&[n; 32])).into();
        let keys: Vec<_> = secrets.iter().map(|secret| secret.public().0).collect();
        let entrustment = entrust(&key, 2, &keys, &name()).expect("it can be shared");
        let reply = Reply::generate().expect("there is randomness");
        let (dealing, all) = deliveries(&entrustment, &secrets, reply.public());
        let recover = |reply: &Reply, some: &[(u8, VerifiedDelivery)]| {
            let found = reply.recover(2, &keys, &name(), &dealing, &some.to_vec().encode());
            found.map(|key| *key.as_bytes())
        };
        assert_eq!(recover(&reply, &all[1..]), Ok([5; 32]));
        assert!(recover(&reply, &all[..1]).is_err());
        // Another request's secret opens nothing.
        let other = Reply::generate().expect("there is randomness");
        assert!(recover(&other, &all).is_err());
        // From the browser's database, it is the same.
        let own = Secret::generate().expect("there is randomness");
        let sealed = reply.seal(&own, GENESIS, READER).expect("there is randomness");
        let opened = Reply::open(&own, GENESIS, READER, &sealed).expect("it opens");
        assert_eq!(recover(&opened, &all[..2]), Ok([5; 32]));
        let another = Secret::generate().expect("there is randomness");
        assert!(Reply::open(&another, GENESIS, READER, &sealed).is_err());
        assert!(Reply::open(&own, GENESIS, PATIENT, &sealed).is_err());
        assert!(profile::PROFILE.open(&own, GENESIS, READER, &sealed).is_err());
    }

    #[test]
    fn a_group_that_the_chain_does_not_have_is_refused() {
        let key = ContentKey::from_bytes([5; 32]);
        let one = CustodianSecret::from_seed(&[1; 32]).public().0;
        for (threshold, keys) in [(0, vec![one]), (2, vec![one]), (1, vec![one, one])] {
            assert!(entrust(&key, threshold, &keys, &name()).is_err(), "{threshold} {keys:?}");
        }
    }
}
