//! `medchain replay`: repeats the computation of a verdict and compares the sealed bytes.

use std::fmt;

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::chain::{Arithmetic, Verdict, View};
use medchain_primitives::{ModelId, RecordId, RequestId};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    inference::{self, Opened, RepetitionTimings, Running, Validity},
    models::Probabilities,
    output::{self, hex, Outcome},
    records,
};

/// Arguments of `medchain replay`.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
    /// The model's number, needed where several have answered.
    #[arg(long, value_parser = arguments::model())]
    pub model: Option<ModelId>,
    /// The model that runs, and what runs it.
    #[command(flatten)]
    pub running: Running,
}

/// A verdict and its repetition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplayReport {
    /// The record.
    pub record_id: RecordId,
    /// The model.
    pub model_id: ModelId,
    /// The request that the verdict answers.
    pub request_id: RequestId,
    /// Whether the repetition gives the sealed bytes and the receipt on chain.
    pub equal: bool,
    /// Whether it differs by rounding alone: the model computes in floats, and no probability
    /// differs by more than a step.
    pub rounding: bool,
    /// Whether a difference proves anything: the model's arithmetic.
    pub arithmetic: Arithmetic,
    /// Whether the film gives the square that its uploader committed to.
    pub film_as_committed: bool,
    /// Whether the verdict counts, and until when that can change.
    #[serde(flatten)]
    pub validity: Validity,
    /// What the verdict on chain says; none where it cannot be opened, or was annulled.
    pub verdict: Option<Opened>,
    /// The label of the repetition.
    pub replayed_label: String,
    /// The probabilities of the repetition.
    pub replayed_probabilities: Probabilities,
    /// The sealed answer on chain.
    pub sealed: String,
    /// The sealed answer of the repetition.
    pub replayed_sealed: String,
    /// The receipt on chain.
    pub receipt: String,
    /// The receipt of the repetition.
    pub replayed_receipt: String,
    /// How long the steps took.
    pub timings_ms: RepetitionTimings,
}

impl ReplayReport {
    /// Whether the verdict is repeated. What rounding explains is no mismatch.
    fn outcome(&self) -> Outcome {
        if self.equal || self.rounding {
            Outcome::Done
        } else {
            Outcome::No
        }
    }
}

impl fmt::Display for ReplayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record_id, request_id, model_id, .. } = self;
        if !self.film_as_committed {
            writeln!(f, "The film does not give the square that its uploader committed to.")?;
        }
        let so_far = self.validity.to_string();
        if self.equal {
            writeln!(f, "EQUAL: record {record_id} gives {} again", self.replayed_label)?;
            if !so_far.is_empty() {
                writeln!(f, "verdict        {so_far}")?;
            }
            writeln!(f, "probabilities  {}", self.replayed_probabilities)?;
            writeln!(f, "sealed         {}", self.sealed)?;
            return write!(f, "receipt        {}", self.receipt);
        }
        match self.rounding {
            true => writeln!(
                f,
                "EQUAL BUT FOR ROUNDING: record {record_id} gives {} again, and no probability \
                 differs by more than a step",
                self.replayed_label
            )?,
            false => writeln!(
                f,
                "NOT EQUAL: the verdict of request {request_id} on record {record_id} differs \
                 from what model {model_id} computes"
            )?,
        }
        if !so_far.is_empty() {
            writeln!(f, "on chain  {so_far}")?;
        }
        if self.arithmetic == Arithmetic::Float {
            writeln!(
                f,
                "The model computes in floats, whose last digits differ from machine to machine: \
                 the difference proves nothing."
            )?;
        }
        match &self.verdict {
            Some(opened) => writeln!(f, "on chain  {} [{}]", opened.label, opened.probabilities)?,
            None if !self.validity.counts() => {}
            None => writeln!(f, "on chain  does not open with the record's key")?,
        }
        writeln!(f, "replayed  {} [{}]", self.replayed_label, self.replayed_probabilities)?;
        writeln!(f, "on chain  {} (sealed)", self.sealed)?;
        writeln!(f, "replayed  {} (sealed)", self.replayed_sealed)?;
        writeln!(f, "on chain  {} (receipt)", self.receipt)?;
        write!(f, "replayed  {} (receipt)", self.replayed_receipt)
    }
}

/// Runs `medchain replay`.
pub async fn run(context: &Context, args: &ReplayArgs) -> Result<Outcome> {
    let report = replay(context, args).await?;
    output::print(&report, context.json)?;
    Ok(report.outcome())
}

/// Repeats the computation of a verdict from the record.
pub async fn replay(context: &Context, args: &ReplayArgs) -> Result<ReplayReport> {
    let view = context.view().await?;
    let record = records::find(&view, args.record).await?;
    let verdict = choose(&view, record.id, args.model).await?;
    let again = inference::repeat(context, &view, &record, &verdict, &args.running).await?;
    let validity = Validity::new(&verdict, view.number());
    let equal = again.equals(&verdict);
    let replayed_probabilities = Probabilities::from(&again.prediction);
    let is_near = |opened: &Opened| {
        opened.label == again.prediction.label
            && opened.probabilities.are_near(&replayed_probabilities)
    };
    let is_float = again.model.arithmetic == Arithmetic::Float;
    let rounding = !equal && is_float && again.verdict.as_ref().is_some_and(is_near);
    Ok(ReplayReport {
        record_id: record.id,
        model_id: verdict.model,
        request_id: verdict.request,
        equal,
        rounding,
        arithmetic: again.model.arithmetic,
        film_as_committed: again.film_as_committed,
        verdict: again.verdict.filter(|_| validity.counts()),
        validity,
        replayed_probabilities,
        replayed_label: again.prediction.label,
        sealed: hex(&verdict.sealed),
        replayed_sealed: hex(&again.sealed),
        receipt: hex(verdict.receipt.0),
        replayed_receipt: hex(again.receipt.0),
        timings_ms: again.timings_ms,
    })
}

async fn choose(view: &View, record: RecordId, model: Option<ModelId>) -> Result<Verdict> {
    if let Some(model) = model {
        return view.latest_verdict(record, model).await?.with_context(|| {
            format!(
                "model {model} has no verdict on record {record}; \
                     see `medchain show {record}`"
            )
        });
    }
    let mut all = view.verdicts_of(record).await?;
    match all.len() {
        0 => bail!(
            "there is no verdict on record {record} yet; \
             `medchain show {record}` shows whether one was ordered"
        ),
        1 => Ok(all.remove(0)),
        count => bail!("{count} models have a verdict on record {record}; choose one with --model"),
    }
}

#[cfg(test)]
mod tests {
    use medchain_primitives::VerdictStatus;

    use super::*;

    fn with(arithmetic: Arithmetic, equal: bool, validity: Validity) -> String {
        found(arithmetic, equal, validity).to_string()
    }

    fn found(arithmetic: Arithmetic, equal: bool, validity: Validity) -> ReplayReport {
        ReplayReport {
            record_id: RecordId(3),
            model_id: ModelId(0),
            request_id: RequestId(9),
            equal,
            rounding: false,
            arithmetic,
            film_as_committed: equal,
            validity,
            verdict: None,
            replayed_label: "normal".into(),
            replayed_probabilities: Probabilities(vec![("normal".into(), 1_000_000)]),
            sealed: "0x01".into(),
            replayed_sealed: "0x02".into(),
            receipt: "0x03".into(),
            replayed_receipt: "0x04".into(),
            timings_ms: RepetitionTimings::default(),
        }
    }

    fn validity(status: VerdictStatus, until: Option<u32>) -> Validity {
        Validity { status, provisional_until: until, challengeable_until: until }
    }

    fn report(arithmetic: Arithmetic, equal: bool) -> String {
        with(arithmetic, equal, validity(VerdictStatus::Standing, None))
    }

    #[test]
    fn it_says_equal_or_not_equal_and_what_a_difference_proves() {
        use Arithmetic::{Exact, Float};
        assert!(report(Exact, true).starts_with("EQUAL: record 3 gives normal again"));
        let differs = report(Exact, false);
        assert!(differs.contains("NOT EQUAL: the verdict of request 9"), "{differs}");
        assert!(differs.contains("does not give the square"), "{differs}");
        assert!(!differs.contains("proves nothing"), "{differs}");
        assert!(report(Float, false).contains("proves nothing"));
        assert!(!report(Float, true).contains("proves nothing"));
    }

    #[test]
    fn a_step_of_rounding_is_no_mismatch() {
        let of = |normal: u32, covid: u32| {
            Probabilities(vec![("normal".into(), normal), ("covid".into(), covid)])
        };
        assert!(of(900_000, 100_000).are_near(&of(900_100, 99_900)));
        assert!(!of(900_000, 100_000).are_near(&of(900_200, 99_800)));
        assert!(!of(900_000, 100_000).are_near(&Probabilities(Vec::new())));
    }

    #[test]
    fn what_rounding_explains_is_said_and_is_no_mismatch() {
        let standing = || validity(VerdictStatus::Standing, None);
        let mut differs = found(Arithmetic::Float, false, standing());
        assert_eq!(differs.outcome(), Outcome::No);
        differs.rounding = true;
        assert_eq!(differs.outcome(), Outcome::Done);
        let text = differs.to_string();
        assert!(text.contains("EQUAL BUT FOR ROUNDING: record 3 gives normal again"), "{text}");
        assert!(!text.contains("NOT EQUAL"), "{text}");
        assert_eq!(found(Arithmetic::Exact, true, standing()).outcome(), Outcome::Done);
    }

    #[test]
    fn it_says_whether_the_verdict_counts() {
        use Arithmetic::Exact;
        use VerdictStatus::{Annulled, Challenged, Standing};
        for equal in [true, false] {
            let text = with(Exact, equal, validity(Standing, Some(20)));
            assert!(text.contains("  provisional until block 20"), "{text}");
            let text = with(Exact, equal, validity(Challenged, None));
            assert!(text.contains("  challenged: another worker disputes it"), "{text}");
            let text = with(Exact, equal, validity(Annulled, None));
            assert!(text.contains("  annulled: it was shown to be wrong"), "{text}");
            assert!(!text.contains("does not open"), "{text}");
        }
    }
}
