//! Custodians, a patient and readers.

use curve25519_dalek::{RistrettoPoint as Point, Scalar};
use medchain_primitives::{Cid, CidCodec, RecordId};
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};

use crate::*;

/// An account.
pub type Account = [u8; 32];

/// The content key that is shared.
pub const CONTENT_KEY: [u8; 32] = *b"a key of thirty-two random bytes";

/// A generator that gives the same numbers in each run.
pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Custodians and a dealing among them.
pub struct World {
    pub threshold: u8,
    pub secrets: Vec<CustodianSecret>,
    pub keys: Vec<CustodianKey>,
    pub context: DealingContext<Account>,
    pub dealing: Dealing,
    pub verified: VerifiedDealing,
    pub reply: ReplySecret,
}

impl World {
    /// `count` custodians, of whom any `threshold` open [`CONTENT_KEY`].
    pub fn new(threshold: u8, count: u8) -> Self {
        Self::with(threshold, count, 0)
    }

    /// The same, with other dice.
    pub fn with(threshold: u8, count: u8, dice: u64) -> Self {
        let secrets: Vec<_> = (1..=count).map(secret).collect();
        let keys: Vec<_> = secrets.iter().map(CustodianSecret::public).collect();
        let context = DealingContext {
            genesis: [1; 32],
            patient: [2; 32],
            dealer: [3; 32],
            cid: Cid::new(CidCodec::Raw, [4; 32]),
        };
        let custodians = Custodians { threshold, keys: &keys };
        let dealing = deal(&CONTENT_KEY, &custodians, &context, &mut rng(dice)).unwrap();
        let verified = dealing.verify(&custodians, &context).unwrap();
        let reply = ReplySecret::from_seed(&[9; 32]);
        Self { threshold, secrets, keys, context, dealing, verified, reply }
    }

    pub fn custodians(&self) -> Custodians<'_> {
        Custodians { threshold: self.threshold, keys: &self.keys }
    }

    pub fn verify(&self, dealing: &Dealing) -> Result<VerifiedDealing, SharingError> {
        dealing.verify(&self.custodians(), &self.context)
    }

    pub fn share(&self, number: u8) -> EntrustedShare {
        self.verified.share(number, self.keys[usize::from(number) - 1]).unwrap()
    }

    pub fn delivery_context(&self, number: u8) -> DeliveryContext<Account> {
        DeliveryContext {
            genesis: self.context.genesis,
            record: RecordId(5),
            custodian: [100 + number; 32],
            subject: [6; 32],
            reply: self.reply.public(),
        }
    }

    pub fn secret(&self, number: u8) -> &CustodianSecret {
        &self.secrets[usize::from(number) - 1]
    }

    pub fn deliver(&self, number: u8) -> Delivery {
        let context = self.delivery_context(number);
        deliver(self.secret(number), &self.share(number), &context, &mut rng(7)).unwrap()
    }

    /// What the reader has of these custodians' deliveries.
    pub fn recover(&self, numbers: &[u8]) -> Result<[u8; 32], SharingError> {
        let mut recovery = Recovery::new(&self.verified, &self.custodians(), &self.context)?;
        for number in numbers {
            let context = self.delivery_context(*number);
            let delivery = self.deliver(*number).verify(&self.share(*number), &context)?;
            recovery.add(*number, &delivery, &self.reply)?;
        }
        recovery.content_key().map(|key| *key)
    }

    /// The share of a custodian in the clear.
    pub fn opened(&self, number: u8) -> Point {
        let share = self.share(number);
        share.share.point().unwrap() - self.secret(number).0 * share.ephemeral.point().unwrap()
    }
}

/// The secret of the custodian with this number.
pub fn secret(number: u8) -> CustodianSecret {
    CustodianSecret::from_seed(&[number; 32])
}

/// A random scalar.
pub fn scalar(seed: u64) -> Scalar {
    *crate::curve::random(&mut rng(seed))
}

/// The points p(1)G to p(count)G.
pub fn points(coefficients: &[Scalar], count: u8) -> Vec<Point> {
    values(coefficients, count).iter().map(Point::mul_base).collect()
}

/// The values p(1) to p(count).
pub fn values(coefficients: &[Scalar], count: u8) -> Vec<Scalar> {
    (1..=count.into()).map(|place| value(coefficients, place)).collect()
}

/// The value of a polynomial, lowest coefficient first.
pub fn value(coefficients: &[Scalar], place: u64) -> Scalar {
    let place = Scalar::from(place);
    coefficients.iter().rev().fold(Scalar::ZERO, |sum, own| sum * place + own)
}

/// Asserts that something is refused, for any reason.
#[track_caller]
pub fn refused<T>(result: &Result<T, SharingError>) {
    assert!(result.is_err());
}
