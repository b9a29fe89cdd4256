//! Which metrics and labels a PromQL expression names. It knows as much of the language
//! as dashboard and alerts use, and panics at anything else.

/// `metric{label="value"}`
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// The metric's name.
    pub metric: String,
    /// Each condition on a label.
    pub matchers: Vec<Matcher>,
}

/// A condition on a label.
#[derive(Debug, PartialEq, Eq)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// Whether it is `=`.
    pub is_equal: bool,
    /// The values that it names; empty for a variable of the dashboard.
    pub values: Vec<String>,
}

/// What an expression names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The metrics, with their conditions.
    pub selectors: Vec<Selector>,
    /// Labels that it groups by or joins on.
    pub labels: Vec<String>,
}

const OPERATORS: [&str; 4] = ["and", "or", "unless", "bool"];
const BEFORE_LABELS: [&str; 4] = ["by", "without", "on", "ignoring"];

/// Everything that `expression` names.
pub fn named(expression: &str) -> Named {
    let mut found = Named::default();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        rest = match first {
            '[' => after.split_once(']').expect("a range ends").1,
            '"' | '\'' | '{' | '$' => panic!("{first} where none is expected: {expression}"),
            '0'..='9' => after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '.'),
            c if is_name(c) => {
                let (name, after) = split_name(rest);
                let after = after.trim_start();
                if OPERATORS.contains(&name) {
                    after
                } else if BEFORE_LABELS.contains(&name) {
                    let labels = after.strip_prefix('(').expect("labels in parentheses");
                    let (labels, after) = labels.split_once(')').expect("labels end");
                    found.labels.extend(labels.split(',').map(|label| label.trim().to_owned()));
                    after
                } else if after.starts_with('(') || matches!(split_name(after).0, "by" | "without")
                {
                    // A function.
                    after
                } else {
                    let (matchers, after) = match after.strip_prefix('{') {
                        Some(inner) => read_matchers(inner),
                        None => (Vec::new(), after),
                    };
                    found.selectors.push(Selector { metric: name.to_owned(), matchers });
                    after
                }
            }
            _ => after,
        }
        .trim_start();
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

fn split_name(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()))
}

/// Reads up to the closing brace, and what follows it.
fn read_matchers(mut text: &str) -> (Vec<Matcher>, &str) {
    let mut matchers = Vec::new();
    loop {
        text = text.trim_start_matches([' ', ',']);
        if let Some(after) = text.strip_prefix('}') {
            return (matchers, after);
        }
        let (label, after) = split_name(text);
        let (operator, after) = after.split_once('"').expect("a value in quotes");
        let (value, after) = after.split_once('"').expect("the quotes end");
        let alternatives = match operator {
            "=" | "!=" => vec![value],
            "=~" | "!~" => value.split('|').collect(),
            _ => panic!("{operator} after {label}"),
        };
        let values = alternatives.into_iter().filter(|value| !value.starts_with('$'));
        matchers.push(Matcher {
            label: label.to_owned(),
            is_equal: operator == "=",
            values: values.map(str::to_owned).collect(),
        });
        text = after;
    }
}

#[test]
fn names_are_found_everywhere() {
    let found = named(
        r#"histogram_quantile(0.5, sum by (le, stage) (rate(a_bucket{stage=~"x|y",i=~"$i"}[5m]))) - on (k) b{k="v"} > 1e3 unless c"#,
    );
    let names: Vec<&str> = found.selectors.iter().map(|s| &*s.metric).collect();
    assert_eq!(names, ["a_bucket", "b", "c"]);
    assert_eq!(found.labels, ["le", "stage", "k"]);
    let values: Vec<_> = found.selectors[0].matchers.iter().map(|m| m.values.clone()).collect();
    assert_eq!(values, [vec!["x".to_owned(), "y".to_owned()], vec![]]);
    assert!(found.selectors[1].matchers[0].is_equal);
}
