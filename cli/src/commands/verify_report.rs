//! `medchain verify-report`: a report beside the chain, value by value.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Record, RecordStatus, View},
    H256,
};
use medchain_primitives::{RecordId, RequestId, VerdictStatus};
use medchain_report::{
    compare, compare_code, Check, Code, Film, Finding, Hash, Printed, Read, CODE_PREFIX,
};
use serde::Serialize;

use crate::{
    context::Context,
    files,
    inference::Validity,
    output::{self, causes, Outcome},
    report::{gather, Choice, Opening, Wanted},
};

/// The largest PDF that is read, in bytes: several times what a page can have.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Arguments of `medchain verify-report`.
#[derive(Args, Clone, Debug)]
pub struct VerifyReportArgs {
    /// The report's PDF, or the text of the code on the page.
    #[arg(value_name = "FILE|TEXT")]
    pub report: String,
    /// The patient's name, where the page shows one and only its code is verified.
    #[arg(long, value_name = "NAME")]
    pub patient_name: Option<String>,
    /// The folder with the model card; defaults to the shipped one.
    #[arg(long, env = "MEDCHAIN_MODEL_DIR", value_name = "FOLDER")]
    pub model_dir: Option<PathBuf>,
}

/// How a report compares with the chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerifiedReport {
    /// The record that it is about.
    pub record_id: RecordId,
    /// Whether nothing differs.
    pub agrees: bool,
    /// Whether every value was compared.
    pub complete: bool,
    /// Every value, in order.
    pub checks: Vec<Check>,
    /// What the page must show, computed from the chain; none where only a reader can, where the
    /// node has dropped the state, or where the PDF was compared.
    pub expected: Option<Printed>,
}

impl VerifiedReport {
    fn new(record_id: RecordId, checks: Vec<Check>, expected: Option<Printed>) -> Self {
        let none = |finding| !checks.iter().any(|check| check.finding == finding);
        let (agrees, complete) = (none(Finding::Differs), none(Finding::NotCompared));
        Self { record_id, agrees, complete, checks, expected }
    }
}

impl fmt::Display for VerifiedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            writeln!(f, "{check}")?;
        }
        if let Some(expected) = &self.expected {
            writeln!(f, "\nThe page must show these values; compare them with the paper:")?;
            for check in compare(expected, expected, true) {
                writeln!(f, "  {}: {}", check.what, output::one_line(&check.detail))?;
            }
        }
        match (self.agrees, self.complete) {
            (false, _) => write!(f, "\nThe report does not agree with the chain."),
            (true, true) => write!(f, "\nThe report agrees with the chain."),
            (true, false) => write!(
                f,
                "\nWhat could be compared agrees with the chain. Not everything could: do not \
                 rely on the lines with a question mark."
            ),
        }
    }
}

/// Runs `medchain verify-report`; the answer is no where anything differs or was not compared.
pub async fn run(context: &Context, args: &VerifyReportArgs) -> Result<Outcome> {
    let report = verify(context, args).await?;
    output::print(&report, context.json)?;
    Ok(if report.agrees && report.complete { Outcome::Done } else { Outcome::No })
}

/// What is verified.
struct Claim {
    code: Code,
    /// The page; none where there is its code alone.
    page: Option<Box<Read>>,
}

impl Claim {
    fn read(text: &str) -> Result<Self> {
        // Up to the version; a file may be called `medchain-report.pdf`.
        let scheme = CODE_PREFIX.split_inclusive('/').next().unwrap_or(CODE_PREFIX);
        if text.trim().to_ascii_uppercase().starts_with(scheme) {
            return Ok(Self { code: text.parse()?, page: None });
        }
        let bytes = files::read_piped(Path::new(text), "the report", MAX_BYTES)?;
        let page = medchain_report::read(&bytes).with_context(|| format!("cannot read {text}"))?;
        Ok(Self { code: page.code(), page: Some(Box::new(page)) })
    }

    /// Whether the page is one of a piece.
    fn of_the_page(&self) -> Vec<Check> {
        let Some(page) = &self.page else { return Vec::new() };
        let what = "what is drawn on the page";
        let drawn = if page.is_as_drawn() {
            Check::agrees(what, "the values below and nothing else")
        } else {
            let why = "it is not what its values give: it was changed after it was made, or \
                       another version of medchain made it";
            Check::differs(what, why)
        };
        let what = "code on the page";
        let code = if page.attached.code == self.code.to_string() {
            Check::agrees(what, "belongs to the values below")
        } else {
            Check::differs(what, "it belongs to other values than those of the page")
        };
        vec![drawn, code]
    }
}

/// Compares a report with the chain.
pub async fn verify(context: &Context, args: &VerifyReportArgs) -> Result<VerifiedReport> {
    let claim = Claim::read(&args.report)?;
    let code = &claim.code;
    let id = RecordId(code.record);
    let mut checks = claim.of_the_page();
    let chain = context.chain().await?;
    let genesis =
        Check::of("chain, by its genesis hash", code.genesis, Hash(chain.genesis_hash().0));
    let is_here = genesis.finding == Finding::Agrees;
    checks.push(genesis);
    if !is_here {
        let why = "the node is on another chain; name one with --node";
        checks.push(Check::not_compared("everything else", why));
        return Ok(VerifiedReport::new(id, checks, None));
    }
    checks.push(of_block(context, code).await?);
    let newest = context.view().await?;
    let Some(record) = newest.record(id).await? else {
        checks.push(Check::differs("record", format!("the chain has no record {id}")));
        return Ok(VerifiedReport::new(id, checks, None));
    };
    let (view, is_then) = state(context, code, &newest).await?;
    if !is_then {
        let why = format!(
            "the node has dropped the state of block {}; compared with block {}. Name a node that \
             keeps all states with --node",
            code.block_number,
            newest.number()
        );
        checks.push(Check::not_compared("state at that block", why));
    }
    // A state that the node has dropped is not compared with today's.
    let then = is_then.then_some(&view);
    checks.extend(since(then, &newest, code, &record).await?);
    if !is_then && record.status == RecordStatus::Erased {
        let why = "the chain forgot the content of the record with its erasure";
        checks.push(Check::not_compared("everything else", why));
        return Ok(VerifiedReport::new(id, checks, None));
    }

    let opening = if context.has_signer() {
        match Opening::new(context, &newest, &record).await {
            Ok(opening) => Some(opening),
            Err(error) => {
                checks.push(Check::not_compared("film and verdict", causes(&error)));
                None
            }
        }
    } else {
        None
    };
    let opened = opening.is_some();
    let choice = code.request.map_or(Choice::Newest(None), |id| Choice::Request(RequestId(id)));
    let wanted = Wanted {
        record: id,
        choice,
        as_of: code.block_number,
        model_folder: args.model_dir.as_deref(),
    };
    let gathered = match gather(context, &view, wanted, opening).await {
        Ok(gathered) => gathered,
        // What the page claims is not on the chain: an answer, and no failure.
        Err(error) => {
            checks.push(Check::differs("request", causes(&error)));
            return Ok(VerifiedReport::new(id, checks, None));
        }
    };
    let mut report = gathered.report;
    report.block.number = code.block_number;
    report.block.hash = code.block_hash;
    let film = gathered.film.as_ref().map(Film::reduced).transpose()?;
    if let Some(page) = &claim.page {
        if !is_then {
            report.block.time = page.printed().report.block.time;
        }
        let expected = Printed::new(&report, film.as_ref())?;
        checks.extend(compare(page.printed(), &expected, opened));
        return Ok(VerifiedReport::new(id, checks, None));
    }
    report.record.patient_name.clone_from(&args.patient_name);
    let expected = Printed::new(&report, film.as_ref())?;
    checks.extend(compare_code(code, &expected, opened, is_then));
    // In another state, another page would be expected.
    let is_known = opened && is_then;
    Ok(VerifiedReport::new(id, checks, is_known.then_some(expected)))
}

/// Whether the chain has the block that is reported.
async fn of_block(context: &Context, code: &Code) -> Result<Check> {
    let chain = context.chain().await?;
    let what = format!("hash of block {}", code.block_number);
    let found = chain.hash_of(code.block_number).await?;
    let found = found.map_or_else(|| "no such block".to_owned(), |hash| Hash(hash.0).to_string());
    Ok(Check::of(&what, code.block_hash, found))
}

/// The state that is reported, or the newest one where the node has dropped it; and which.
async fn state(context: &Context, code: &Code, newest: &View) -> Result<(View, bool)> {
    let chain = context.chain().await?;
    let hash = H256(code.block_hash.0);
    if chain.hash_of(code.block_number).await? == Some(hash)
        && let Ok(view) = chain.at(hash).await
        && view.timestamp().await.is_ok_and(|time| time > 0)
    {
        return Ok((view, true));
    }
    let hash = newest.hash();
    Ok((chain.at(hash).await?, false))
}

/// Whether what the chain said then is still so.
async fn since(
    then: Option<&View>,
    newest: &View,
    code: &Code,
    record: &Record,
) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    let block = newest.number();
    if record.status == RecordStatus::Erased {
        let why = format!("the patient has erased the record by block {block}");
        checks.push(Check::differs("record today", why));
    }
    let (Some(then), Some(request), Some(_)) = (then, code.request, code.receipt) else {
        return Ok(checks);
    };
    let request = RequestId(request);
    let verdicts = (then.verdict(request).await?, newest.verdict(request).await?);
    if let (Some(then), Some(now)) = verdicts {
        let statuses = (then.status, Validity::new(&now, block));
        checks.push(of_statuses(statuses, (code.block_number, block)));
    }
    Ok(checks)
}

/// Whether a verdict counts today as it did at the block that is reported.
fn of_statuses((then, now): (VerdictStatus, Validity), (reported, newest): (u32, u32)) -> Check {
    let what = "verdict today";
    if then == now.status {
        return Check::agrees(what, format!("{then} at block {newest}, as at block {reported}"));
    }
    // Such as a dispute that came to its end: the page is not what a new one would be.
    let now = now.warning().unwrap_or("standing");
    Check::differs(what, format!("it was {then} at block {reported}, and at block {newest}: {now}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(checks: Vec<Check>) -> VerifiedReport {
        VerifiedReport::new(RecordId(3), checks, None)
    }

    #[test]
    fn only_what_was_compared_and_agrees_is_a_yes() {
        let (yes, no) = (Check::agrees("a", "b"), Check::differs("c", "d"));
        let unknown = Check::not_compared("e", "f");
        let all = report(vec![yes.clone()]);
        assert!(all.agrees && all.complete);
        assert!(all.to_string().ends_with("The report agrees with the chain."), "{all}");
        let forged = report(vec![yes.clone(), no, unknown.clone()]);
        assert!(!forged.agrees);
        let text = forged.to_string();
        for line in ["yes  a: b\n", "NO   c: d\n", "?    e: f\n", "does not agree"] {
            assert!(text.contains(line), "{text}");
        }
        let open = report(vec![yes, unknown]);
        assert!(open.agrees && !open.complete);
        assert!(open.to_string().contains("do not rely on the lines with a question mark"));
    }

    #[test]
    fn a_verdict_that_counts_otherwise_since_is_a_no() {
        use VerdictStatus::{Annulled, Challenged, Standing};
        let now = |status| Validity { status, provisional_until: None, challengeable_until: None };
        for status in [Standing, Challenged, Annulled] {
            let check = of_statuses((status, now(status)), (12, 20));
            assert_eq!(check.finding, Finding::Agrees, "{check}");
        }
        let annulled = of_statuses((Standing, now(Annulled)), (12, 20)).to_string();
        assert!(annulled.starts_with("NO   verdict today: it was standing at"), "{annulled}");
        assert!(annulled.contains("annulled: it was shown to be wrong"), "{annulled}");
        let settled = of_statuses((Challenged, now(Standing)), (12, 20));
        assert_eq!(settled.finding, Finding::Differs, "{settled}");
    }

    #[test]
    fn a_claim_is_a_code_or_a_file() {
        let error = |text: &str| format!("{:#}", Claim::read(text).err().unwrap());
        assert!(error("medchain-report/1/AB").contains("the code is damaged"));
        assert!(error("MEDCHAIN-REPORT/7/AB").contains("update the program"));
        assert!(error("/no/such.pdf").contains("cannot open the report"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.pdf");
        std::fs::write(&path, "%PDF-1.7\n").unwrap();
        let path = path.display().to_string();
        assert!(error(&path).contains("it is not a PDF"), "{}", error(&path));
        assert!(error("medchain-report.pdf").contains("cannot open the report"));
    }
}
