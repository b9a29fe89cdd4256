//! A verdict as commands show it: opened for readers of its record, sealed for others.

use std::fmt;

use anyhow::Result;
use medchain_client::{
    chain::{Model, Verdict, View},
    crypto::{ContentKey, VerdictName},
    AccountId32, H256,
};
use medchain_primitives::{ModelId, Output, RequestId, VerdictStatus};
use serde::Serialize;

use super::Validity;
use crate::{
    models::{class, Probabilities},
    output::{self, counted, hex, joined},
};

/// The most earlier verdicts that are counted.
const MAX_EARLIER: usize = 1000;

/// A verdict on chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerdictReport {
    /// The model's number.
    pub model_id: ModelId,
    /// The model's name and version.
    pub model: String,
    /// The request that it answers.
    pub request_id: RequestId,
    /// The workers that gave this answer.
    pub workers: Vec<AccountId32>,
    /// How many they are.
    pub quorum: usize,
    /// The block in which it was reached.
    pub block_number: u32,
    /// Whether it counts, and until when that can change.
    #[serde(flatten)]
    pub validity: Validity,
    /// How many verdicts by the same model it replaces.
    pub earlier: usize,
    /// The answer, encrypted.
    pub sealed: String,
    /// The receipt, which `medchain replay` recomputes.
    pub receipt: String,
    /// Whether the reader's key opens the record, but not this: nobody can read it.
    pub unreadable: bool,
    /// What it says, for whoever can open the record; none where it was annulled.
    #[serde(flatten)]
    pub opened: Option<Opened>,
}

/// What a verdict says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Opened {
    /// The most probable class.
    pub label: String,
    /// The probability of every class.
    pub probabilities: Probabilities,
    /// Whether the label's probability is below the model's threshold.
    pub uncertain: bool,
}

impl Opened {
    /// Names the classes as the model does, and by number where it does not.
    pub fn new(output: &Output, model: Option<&Model>) -> Self {
        Self {
            label: class(usize::from(output.label), model),
            probabilities: Probabilities::new(output, model),
            // Without the model's threshold, no label is certain.
            uncertain: model.is_none_or(|model| model.is_uncertain(output)),
        }
    }
}

/// The name of a verdict on the chain with this genesis block: its key is derived from it.
pub fn name_of(genesis: H256, verdict: &Verdict) -> VerdictName {
    VerdictName {
        genesis: genesis.0,
        record: verdict.record,
        model: verdict.model,
        request: verdict.request,
    }
}

impl VerdictReport {
    /// Reads what belongs to a verdict, and opens it with one of `keys`, which are the
    /// content keys that may be the record's.
    pub async fn read(
        view: &View,
        genesis: H256,
        verdict: &Verdict,
        keys: &[ContentKey],
    ) -> Result<Self> {
        let model = view.model(verdict.model).await?;
        let (mut earlier, mut previous) = (0, verdict.previous);
        while let (Some(request), true) = (previous, earlier < MAX_EARLIER) {
            earlier += 1;
            previous = view.verdict(request).await?.and_then(|verdict| verdict.previous);
        }
        let name = name_of(genesis, verdict);
        Ok(Self::new(verdict, model.as_ref(), &name, keys, (view.number(), earlier)))
    }

    fn new(
        verdict: &Verdict,
        model: Option<&Model>,
        name: &VerdictName,
        keys: &[ContentKey],
        (now, earlier): (u32, usize),
    ) -> Self {
        let open = |key: &ContentKey| key.verdict_key(name).open(&verdict.sealed).ok();
        let validity = Validity::new(verdict, now);
        let output = keys.iter().find_map(open);
        let unreadable = output.is_none() && !keys.is_empty();
        // What was annulled must not be taken for a result, not by a script either.
        let output = output.filter(|_| validity.counts());
        Self {
            model_id: verdict.model,
            model: model.map_or_else(
                || format!("model {}", verdict.model),
                |model| format!("{} {}", model.name, model.version),
            ),
            request_id: verdict.request,
            workers: verdict.workers.clone(),
            quorum: verdict.workers.len(),
            block_number: verdict.reached_at,
            validity,
            earlier,
            sealed: hex(&verdict.sealed),
            receipt: hex(verdict.receipt.0),
            unreadable,
            opened: output.map(|output| Opened::new(&output, model)),
        }
    }
}

impl fmt::Display for VerdictReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let warning = self.validity.warning();
        match &self.opened {
            Some(opened) => {
                let label = output::label(&opened.label, opened.uncertain);
                match warning {
                    Some(warning) => writeln!(f, "{label} ({warning})")?,
                    None => writeln!(f, "{label}")?,
                }
                writeln!(f, "  probabilities  {}", opened.probabilities)?;
            }
            None if !self.validity.counts() => writeln!(f, "{}", self.validity)?,
            None if self.unreadable => writeln!(
                f,
                "unreadable: the record's key does not open it; do not trust its workers"
            )?,
            None => writeln!(
                f,
                "sealed: for the accounts with an envelope, and those that custodians serve"
            )?,
        }
        writeln!(f, "  model          {} (number {})", self.model, self.model_id)?;
        writeln!(f, "  request        {}", self.request_id)?;
        let equal = match self.quorum {
            1 => String::new(),
            count => format!(": {count} equal answers"),
        };
        writeln!(f, "  answered by    {}{equal}", joined(&self.workers))?;
        writeln!(f, "  block          {}", self.block_number)?;
        if let Some(until) = self.validity.provisional_until {
            writeln!(f, "  provisional    until block {until}: the answer of one worker")?;
        } else if let Some(until) = self.validity.challengeable_until {
            writeln!(f, "  challengeable  until block {until}, by a worker with another answer")?;
        }
        if self.validity.status == VerdictStatus::Challenged {
            writeln!(f, "  dispute        see `medchain disputes {}`", self.request_id)?;
        }
        if self.earlier > 0 {
            let earlier = counted(self.earlier as u64, "verdict");
            writeln!(f, "  before it      {earlier} by the same model")?;
        }
        write!(f, "  receipt        {}", self.receipt)
    }
}

#[cfg(test)]
pub mod tests {
    use medchain_client::chain::{Arithmetic, ModelStatus};
    use medchain_primitives::{PreprocessingId, Receipt, RecordId};

    use super::*;

    const GENESIS: H256 = H256([3; 32]);

    fn key() -> ContentKey {
        ContentKey::from_bytes([5; 32])
    }

    /// A verdict of these workers that is not sealed yet.
    pub fn test_verdict(status: VerdictStatus, workers: &[u8]) -> Verdict {
        Verdict {
            record: RecordId(4),
            model: ModelId(1),
            request: RequestId(9),
            workers: workers.iter().map(|worker| AccountId32([*worker; 32])).collect(),
            sealed: Default::default(),
            receipt: Receipt([0xab; 32]),
            reached_at: 12,
            challengeable_until: 20,
            status,
            previous: None,
        }
    }

    fn verdict(probabilities: &[f32]) -> Verdict {
        let mut verdict = test_verdict(VerdictStatus::Standing, &[7, 8]);
        let output = Output::quantise(probabilities).unwrap();
        verdict.sealed = key().verdict_key(&name_of(GENESIS, &verdict)).seal(&output);
        verdict
    }

    fn model(threshold: u32) -> Model {
        Model {
            id: ModelId(1),
            name: "vgg".into(),
            version: "1.0".into(),
            cid: medchain_client::store::cid_of(b"onnx"),
            sha256: [1; 32],
            card: None,
            labels: ["covid", "ignore", "normal"].map(String::from).to_vec(),
            preprocessing: PreprocessingId::default(),
            arithmetic: Arithmetic::Exact,
            min_quorum: 1,
            confidence_threshold_ppm: threshold,
            fee: 0,
            status: ModelStatus::Active,
        }
    }

    fn report(verdict: &Verdict, model: Option<&Model>, keys: &[ContentKey]) -> VerdictReport {
        VerdictReport::new(verdict, model, &name_of(GENESIS, verdict), keys, (20, 0))
    }

    #[test]
    fn a_label_below_the_threshold_carries_the_warning() {
        for (threshold, uncertain) in [(800_000, false), (800_001, true)] {
            let verdict = verdict(&[0.15, 0.05, 0.8]);
            let report = report(&verdict, Some(&model(threshold)), &[key()]);
            let opened = report.opened.as_ref().unwrap();
            assert_eq!(opened.label, "normal");
            assert_eq!(opened.uncertain, uncertain);
            assert_eq!(report.to_string().contains(output::UNCERTAIN), uncertain);
        }
    }

    #[test]
    fn without_its_model_a_verdict_is_uncertain_and_unnamed() {
        let opened = report(&verdict(&[0.0, 1.0, 0.0]), None, &[key()]).opened.unwrap();
        assert_eq!((opened.label.as_str(), opened.uncertain), ("class 1", true));
    }

    #[test]
    fn without_a_key_it_says_no_more_than_the_chain() {
        let verdict = verdict(&[0.15, 0.05, 0.8]);
        let sealed = report(&verdict, Some(&model(1)), &[]);
        assert!(sealed.to_string().starts_with("sealed"), "{sealed}");
        let json = serde_json::to_value(&sealed).unwrap();
        assert_eq!((json.get("label"), json["unreadable"].as_bool()), (None, Some(false)));
        let with_wrong_key = report(&verdict, Some(&model(1)), &[ContentKey::from_bytes([6; 32])]);
        assert!(with_wrong_key.unreadable && with_wrong_key.opened.is_none());
        // One of several keys.
        let keys = [ContentKey::from_bytes([6; 32]), key()];
        let opened = report(&verdict, Some(&model(1)), &keys);
        assert_eq!(serde_json::to_value(&opened).unwrap()["label"], "normal");
    }

    #[test]
    fn it_says_until_when_it_is_provisional_or_challengeable() {
        let mut verdict = verdict(&[0.15, 0.05, 0.8]);
        let at = |verdict: &Verdict, now| {
            VerdictReport::new(verdict, None, &name_of(GENESIS, verdict), &[], (now, 2)).to_string()
        };
        assert!(at(&verdict, 20).contains("challengeable  until block 20"));
        assert!(!at(&verdict, 20).contains("provisional"));
        verdict.workers.pop();
        assert!(at(&verdict, 20).contains("provisional    until block 20"));
        let over = at(&verdict, 21);
        assert!(!over.contains("provisional") && !over.contains("challengeable"), "{over}");
        assert!(over.contains("2 verdicts by the same model"));
    }

    #[test]
    fn a_challenged_verdict_says_so_beside_its_label() {
        let mut verdict = verdict(&[0.15, 0.05, 0.8]);
        verdict.status = VerdictStatus::Challenged;
        let report = report(&verdict, Some(&model(1)), &[key()]);
        let text = report.to_string();
        let first = "normal (challenged: another worker disputes it: do not rely on it)\n";
        assert!(text.starts_with(first), "{text}");
        assert!(text.contains("medchain disputes 9"), "{text}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((&json["status"], &json["label"]), (&"challenged".into(), &"normal".into()));
    }

    #[test]
    fn an_annulled_verdict_is_not_opened() {
        let mut verdict = verdict(&[0.15, 0.05, 0.8]);
        verdict.status = VerdictStatus::Annulled;
        for keys in [&[][..], &[key()]] {
            let report = report(&verdict, Some(&model(1)), keys);
            let text = report.to_string();
            assert!(text.starts_with("annulled: ") && text.contains("ask again\n"), "{text}");
            assert!(!text.contains("normal"), "{text}");
            let json = serde_json::to_value(&report).unwrap();
            assert_eq!((&json["status"], json.get("label")), (&"annulled".into(), None));
            assert!(!report.unreadable);
        }
    }
}
