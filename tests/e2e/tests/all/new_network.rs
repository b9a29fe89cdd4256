//! `scripts/new-network.py`: a new network, and none with public keys of development.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    thread::sleep,
    time::{Duration, Instant},
};

use medchain_e2e::{free_port, machine, program, repository, Running};
use serde_json::{json, Value};

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

fn make(folder: &Path, network: &Value, flags: &[&str]) -> Output {
    fs::write(folder.join("network.json"), network.to_string()).unwrap();
    Command::new(repository().join("scripts/new-network.py"))
        .args(["network.json", "chain.json", "--node"])
        .arg(program("medchain-node"))
        .args(flags)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn refused(folder: &Path, network: &Value) -> String {
    let output = make(folder, network, &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.lines().count() == 1, "{said}");
    assert!(said.starts_with("error: ") && !folder.join("chain.json").exists(), "{said}");
    said
}

fn new_address() -> String {
    let arguments = ["key", "generate", "--output-type", "json"];
    let output = Command::new(program("medchain-node")).args(arguments).output().unwrap();
    let key: Value = serde_json::from_slice(&output.stdout).unwrap();
    key["ss58Address"].as_str().unwrap().to_owned()
}

#[test]
fn a_network_starts_with_what_its_file_says_and_without_known_keys() {
    let _machine = machine();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [member, second, collator, aura, one, two, three] = [(); 7].map(|()| new_address());
    let network = json!({
        "name": "Test", "id": "medchain-test", "para_id": 4321, "relay_chain": "paseo",
        "council": [member, second],
        "ethics": [one, two, three],
        "institutions": [{ "name": "Clinic", "registrar": second }],
        "collators": [{ "account": collator, "aura": aura }],
        // More than 64 bits of the smallest unit, and a fraction.
        "balances": {
            member.clone(): 50_000_000, second.clone(): 1, collator.clone(): 0.5,
            one.clone(): 1, two.clone(): 1, three.clone(): 1,
        },
    });
    let with = |field: &str, value: Value| {
        let mut network = network.clone();
        network[field] = value;
        network
    };

    let known = with("collators", json!([{ "account": collator, "aura": ALICE }]));
    assert!(refused(folder, &known).contains("development key"));
    let mut known = network.clone();
    known["balances"][ALICE] = json!(1);
    assert!(refused(folder, &known).contains("development key"));
    let broken = member.replace(&member[20..23], "111");
    assert!(refused(folder, &with("council", json!([second, broken]))).contains("council[1]"));
    let secret = refused(folder, &with("council", json!([second, "my twelve secret words"])));
    assert!(!secret.contains("twelve"), "{secret}");
    assert!(refused(folder, &with("council", json!([member, aura]))).contains("not in balances"));
    assert!(refused(folder, &with("council", json!([]))).contains("nobody could decide"));
    assert!(refused(folder, &with("council", json!([member, member]))).contains("twice"));
    assert!(refused(folder, &with("council", json!([member]))).contains("--single-member"));
    assert!(refused(folder, &with("ethics", json!([one, two]))).contains("--without-ethics"));
    assert!(refused(folder, &with("ethics", json!([]))).contains("--without-ethics"));
    assert!(refused(folder, &with("ethics", json!([one, two, two]))).contains("twice"));
    let both = refused(folder, &with("ethics", json!([one, two, member])));
    assert!(both.contains("ethics[2] is in the council as well"), "{both}");
    assert!(refused(folder, &with("ethics", json!([one, two, aura]))).contains("not in balances"));
    let many: Vec<String> = (0..10).map(|_| new_address()).collect();
    assert!(refused(folder, &with("ethics", json!(many))).contains("the runtime takes 9"));
    assert!(refused(folder, &with("ethics", json!(one))).contains("must be a list"));
    let nameless = json!([{ "name": "", "registrar": second }]);
    assert!(refused(folder, &with("institutions", nameless)).contains("1 to 64 bytes"));
    // Nobody is root: a file from before there was a council is refused.
    assert!(refused(folder, &with("sudo", json!(member))).contains("sudo is gone"));
    assert!(refused(folder, &with("collators", json!([]))).contains("nobody would make blocks"));
    assert!(refused(folder, &with("para_id", json!("2000"))).contains("para_id"));
    assert!(refused(folder, &with("councill", json!(member))).contains("councill is not known"));
    let dust = json!({ member.clone(): 0.0000001, second.clone(): 1, collator.clone(): 1 });
    assert!(refused(folder, &with("balances", dust)).contains("at least 0.001 MEDC"));

    let output = make(folder, &network, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(refused_because_it_exists(&make(folder, &network, &[])));
    let spec: Value =
        serde_json::from_slice(&fs::read(folder.join("chain.json")).unwrap()).unwrap();
    assert_eq!((&spec["para_id"], &spec["relay_chain"]), (&json!(4321), &json!("paseo")));
    assert_eq!(spec["bootNodes"], json!([]));

    // Without a relay chain, as on one machine.
    let port = free_port();
    let mut command = Command::new(program("medchain-node"));
    command
        .args(["--chain", "chain.json", "--dev-block-time", "1000", "--base-path", "data"])
        .args(["--rpc-port", &port.to_string(), "--no-prometheus", "--no-telemetry", "--no-mdns"])
        .args(["--listen-addr", "/ip4/127.0.0.1/tcp/0"])
        .current_dir(folder);
    let mut node = Running::start(&mut command, &folder.join("node.log"));
    let started = Instant::now();
    let spendable = |who: &str| -> Option<String> {
        let output = Command::new(program("medchain"))
            .args(["balance", who, "--json", "--node", &format!("ws://127.0.0.1:{port}")])
            .output()
            .unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).ok()?;
        Some(answer["spendable"].as_str()?.to_owned())
    };
    let rich = loop {
        assert!(
            !node.has_ended() && started.elapsed() < Duration::from_secs(120),
            "{}",
            node.said()
        );
        if let Some(found) = spendable(&member) {
            break found;
        }
        sleep(Duration::from_millis(500));
    };
    // All but the existential deposit of 0.001 MEDC.
    assert_eq!(rich, "49999999999000000000");
    assert_eq!(spendable(&collator).as_deref(), Some("499000000000"));
    assert_eq!(spendable(ALICE).as_deref(), Some("0"), "{}", node.said());
    let council = Command::new(program("medchain"))
        .args(["council", "show", "--json", "--node", &format!("ws://127.0.0.1:{port}")])
        .output()
        .unwrap();
    let council: Value = serde_json::from_slice(&council.stdout).unwrap();
    assert_eq!(council["sudo"], Value::Null);
    let members: Vec<&str> =
        council["members"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(members.len() == 2 && members.contains(&second.as_str()), "{members:?}");
    let ethics = Command::new(program("medchain"))
        .args(["ethics", "show", "--json", "--node", &format!("ws://127.0.0.1:{port}")])
        .output()
        .unwrap();
    let ethics: Value = serde_json::from_slice(&ethics.stdout).unwrap();
    assert_eq!(ethics["judges"], "ethics", "{ethics}");
    let members = ethics["members"].as_array().unwrap();
    assert!(members.len() == 3 && members.contains(&json!(two)), "{members:?}");
    while !node.said().contains("Imported #2") {
        assert!(started.elapsed() < Duration::from_secs(120), "no blocks: {}", node.said());
        sleep(Duration::from_millis(500));
    }
}

fn refused_because_it_exists(output: &Output) -> bool {
    let said = String::from_utf8_lossy(&output.stderr);
    !output.status.success() && said.contains("chain.json exists")
}
