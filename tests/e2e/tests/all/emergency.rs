//! Emergencies against the real chain, custodians and a reference policy.

use std::{
    fs,
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use medchain_client::chain::{Call, ChainEvent, CustodyError, EmrError, FailureKind};
use medchain_e2e::{
    address, wait_for, Running, World, CUSTODIANS, DOCTOR, ETHICS, HELPER, PATIENT, REGISTRAR,
    STRANGER,
};
use medchain_primitives::EmergencyReason;
use serde_json::{json, Value};

use super::{
    audit::valid_fhir,
    calls::{account, deliver, delivery, submit},
    custody::{film, logged, read, wait_to_read, BOND},
};

/// What the chain holds of an account.
fn held(world: &World, who: &str) -> u128 {
    let balance = world.done(who, &["balance"]);
    balance["held"].as_str().and_then(|text| text.parse().ok()).expect("an amount")
}

fn break_glass<'a>(records: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["emergency", "break-glass"];
    arguments.extend(records);
    arguments.extend(["--reason", "cannot-consent"]);
    arguments
}

#[test]
fn one_emergency_covers_three_films_of_a_patient() {
    let world = World::with_custodians();
    let custodians = CUSTODIANS.map(|who| world.custodian(who));
    let films = [film(&world, 521), film(&world, 522), film(&world, 523), film(&world, 524)];
    let [a, b, c, d] = films.each_ref().map(|film| film.0.to_string());

    // Not a stranger, not a custodian of the patient, and not a clinician who was revoked.
    let [keeper, ..] = CUSTODIANS;
    for clinician in [keeper, HELPER] {
        world.done(REGISTRAR, &["provider", "add", clinician, "clinician"]);
    }
    world.done(PATIENT, &["grant", "--to", HELPER, "--actions", "view"]);
    world.done(PATIENT, &["revoke", "--from", HELPER]);
    let no_one: [(&str, FailureKind); 3] = [
        (STRANGER, EmrError::NoGrant.into()),
        (keeper, CustodyError::CustodianOfPatient.into()),
        (HELPER, EmrError::GrantRevoked.into()),
    ];
    for (who, error) in no_one {
        let refused = world.run(who, &break_glass(&[&a, &b, &c]));
        assert_eq!(refused.one_error_line().lines().count(), 1, "{who}");
        // The chain says the same to a program that does not ask first.
        let patient = account(PATIENT);
        let reason = EmergencyReason::CannotConsent;
        let answer = submit(&world, who, &Call::BreakGlass { patient, reason });
        let said = format!("{who}: {answer:?}");
        assert!(answer.is_err_and(|answer| answer.is(error)), "{said}");
    }
    assert_eq!(emergencies(&world).len(), 0);

    // One bond, one review, three films; a fourth one later.
    let before = held(&world, DOCTOR);
    world.done(DOCTOR, &break_glass(&[&a, &b, &c]));
    films[..3].iter().for_each(|film| wait_to_read(&world, DOCTOR, film, &custodians));
    let again = world.run(DOCTOR, &break_glass(&[&d]));
    assert_ne!(again.code, 0, "one emergency at a time: {}", again.out);
    assert_eq!(read(&world, DOCTOR, films[3].0), None);
    world.done(DOCTOR, &["emergency", "request", &d]);
    wait_to_read(&world, DOCTOR, &films[3], &custodians);
    let bond = held(&world, DOCTOR) - before;
    assert!((BOND..2 * BOND).contains(&bond), "one bond for all of them, not {bond}");
    let open = emergencies(&world);
    assert_eq!((open.len(), &open[0]["status"]), (1, &"open".into()), "{open:?}");

    // Nobody reviews their own; the patient accepts, and the bond is back.
    let id = open[0]["emergency_id"].to_string();
    for who in [DOCTOR, STRANGER] {
        let refused = world.run(who, &["emergency", "review", &id, "--accept"]);
        assert_ne!(refused.code, 0, "{who} reviews it: {}", refused.out);
    }
    world.done(PATIENT, &["emergency", "review", &id, "--accept"]);
    assert!(held(&world, DOCTOR) < before + BOND, "the bond is back");
    let reviewed = emergencies(&world);
    assert!(reviewed.iter().all(|one| one["status"] == "accepted"), "{reviewed:?}");
    let log = world.done(PATIENT, &["audit", "--kind", "glass_broken,emergency_reviewed"]);
    let entries = log["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 2, "{log}");
    assert_eq!(entries[1]["details"]["accepted"], true, "{log}");
    for (record, _) in &films {
        assert_eq!(logged(&world, "share_delivered", *record).len(), 2, "record {record}");
    }
}

/// The patient's emergencies that are not closed.
fn emergencies(world: &World) -> Vec<Value> {
    let list = world.done(PATIENT, &["emergency", "list", "--patient", PATIENT]);
    list["emergencies"].as_array().expect("a list").clone()
}

pub fn what_stands_is_said_before_shares_are_waited_for(world: &World) {
    let id = film(world, 541).0.to_string();
    let path = world.folder().join("said");
    let mut command = world.medchain(DOCTOR, &break_glass(&[&id]));
    let command = command.arg("--yes").stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(fs::File::create(&path).unwrap()).spawn().unwrap();
    let said = || fs::read_to_string(&path).unwrap();
    wait_for("the emergency is named", Duration::from_secs(60), || {
        said().contains("is broken until block")
    });
    // No custodian runs, so that it waits for their shares.
    assert!(child.try_wait().unwrap().is_none(), "{}", said());
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(143), "{}", said());
    let said = said();
    let last = said.lines().find(|line| line.contains("interrupted: "));
    let last = last.unwrap_or_else(|| panic!("{said}"));
    assert!(last.contains("emergency ") && last.contains("is broken until block"), "{said}");
    assert_eq!(emergencies(world).len(), 1);
}

#[test]
fn what_the_patient_forbids_in_an_emergency_is_not_delivered() {
    let world = World::with_custodians();
    let (opened, closed, next) = (film(&world, 531), film(&world, 532), film(&world, 533));
    let [first, second, third] = [&opened, &closed, &next].map(|film| film.0.to_string());
    let custodians = CUSTODIANS.map(|who| world.custodian(who));
    world.done(DOCTOR, &break_glass(&[&first]));
    wait_to_read(&world, DOCTOR, &opened, &custodians);
    custodians.into_iter().for_each(Running::kill);

    // The patient says no while the second film is on its way.
    world.done(DOCTOR, &["emergency", "request", &second, "--no-wait"]);
    world.done(PATIENT, &["emergency", "forbid"]);
    let custodians = CUSTODIANS.map(|who| world.custodian(who));
    sleep(Duration::from_secs(20));
    let said = custodians.each_ref().map(Running::said).join("\n---\n");
    assert_eq!(logged(&world, "share_delivered", closed.0), Vec::<Value>::new(), "{said}");
    assert_eq!(read(&world, DOCTOR, closed.0), None, "{said}");
    let refused = world.run(DOCTOR, &["emergency", "request", &third]);
    assert!(refused.one_error_line().contains("EmergencyOptedOut"), "{}", refused.err);

    // A custodian that does not look sends its share all the same. It is not stored, and the
    // log says that the doctor holds it.
    let [careless, next, _] = CUSTODIANS;
    let (late, too_late) =
        (delivery(&world, careless, closed.0, DOCTOR), delivery(&world, next, closed.0, DOCTOR));
    let sent = submit(&world, careless, &deliver(closed.0, DOCTOR, late)).expect("it is logged");
    let exposed = |event: &ChainEvent| matches!(event, ChainEvent::ShareExposed { .. });
    assert!(sent.events.iter().any(exposed), "{:?}", sent.events);
    // The access is over now. A second share that arrives late is logged as well.
    let sent = submit(&world, next, &deliver(closed.0, DOCTOR, too_late)).expect("it is logged");
    assert!(sent.events.iter().any(exposed), "{:?}", sent.events);
    assert_eq!(read(&world, DOCTOR, closed.0), None);
    let log = logged(&world, "share_exposed", closed.0);
    assert_eq!(log.len(), 2, "{log:?}");
    for (entry, custodian) in log.iter().zip([careless, next]) {
        assert_eq!(entry["who"], Value::from(address(DOCTOR)), "{entry}");
        assert_eq!(entry["details"]["custodian"], Value::from(address(custodian)), "{entry}");
    }
    let ended = logged(&world, "access_ended", closed.0);
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!(ended[0]["details"]["reason"], "refused", "{ended:?}");

    // The review is still to come, and says no: the bond stays held until it is closed.
    let id = emergencies(&world)[0]["emergency_id"].to_string();
    let review = world.done(PATIENT, &["emergency", "review", &id, "--reject"]);
    assert!(held(&world, DOCTOR) >= BOND, "the bond is not back");
    let rejected = &emergencies(&world)[0];
    assert_eq!(rejected["status"], "rejected", "{rejected}");
    assert_eq!(rejected["rejected_by"], Value::from(address(PATIENT)), "{rejected}");
    assert_eq!(rejected["review_until"], review["overturnable_until"], "{rejected}");
    world.done(PATIENT, &["emergency", "allow"]);
    let refused = world.run(DOCTOR, &["emergency", "request", &second]);
    assert!(refused.one_error_line().contains("EmergencyRejected"), "{}", refused.err);
    let refused = world.run(PATIENT, &["emergency", "review", &id, "--accept"]);
    assert!(refused.one_error_line().contains("EmergencyAlreadyReviewed"), "{}", refused.err);
    overturned(&world, &id);
    world.done(PATIENT, &["audit", "--fhir", "emergency.json"]);
    valid_fhir(&world, "emergency.json");
}

/// The ethics committee accepts what was rejected, and nobody else does.
fn overturned(world: &World, id: &str) {
    let judge = ["emergency", "judge", id, "accept"];
    for who in [STRANGER, DOCTOR] {
        let refused = world.run(who, &judge);
        let said = refused.one_error_line();
        assert!(said.contains("only the ethics committee may"), "{said}");
    }
    let [first, second] = ETHICS;
    let before = held(world, DOCTOR);
    let proposed = world.done(first, &judge);
    assert_eq!((&proposed["body"], &proposed["threshold"]), (&json!("ethics"), &json!(2)));
    let shown = world.done(STRANGER, &["ethics", "show"]);
    assert_eq!(shown["judges"], "ethics", "{shown}");
    assert_eq!(shown["members"].as_array().map(Vec::len), Some(3), "{shown}");
    assert_eq!(shown["motions"][0]["call"], "Custody.judge_emergency", "{shown}");
    let motion = proposed["motion"].to_string();
    let vote = ["ethics", "vote", motion.as_str()];
    let refused = world.run(DOCTOR, &vote);
    assert!(refused.one_error_line().contains("NotMember"), "{}", refused.err);
    assert!(held(world, DOCTOR) >= before, "one of three has voted");
    assert_eq!(world.done(second, &vote)["executed"], true);
    assert!(held(world, DOCTOR) + BOND <= before, "the bond is back");
}
