//! Deliveries that are no share: every one is refused, at the custodian's expense.

use frame_support::{assert_ok, dispatch::Pays};
use medchain_primitives::Action;
use medchain_sharing::{Delivery, DeliveryProof, EncryptedShare, EphemeralKey};

use super::world::*;
use crate::{mock::*, Error};

/// Each with one thing wrong.
fn garbled(honest: Delivery) -> Vec<Delivery> {
    let point = EncryptedShare(reply(STRANGER).0);
    let flipped = |index: usize| {
        let mut proof = honest.proof;
        proof.0[index] ^= 1;
        Delivery { proof, ..honest }
    };
    vec![
        // Another point where the share is: what a custodian that sabotages delivers.
        Delivery { share: point, ..honest },
        Delivery { ephemeral: EphemeralKey(point.0), ..honest },
        Delivery {
            ephemeral: EphemeralKey(honest.share.0),
            share: EncryptedShare(honest.ephemeral.0),
            ..honest
        },
        // No points, and the identity.
        Delivery { share: EncryptedShare(NO_POINT), ..honest },
        Delivery { ephemeral: EphemeralKey(NO_POINT), ..honest },
        Delivery { share: EncryptedShare([0; 32]), ..honest },
        Delivery { ephemeral: EphemeralKey([0; 32]), ..honest },
        // Proofs: nothing, scalars above the order, one bit in each scalar.
        Delivery { proof: DeliveryProof([0; 96]), ..honest },
        Delivery { proof: DeliveryProof([0xff; 96]), ..honest },
        flipped(0),
        flipped(32),
        flipped(64),
    ]
}

#[test]
fn garbage_is_refused_and_paid_for() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 2);
        let honest = delivery_of(CUSTODIAN, XRAY, READER);
        for delivery in garbled(honest) {
            let refused = submit(CUSTODIAN, XRAY, READER, delivery);
            assert_eq!(refused, Err((Error::<Test>::InvalidDelivery.into(), Pays::Yes)));
        }
        assert_eq!(Policy::asked(), [], "the proof comes first");
        // The honest share is still welcome.
        assert_ok!(deliver(CUSTODIAN, READER));
        assert_ok!(deliver(CUSTODIAN_2, READER));
        assert_eq!(recover(XRAY, READER), Some(CONTENT_KEY));
    });
}

/// Otherwise a custodian could end grants, or have accounts blamed for shares that they do
/// not hold.
#[test]
fn garbage_exposes_nothing_where_access_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        let honest = delivery_of(CUSTODIAN, XRAY, READER);
        Policy::revoke(ALICE, READER, Action::View);
        for delivery in garbled(honest) {
            let refused = submit(CUSTODIAN, XRAY, READER, delivery);
            assert_eq!(refused, Err((Error::<Test>::InvalidDelivery.into(), Pays::Yes)));
        }
        // Nor after the last block.
        System::set_block_number(2 + ACCESS_PERIOD);
        for delivery in garbled(honest) {
            let refused = submit(CUSTODIAN, XRAY, READER, delivery);
            assert_eq!(refused, Err((Error::<Test>::InvalidDelivery.into(), Pays::Yes)));
        }
        // Nor when the grant is gone.
        assert_ok!(Custody::expire_grant(signed(STRANGER), XRAY, READER));
        for delivery in garbled(honest) {
            let refused = submit(CUSTODIAN, XRAY, READER, delivery);
            assert_eq!(refused, Err((Error::<Test>::InvalidDelivery.into(), Pays::Yes)));
        }
    });
}
