//! The runtime needs nothing that only medchain-node has.

use medchain_e2e::{program, World};
use medchain_vision::synthetic_radiograph_png;

/// `node/examples/omni-node.rs` is the published `polkadot-omni-node`.
/// `MEDCHAIN_OMNI_NODE` names a different program, such as an installed one.
#[test]
fn the_stock_omni_node_runs_the_chain_and_the_main_job() {
    let node = std::env::var_os("MEDCHAIN_OMNI_NODE")
        .map_or_else(|| program("examples/omni-node"), Into::into);
    let spec = program("medchain-node").with_file_name("medchain-dev.json");
    assert!(spec.is_file(), "{} is missing: run 'make build' first", spec.display());
    let world = World::run_by(&node);
    world.set_up();
    let worker = world.worker();
    let record = world.upload(&world.write_image("scan.png", &synthetic_radiograph_png(51)));
    world.verdict(record, &worker);
}
