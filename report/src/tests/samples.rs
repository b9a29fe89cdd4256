//! Reports to draw.

use crate::{
    Block, Card, Class, Film, Hash, Measure, Model, Outcome, Record, Report, Request, MAX_WORKERS,
};

pub const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
const CHARLIE: &str = "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y";
const DAVE: &str = "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy";

/// 32 bytes that differ from each other.
pub fn hash(seed: u8) -> Hash {
    Hash(std::array::from_fn(|at| seed.wrapping_mul(31).wrapping_add((at * 89) as u8)))
}

/// A grey disc on a ramp.
pub fn film(width: u32, height: u32) -> Film {
    let (middle_x, middle_y) = (i64::from(width) / 2, i64::from(height) / 2);
    let radius = middle_x.min(middle_y) * 2 / 3;
    let grey = (0..i64::from(height)).flat_map(|y| {
        (0..i64::from(width)).map(move |x| {
            let inside = (x - middle_x).pow(2) + (y - middle_y).pow(2) < radius.pow(2);
            if inside {
                40
            } else {
                (120 + x * 100 / i64::from(width)) as u8
            }
        })
    });
    Film::new(width, height, grey.collect()).unwrap()
}

pub fn measure(name: &str, value: &str, interval: &str) -> Measure {
    Measure { name: name.into(), value: value.into(), interval: Some(interval.into()) }
}

pub fn verdict(parts: [u32; 3]) -> Outcome {
    let labels = ["covid", "ignore", "normal"];
    let most = (0..3).max_by_key(|at| (parts[*at], 3 - at)).unwrap();
    let class = |(label, probability): (&str, u32)| Class { label: label.into(), probability };
    Outcome::Verdict {
        label: labels[most].into(),
        probabilities: labels.into_iter().zip(parts).map(class).collect(),
        provisional_until: None,
        challengeable_until: None,
        challenged: false,
    }
}

/// A report with a verdict, which the outcome may replace.
pub fn report(outcome: Outcome) -> Report {
    let is_verdict = !matches!(
        outcome,
        Outcome::Pending { .. } | Outcome::Disputed { .. } | Outcome::Ended { .. }
    );
    Report {
        genesis: hash(1),
        block: Block { number: 4_711, hash: hash(2), time: 1_795_944_874_000 },
        record: Record {
            id: 3,
            patient: ALICE.into(),
            patient_name: None,
            author: BOB.into(),
            added_at: 4_000,
            cid: "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi".into(),
            digest: hash(3),
            superseded_by: None,
        },
        outcome,
        model: Some(Model {
            id: 0,
            name: "medchain-vgg16".into(),
            version: "3.0.0".into(),
            sha256: hash(4),
            threshold: 989_000,
            card: Some(Card {
                cid: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy".into(),
                measured_on: "internal test, 492 films".into(),
                measures: vec![
                    measure("recall covid", "0.901", "0.844 to 0.950"),
                    measure("precision covid", "0.971", "0.940 to 0.994"),
                    measure("recall normal", "0.979", "0.957 to 0.995"),
                    measure("precision normal", "0.925", "0.871 to 0.967"),
                    measure("AUC covid against normal", "0.994", "0.988 to 0.998"),
                    measure("accuracy", "0.959", "0.936 to 0.979"),
                ],
            }),
        }),
        request: Some(Request {
            id: 9,
            requester: BOB.into(),
            workers: vec![CHARLIE.into(), DAVE.into()],
            reached_at: is_verdict.then_some(4_200),
            receipt: is_verdict.then_some(hash(5)),
        }),
        salt: hash(6),
    }
}

/// A report that shows as much as a page may have to.
pub fn fullest() -> Report {
    let class =
        |at: u32| Class { label: format!("a class with a long name {at}"), probability: 125_000 };
    let mut report = report(Outcome::Verdict {
        label: "a class with a long name 0".into(),
        probabilities: (0..8).map(class).collect(),
        provisional_until: Some(u32::MAX),
        challengeable_until: Some(u32::MAX),
        challenged: false,
    });
    report.record.patient_name = Some("Đặng Thị Ngọc Ánh-Łukasiewicz \u{5d0}".into());
    report.record.superseded_by = Some(u64::MAX);
    report.record.id = u64::MAX;
    report.block.number = u32::MAX;
    let request = report.request.as_mut().unwrap();
    request.id = u64::MAX;
    request.workers = vec![ALICE.into(); MAX_WORKERS];
    report
}

/// Reports of every kind, by name.
pub fn all() -> Vec<(&'static str, Report)> {
    let challenged = |mut outcome: Outcome| {
        if let Outcome::Verdict { challenged, .. } = &mut outcome {
            *challenged = true;
        }
        outcome
    };
    let provisional = |mut outcome: Outcome| {
        if let Outcome::Verdict { provisional_until, challengeable_until, .. } = &mut outcome {
            (*provisional_until, *challengeable_until) = (Some(9_000), Some(9_000));
        }
        outcome
    };
    let ended = |how: &str, reason: &str| Outcome::Ended { how: how.into(), reason: reason.into() };
    let mut named = report(verdict([300, 100, 999_600]));
    named.record.patient_name = Some("María-José Núñez Łąkowska".into());
    let mut nothing = report(Outcome::NotOrdered);
    (nothing.model, nothing.request) = (None, None);
    let mut superseded = report(verdict([2_000, 995_000, 3_000]));
    superseded.record.superseded_by = Some(12);
    vec![
        ("positive", report(verdict([994_200, 300, 5_500]))),
        ("negative", named),
        ("uncertain", report(provisional(verdict([618_000, 4_000, 378_000])))),
        ("ignore", superseded),
        ("provisional", report(provisional(verdict([994_200, 300, 5_500])))),
        ("challenged", report(challenged(verdict([994_200, 300, 5_500])))),
        ("pending", report(Outcome::Pending { step: "committing".into(), until: 5_300 })),
        ("disputed", report(Outcome::Disputed { until: 5_300 })),
        (
            "failed",
            report(ended(
                "failed",
                "request 9 has no verdict: too many workers could not answer, the last one \
                 because: input-mismatch; the fees were released",
            )),
        ),
        ("annulled", report(Outcome::Annulled)),
        ("withdrawn", report(Outcome::Withdrawn)),
        ("unreadable", report(Outcome::Unreadable)),
        ("sealed", report(Outcome::Sealed)),
        ("not-ordered", nothing),
        ("fullest", fullest()),
    ]
}

/// Writes every report to the folder in the environment, for people to look at.
#[test]
fn samples_are_drawn() {
    let folder = std::env::var_os("REPORT_SAMPLES");
    let film = film(900, 750);
    for (name, report) in all() {
        let rendered = crate::render(&report, Some(&film));
        let pdf = rendered.unwrap_or_else(|error| panic!("{name}: {error}")).pdf;
        if let Some(folder) = &folder {
            let path = std::path::Path::new(folder).join(format!("report-{name}.pdf"));
            std::fs::write(path, pdf).unwrap();
        }
    }
}
