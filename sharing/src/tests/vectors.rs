//! The bytes stay what they are. They were computed by a second implementation,
//! `vectors.py`, which verifies and opens as well.

use codec::Encode;

use super::world::*;
use crate::*;

/// Everything that is derived or sent, for 2 of 3, 2 of 2 and 3 of 5 custodians.
fn all() -> String {
    let mut lines = Vec::new();
    for (threshold, count) in [(2, 3), (2, 2), (3, 5)] {
        let world = World::new(threshold, count);
        let context = KeyContext { genesis: [1; 32], custodian: [101u8; 32] };
        let proof = secret(1).prove(&context, &mut rng(0)).unwrap();
        lines.extend([
            hex::encode(world.keys.encode()),
            hex::encode(world.reply.public().0),
            hex::encode(proof.0),
            hex::encode(world.dealing.encode()),
            hex::encode(world.verified.id.0),
        ]);
        lines.extend((1..=count).map(|number| hex::encode(world.deliver(number).encode())));
    }
    lines.join("\n")
}

#[test]
fn the_bytes_are_pinned() {
    assert_eq!(all(), include_str!("vectors.txt").trim_end());
}
