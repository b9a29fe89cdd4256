//! How long things take. `cargo test -p medchain-sharing --release -- --ignored --nocapture times`

use std::time::{Duration, Instant};

use super::world::*;
use crate::*;

/// The median of many runs.
fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<_> = (0..101)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

#[test]
#[ignore = "measures, and asserts nothing"]
fn prints_times() {
    for (threshold, count) in [
        (1, 1),
        (2, 3),
        (3, 5),
        (1, 8),
        (4, 8),
        (7, 8),
        (8, 8),
        (1, 16),
        (8, 16),
        (15, 16),
        (16, 16),
    ] {
        let world = World::new(threshold, count);
        let custodians = world.custodians();
        let dealt = median(|| {
            deal(&CONTENT_KEY, &custodians, &world.context, &mut rng(1)).unwrap();
        });
        let verified = median(|| {
            world.verify(&world.dealing).unwrap();
        });
        println!("{threshold} of {count}: deal {dealt:?}, verify {verified:?}");
    }
    let world = World::new(4, 8);
    let (share, context, delivery) = (world.share(1), world.delivery_context(1), world.deliver(1));
    let delivered = median(|| {
        deliver(world.secret(1), &share, &context, &mut rng(1)).unwrap();
    });
    let verified = median(|| {
        delivery.verify(&share, &context).unwrap();
    });
    println!("deliver {delivered:?}, verify {verified:?}");
    let context = KeyContext { genesis: [1; 32], custodian: [101u8; 32] };
    let proof = secret(1).prove(&context, &mut rng(0)).unwrap();
    let key = secret(1).public();
    println!("verify a key {:?}", median(|| key.verify(&proof, &context).unwrap()));
}
