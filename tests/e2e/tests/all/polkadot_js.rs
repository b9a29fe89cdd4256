//! The libraries behind Polkadot.js Apps decode this chain and its contracts.

use std::process::{Command, Output};

use medchain_e2e::{contract, repository, World};
use medchain_vision::synthetic_radiograph_png;

fn script(name: &str, world: &World, arguments: &[&str]) -> Output {
    Command::new("node")
        .arg(repository().join("tests/js").join(name))
        .args(arguments)
        .args(["--node", world.url(), "--bundle"])
        .arg(contract("access-control"))
        .output()
        .expect("Node.js is installed")
}

fn passed(output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains(" passed, 0 failed"), "{said}\n{complained}");
}

#[test]
fn polkadot_js_carries_the_flow() {
    let world = World::with_everybody();
    let worker = world.worker();
    let record = world.upload(&world.write_image("scan.png", &synthetic_radiograph_png(61)));
    world.verdict(record, &worker);
    passed(&script("flow.mjs", &world, &["--record", &record.to_string()]));
}

#[test]
fn the_contract_bundle_loads_and_runs() {
    passed(&script("contract.mjs", &World::new(), &[]));
}

#[test]
fn the_steps_of_the_readme_name_what_there_is() {
    passed(&script("readme.mjs", &World::new(), &[]));
}
