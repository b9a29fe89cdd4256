//! Publicly verifiable sharing of content keys among custodians.
//!
//! A dealer shares a key so that any t of n custodians can give it to a reader, and fewer know
//! nothing of it. Everybody, the chain first, can verify without a secret that
//! - a [`Dealing`] gives *every* t custodians the same key, and by interpolation no t - 1, and
//! - a [`Delivery`] is the custodian's own share, encrypted to this reader.
//!
//! ```text
//! custodian  x, y = xG           ── CustodianKey, KeyProof ──►  chain, once
//! dealer     D = rG, Cᵢ = p(i)G + r·yᵢ, key under p(0)G ── Dealing ──►  chain
//! reader     R = sG              ── ReplyKey ──►  chain, one for each request
//! custodian  E = kG, B = Cᵢ - xD + kR ── Delivery ──►  chain
//! reader     p(i)G = B - sE; t of them interpolate to p(0)G, which opens the key
//! ```
//! The sharing is DHPVSS (Cascudo, David, Garms and Konring, "YOLO YOSO", Asiacrypt 2022,
//! <https://eprint.iacr.org/2022/242>), in the group ristretto255 (RFC 9496). Its one proof
//! shows with the test of SCRAPE (Cascudo and David 2017, <https://eprint.iacr.org/2017/216>)
//! that the shares are those of one polynomial, and that this is of no lower degree than it
//! should be, for a few points more. The delivery follows Calypso
//! (<https://eprint.iacr.org/2018/209>), with randomness of its own in each. See
//! `docs/adr/0023-verifiable-sharing.md` for the reasons and what it does not protect from.
//!
//! What verifies is `no_std`, never panics, and draws on no randomness. What deals, delivers
//! and recovers is behind the feature `dealing`, which `std` turns on.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unreachable
    )
)]

extern crate alloc;

mod context;
mod curve;
mod deal;
mod deliver;
mod error;
mod key;
mod proof;
#[cfg(feature = "dealing")]
mod recover;
#[cfg(feature = "dealing")]
mod secret;
mod transcript;
mod wire;
#[cfg(feature = "dealing")]
mod wrap;

#[cfg(test)]
mod tests;

pub use context::{Custodians, DealingContext, DeliveryContext, KeyContext};
#[cfg(feature = "dealing")]
pub use deal::deal;
#[cfg(feature = "dealing")]
pub use deliver::deliver;
pub use error::SharingError;
#[cfg(feature = "dealing")]
pub use recover::Recovery;
#[cfg(feature = "dealing")]
pub use secret::{CustodianSecret, ReplySecret};
pub use wire::{
    CustodianKey, Dealing, DealingId, DealingProof, Delivery, DeliveryProof, EncryptedShare,
    EntrustedShare, Entrustment, EphemeralKey, KeyProof, ReplyKey, VerifiedDealing,
    VerifiedDelivery, WrappedKey, MAX_CUSTODIANS,
};
