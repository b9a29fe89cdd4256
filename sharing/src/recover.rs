//! Recovering: a reader collects deliveries until they open the content key.

use alloc::collections::BTreeMap;

use codec::Encode;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    curve::{self, Point},
    wrap::unwrap,
    Custodians, Dealing, DealingContext, DealingId, Delivery, DeliveryContext, ReplySecret,
    SharingError,
};

/// The deliveries that a reader has collected of one dealing.
pub struct Recovery<'a, AccountId> {
    dealing: &'a Dealing,
    custodians: Custodians<'a>,
    context: &'a DealingContext<AccountId>,
    id: DealingId,
    shares: BTreeMap<u8, Point>,
}

impl<'a, AccountId: Encode> Recovery<'a, AccountId> {
    /// Begins with a dealing, which is verified.
    ///
    /// # Errors
    /// Those of [`Dealing::verify`].
    pub fn new(
        dealing: &'a Dealing,
        custodians: Custodians<'a>,
        context: &'a DealingContext<AccountId>,
    ) -> Result<Self, SharingError> {
        let id = dealing.verify(&custodians, context)?;
        Ok(Self { dealing, custodians, context, id, shares: BTreeMap::new() })
    }

    /// Verifies the delivery of the custodian with this number, counted from 1, and opens it.
    ///
    /// Only what fits is kept, and each number once: deliveries that are refused do no harm.
    ///
    /// # Errors
    /// [`SharingError::ShareNotFound`], [`SharingError::KeyMismatch`] where the delivery is for
    /// another reply key, and those of [`Delivery::verify`].
    pub fn add(
        &mut self,
        number: u8,
        delivery: &Delivery,
        context: &DeliveryContext<AccountId>,
        secret: &ReplySecret,
    ) -> Result<(), SharingError> {
        let share = self.dealing.share(self.id, &self.custodians, number)?;
        if secret.public() != context.reply {
            return Err(SharingError::KeyMismatch);
        }
        delivery.verify(&share, context)?;
        let masked = delivery.share.point()?;
        let opened = curve::unmask(&masked, &secret.0, &delivery.ephemeral.point()?);
        self.shares.insert(number, opened);
        Ok(())
    }

    /// Returns how many more shares are needed.
    pub fn missing(&self) -> usize {
        usize::from(self.custodians.threshold).saturating_sub(self.shares.len())
    }

    /// Opens the content key.
    ///
    /// Whether it is the key of the content, only the content tells.
    ///
    /// # Errors
    /// [`SharingError::SharesMissing`], [`SharingError::InvalidWrappedKey`]
    pub fn content_key(&self) -> Result<Zeroizing<[u8; 32]>, SharingError> {
        if self.missing() > 0 {
            return Err(SharingError::SharesMissing);
        }
        let threshold = self.custodians.threshold.into();
        let shares = self.shares.iter().map(|(number, share)| (*number, *share));
        let mut shares: Vec<(u8, Point)> = shares.take(threshold).collect();
        let shared = Zeroizing::new(curve::interpolate(&shares));
        for (_, share) in &mut shares {
            share.zeroize();
        }
        unwrap(&self.dealing.wrapped, &shared, &self.dealing.ephemeral, self.context)
    }
}

impl<AccountId> Drop for Recovery<'_, AccountId> {
    fn drop(&mut self) {
        for share in self.shares.values_mut() {
            share.zeroize();
        }
    }
}

impl<AccountId> core::fmt::Debug for Recovery<'_, AccountId> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Recovery").field("dealing", &self.id).finish_non_exhaustive()
    }
}
