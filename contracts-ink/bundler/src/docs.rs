//! Checks the documentation in a contract's metadata. It is what people read in
//! Polkadot.js Apps, which shows only the first line of each text.

use anyhow::{Context, Result};
use serde_json::Value;

/// The parts of the metadata that need documentation, with the name of one.
const PARTS: [(&str, &str); 3] =
    [("constructors", "constructor"), ("messages", "message"), ("events", "event")];

/// Returns what is wrong with the documentation in the metadata that ink!
/// generated (JSON), one sentence for each constructor, message and event.
pub fn faults(abi: &[u8]) -> Result<Vec<String>> {
    let abi: Value = serde_json::from_slice(abi).context("the metadata is not JSON")?;
    let mut faults = Vec::new();
    for (part, one) in PARTS {
        let items = abi["spec"][part].as_array();
        for item in items.with_context(|| format!("the metadata has no list of {part}"))? {
            let label = item["label"].as_str().with_context(|| format!("a {one} has no name"))?;
            let lines = item["docs"].as_array().into_iter().flatten();
            let lines: Vec<&str> = lines.filter_map(Value::as_str).map(str::trim).collect();
            if let Some(fault) = fault(&lines) {
                faults.push(format!("the {one} `{label}` {fault}"));
            }
        }
    }
    Ok(faults)
}

/// Returns what is wrong with one text.
fn fault(lines: &[&str]) -> Option<String> {
    let (first, rest) = match lines {
        [] | ["", ..] => return Some("has no documentation: describe it with `///`".into()),
        [first, rest @ ..] => (first, rest),
    };
    if rest.first().is_some_and(|second| !second.is_empty()) {
        return Some(format!(
            "needs a first line of documentation that stands alone, and a blank `///` line \
             after it: `{first}` continues on the next line"
        ));
    }
    if !first.ends_with('.') {
        return Some(format!("needs documentation that ends with a full stop: `{first}` does not"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The faults of metadata with one message that has this documentation.
    fn of_message(docs: &[&str]) -> Vec<String> {
        let spec = json!({
            "constructors": [{ "label": "new", "docs": [" Creates it."] }],
            "messages": [{ "label": "Policy::check", "docs": docs }],
            "events": [],
        });
        faults(json!({ "spec": spec }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_first_line_that_stands_alone_is_enough() {
        assert!(of_message(&[" Decides."]).is_empty());
        assert!(of_message(&[" Decides.", "", " As the patient", " chose"]).is_empty());
    }

    #[test]
    fn fails_when_the_documentation_is_missing() {
        for docs in [&[][..], &[""], &[" "], &["", " Decides."]] {
            let [fault] = &of_message(docs)[..] else { panic!("{docs:?} has no fault") };
            assert!(
                fault.starts_with("the message `Policy::check` has no documentation"),
                "{fault}"
            );
        }
    }

    #[test]
    fn fails_when_the_first_paragraph_has_several_lines() {
        let faults = of_message(&[" Decides as the", " patient chose."]);
        assert_eq!(
            faults,
            ["the message `Policy::check` needs a first line of documentation that stands alone, \
              and a blank `///` line after it: `Decides as the` continues on the next line"]
        );
    }

    #[test]
    fn fails_when_the_first_line_does_not_end_with_a_full_stop() {
        let faults = of_message(&[" Decides"]);
        assert_eq!(
            faults,
            ["the message `Policy::check` needs documentation that ends with a full stop: \
              `Decides` does not"]
        );
    }

    #[test]
    fn constructors_and_events_are_checked_too() {
        let spec = json!({
            "constructors": [{ "label": "new", "docs": [] }],
            "messages": [],
            "events": [{ "label": "Granted" }],
        });
        let found = faults(json!({ "spec": spec }).to_string().as_bytes()).unwrap();
        assert!(found[0].starts_with("the constructor `new` "), "{found:?}");
        assert!(found[1].starts_with("the event `Granted` "), "{found:?}");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn metadata_without_a_list_of_messages_is_refused() {
        assert!(faults(b"{}").is_err());
        assert!(faults(b"no JSON").is_err());
    }
}
