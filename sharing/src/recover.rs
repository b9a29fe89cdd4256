//! Recovering: a reader collects deliveries until they open the content key.

use alloc::{collections::BTreeMap, vec::Vec};

use codec::Encode;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    curve::{self, Point},
    wrap::unwrap,
    Custodians, DealingContext, ReplySecret, SharingError, VerifiedDealing, VerifiedDelivery,
};

/// The deliveries that a reader has collected of one dealing.
pub struct Recovery<'a, AccountId> {
    dealing: &'a VerifiedDealing,
    threshold: u8,
    context: &'a DealingContext<AccountId>,
    shares: BTreeMap<u8, Point>,
}

impl<'a, AccountId: Encode> Recovery<'a, AccountId> {
    /// Begins with a dealing that was verified for these custodians, by a chain that the reader
    /// trusts or by itself.
    ///
    /// # Errors
    /// [`SharingError::MaxCustodiansExceeded`], [`SharingError::InvalidThreshold`],
    /// [`SharingError::DuplicateKey`], [`SharingError::InvalidPoint`],
    /// [`SharingError::ShareCountMismatch`]
    pub fn new(
        dealing: &'a VerifiedDealing,
        custodians: &Custodians,
        context: &'a DealingContext<AccountId>,
    ) -> Result<Self, SharingError> {
        if custodians.points()?.len() != dealing.shares.len() {
            return Err(SharingError::ShareCountMismatch);
        }
        let threshold = custodians.threshold;
        Ok(Self { dealing, threshold, context, shares: BTreeMap::new() })
    }

    /// Opens the verified delivery of the custodian with this number, counted from 1.
    ///
    /// `secret` is that of the reply key that the delivery was verified for. Another one opens
    /// garbage, and so does a delivery that was not verified.
    ///
    /// # Errors
    /// [`SharingError::ShareNotFound`], [`SharingError::InvalidPoint`]
    pub fn add(
        &mut self,
        number: u8,
        delivery: &VerifiedDelivery,
        secret: &ReplySecret,
    ) -> Result<(), SharingError> {
        if !(1..=self.dealing.shares.len()).contains(&usize::from(number)) {
            return Err(SharingError::ShareNotFound);
        }
        let masked = delivery.share.point()?;
        let opened = curve::unmask(&masked, &secret.0, &delivery.ephemeral.point()?);
        self.shares.insert(number, opened);
        Ok(())
    }

    /// Returns how many more shares are needed.
    pub fn missing(&self) -> usize {
        usize::from(self.threshold).saturating_sub(self.shares.len())
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
        let threshold = self.threshold.into();
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
        f.debug_struct("Recovery").field("dealing", &self.dealing.id).finish_non_exhaustive()
    }
}
