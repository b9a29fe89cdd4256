//! What operators watch: dashboard, alerts and guide name only metrics that a running node,
//! worker and custodian show.

mod promql;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use medchain_e2e::{free_port, repository, CUSTODIANS};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

use super::one_worker::Working;

/// The labels of a series, its name under `__name__`.
type Series = BTreeMap<String, String>;

/// The answer of `url`, as Prometheus would store it for the job.
fn scrape(job: &str, url: &str) -> Vec<Series> {
    // A custodian may be just starting.
    let answer = Command::new("curl")
        .args(["--silent", "--fail", "--retry", "10", "--retry-connrefused", url])
        .output()
        .expect("curl is there");
    assert!(answer.status.success(), "{url} does not answer");
    let text = String::from_utf8(answer.stdout).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let of_target = [("job", job), ("instance", "127.0.0.1")];
    let from_prometheus = Series::from([("__name__".to_owned(), "up".to_owned())]);
    let mut all: Vec<Series> = lines.map(read_series).chain([from_prometheus]).collect();
    for series in &mut all {
        series.extend(of_target.map(|(label, value)| (label.to_owned(), value.to_owned())));
    }
    all
}

/// `name{label="value"} 1`; a value may hold anything but a bare quote.
fn read_series(line: &str) -> Series {
    let (name, mut rest) = line.split_at(line.find(['{', ' ']).expect("a name and a value"));
    let mut series = Series::from([("__name__".to_owned(), name.to_owned())]);
    while let Some((label, after)) = rest.trim_start_matches(['{', ',']).split_once("=\"") {
        let end = after.match_indices('"').find(|(at, _)| !after[..*at].ends_with('\\'));
        let end = end.expect("the quotes end").0;
        series.insert(label.to_owned(), after[..end].to_owned());
        rest = &after[end + 1..];
    }
    series
}

/// Everything that `expression` names and no series has.
fn missing(expression: &str, all: &[Series]) -> Vec<String> {
    let named = promql::named(expression);
    assert!(!named.selectors.is_empty(), "it asks for nothing: {expression}");
    let mut complaints = Vec::new();
    let mut labels = BTreeSet::new();
    for selector in &named.selectors {
        let of_name: Vec<&Series> =
            all.iter().filter(|series| series["__name__"] == selector.metric).collect();
        labels.extend(of_name.iter().flat_map(|series| series.keys().cloned()));
        let fits = |series: &Series| {
            let mut equal = selector.matchers.iter().filter(|m| m.is_equal);
            equal.all(|m| m.values.iter().all(|value| series.get(&m.label) == Some(value)))
        };
        if !of_name.iter().any(|series| fits(series)) {
            complaints.push(format!("{selector:?}"));
        }
        // An alternative or an exclusion that matches nothing is a typing error too.
        for matcher in &selector.matchers {
            for value in &matcher.values {
                if !of_name.iter().any(|series| series.get(&matcher.label) == Some(value)) {
                    complaints.push(format!("{} {}={value}", selector.metric, matcher.label));
                }
            }
            if !of_name.iter().any(|series| series.contains_key(&matcher.label)) {
                complaints.push(format!("{} {}", selector.metric, matcher.label));
            }
        }
    }
    let unknown = named.labels.iter().filter(|label| !labels.contains(*label));
    complaints.extend(unknown.map(|label| format!("the label {label}")));
    complaints
}

fn read(path: &str) -> String {
    let path = repository().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every expression of the alert rules.
fn alert_expressions() -> Vec<String> {
    let text = read("ops/prometheus/alerts.yml");
    let lines = text.lines().map(str::trim);
    let expressions: Vec<String> =
        lines.clone().filter_map(|line| line.strip_prefix("expr: ")).map(str::to_owned).collect();
    assert_eq!(expressions.len(), lines.filter(|line| line.starts_with("- alert: ")).count());
    assert!(
        expressions.iter().all(|text| !text.starts_with(['|', '>', '"', '\''])),
        "one line each"
    );
    expressions
}

/// Every value of a field called `key`, at any depth.
fn collect(value: &Value, key: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key).and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, key, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, key, found)),
        _ => {}
    }
}

/// Every expression of the dashboard, those of its variables included.
fn dashboard_expressions() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&read("ops/grafana/medchain.json")).unwrap();
    let mut found = Vec::new();
    collect(&dashboard, "expr", &mut found);
    assert!(!found.is_empty());
    let mut variables = Vec::new();
    collect(&dashboard, "definition", &mut variables);
    // `label_values(metric{…}, label)`, which is Grafana's own.
    found.extend(variables.iter().map(|text| {
        let inner = text.strip_prefix("label_values(").and_then(|text| text.strip_suffix(')'));
        let (selector, label) = inner.and_then(|text| text.rsplit_once(", ")).expect(text);
        format!("count by ({label}) ({selector})")
    }));
    found
}

/// The metrics that the guide mentions.
fn guide_expressions() -> Vec<String> {
    let guide = read("docs/operators-guide.md");
    let words = guide.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = ["medchain_worker_", "medchain_custodian_", "substrate_"];
    let of_ours = |word: &&str| ours.iter().any(|prefix| word.starts_with(prefix));
    words.filter(of_ours).map(str::to_owned).collect()
}

pub fn everything_that_dashboard_alerts_and_guide_name_is_shown(
    Working { world, worker, port }: &Working,
) {
    world.set_up_custodians();
    let custodian_port = free_port();
    let _custodian = world.custodian_at(CUSTODIANS[0], custodian_port);
    // Some series exist only once something has happened.
    let record = world.upload(&world.write_image("scan.png", &synthetic_radiograph_png(73)));
    world.verdict(record, worker);

    let jobs = read("ops/prometheus/prometheus.yml");
    let mut all = Vec::new();
    for (job, url) in [
        ("medchain-node", world.node_metrics()),
        ("medchain-worker", format!("http://127.0.0.1:{port}/metrics")),
        ("medchain-custodian", format!("http://127.0.0.1:{custodian_port}/metrics")),
    ] {
        assert!(jobs.contains(&format!("job_name: {job}\n")), "{job} is not in prometheus.yml");
        all.extend(scrape(job, &url));
    }
    let mut expressions = alert_expressions();
    expressions.extend(dashboard_expressions());
    expressions.extend(guide_expressions());
    let complaints: Vec<String> = expressions
        .iter()
        .flat_map(|text| {
            missing(text, &all).into_iter().map(move |what| format!("{what}\n  in {text}"))
        })
        .collect();
    assert!(complaints.is_empty(), "not shown:\n{}", complaints.join("\n"));

    // The check can fail.
    for (expression, complaint) in [
        ("medchain_worker_job", "medchain_worker_job"),
        (r#"medchain_worker_jobs{state="waits"}"#, "waits"),
        (r#"medchain_worker_jobs{stat="waiting"}"#, "stat"),
        (r#"medchain_worker_jobs{state=~"waiting|runs"}"#, "runs"),
        (r#"medchain_worker_jobs{state!="waits"}"#, "waits"),
        (r#"medchain_custodian_grants{state="refuses"}"#, "refuses"),
        (r#"substrate_block_height{job="medchain-worker"}"#, "medchain-worker"),
        ("sum by (sate) (medchain_worker_jobs)", "sate"),
    ] {
        let found = missing(expression, &all);
        assert!(found.iter().any(|text| text.contains(complaint)), "{expression}: {found:?}");
    }
}

/// Whatever has keys, or sees plaintext, writes no core dump, and its memory is in no swap.
#[test]
fn units_keep_memory_off_the_disk() {
    let mut units = 0;
    for entry in std::fs::read_dir(repository().join("ops/systemd")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "service") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let has = |setting: &str| text.lines().any(|line| line.starts_with(setting));
        for setting in ["LimitCORE=0", "MemorySwapMax=0", "MemoryMax=", "UMask=0077"] {
            assert!(has(setting), "{} has no {setting}", path.display());
        }
        // It has processes that may end for want of memory without it, and must not end before it.
        let is_worker = path.ends_with("medchain-worker.service");
        for setting in ["OOMPolicy=continue", "KillMode=mixed"] {
            assert!(!is_worker || has(setting), "{} has no {setting}", path.display());
        }
        units += 1;
    }
    assert!(units >= 5, "{units} units");
}

#[test]
fn alerts_fire_when_they_should_and_only_then() {
    assert!(
        Command::new("promtool").arg("--version").output().is_ok(),
        "no promtool on the PATH: scripts/setup.sh promtool unpacks one, and `make test` does both"
    );
    for arguments in [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts-test.yml"],
    ] {
        let output = Command::new("promtool")
            .args(arguments)
            .current_dir(repository().join("ops/prometheus"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}\n{said}\n{complained}");
    }
}
