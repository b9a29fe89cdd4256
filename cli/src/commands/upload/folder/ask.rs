//! The verdicts that a list orders, moved on while further films are added: a request expires that
//! waits too long for its draw.

use std::{pin::pin, sync::PoisonError};

use anyhow::{anyhow, Context as _, Result};
use futures::{stream, StreamExt};
use medchain_primitives::{ModelId, RecordId, RequestId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::{
    super::unfinished,
    report::{FileOutcome, FileReport},
    Run,
};
use crate::{
    inference::{self, RecordKey},
    output::causes,
    records,
};

/// How many requests for verdicts are moved on at a time.
const AT_ONCE: usize = 4;

/// A verdict that was ordered with a record, and whose request is still to be moved on.
pub(super) struct Ask {
    /// What is told of the film then.
    pub(super) report: FileReport,
    /// The model.
    pub(super) model: ModelId,
    /// The request and the record's key; none where an earlier command made the request.
    pub(super) known: Option<(RequestId, RecordKey)>,
}

/// Where requests wait for being moved on.
pub(super) type Asks = UnboundedSender<Ask>;

impl Run<'_> {
    /// Tells what became of a film. Where it was added before and a verdict was ordered with it,
    /// that is moved on first: the command that added it may have ended before it did so.
    pub(super) fn tell(&self, report: FileReport, asks: &Asks) -> Result<()> {
        match report.model {
            Some(model) if report.outcome == FileOutcome::AddedBefore => {
                self.order(Ask { report, model, known: None }, asks)
            }
            _ => self.count(&report),
        }
    }

    /// Has a request moved on.
    pub(super) fn order(&self, ask: Ask, asks: &Asks) -> Result<()> {
        match asks.send(ask) {
            Ok(()) => Ok(()),
            // Nobody listens any more: nothing can be printed, and that error ends the command.
            Err(unsent) => self.count(&unsent.0.report),
        }
    }

    /// Draws the workers of the requests that were made, and seals the keys to them.
    pub(super) async fn ask(&self, asked: UnboundedReceiver<Ask>) -> Result<()> {
        let asked = stream::unfold(asked, |mut asked| async move {
            let ask = asked.recv().await?;
            Some((ask, asked))
        });
        let mut moved = pin!(asked.map(|ask| self.move_on(ask)).buffer_unordered(AT_ONCE));
        while let Some(report) = moved.next().await {
            self.count(&report)?;
        }
        Ok(())
    }

    async fn move_on(&self, ask: Ask) -> FileReport {
        let Ask { mut report, model, known } = ask;
        let Some(record) = report.record_id else { return report };
        let is_silent = self.silence.is_on() || self.silence_of_asks.is_on();
        let found = match known {
            _ if is_silent => Err(anyhow!("nobody told what became of an earlier transaction")),
            Some(known) => Ok(Some(known)),
            None => self.open(record, model).await,
        };
        let moved = match found {
            Ok(Some((request, key))) => {
                report.request_id = Some(request);
                let carried = inference::carry_on(self.context, request, &key, false).await;
                self.silence_of_asks.note(&carried);
                carried.map(|_| ()).with_context(|| unfinished(record, request, model))
            }
            Ok(None) => {
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                idle.push((record, model));
                Ok(())
            }
            Err(error) => Err(error.context(format!(
                "record {record} is added, but its order cannot be moved on; \
                 `medchain infer {record} --model {model}` continues it, or orders another verdict"
            ))),
        };
        if let Err(error) = moved {
            report.error = Some(causes(&error));
            report.outcome = FileOutcome::of_error(&error);
        }
        report
    }

    /// The open request of a record that an earlier command added, and the record's key.
    async fn open(
        &self,
        record: RecordId,
        model: ModelId,
    ) -> Result<Option<(RequestId, RecordKey)>> {
        let view = self.context.view().await?;
        let Some(request) = view.open_request_of(record, model).await? else { return Ok(None) };
        let record = records::find(&view, record).await?;
        let key = records::key(self.context, &view, &record).await?;
        Ok(Some((request, RecordKey::of(key, &record)?)))
    }

    /// Warns of films that were added before, and of whose verdicts no request is open.
    pub(super) fn warn(&self) {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(warning) = warning(&idle) {
            crate::output::tell!("{warning}");
        }
    }
}

fn warning(idle: &[(RecordId, ModelId)]) -> Option<String> {
    let (record, model) = idle.first()?;
    let number = idle.len();
    Some(format!(
        "warning: {number} of the files were added before, and no request for their verdicts is \
         open, as that of record {record}: it is answered or has ended; see `medchain show \
         {record}`, or order with `medchain infer {record} --model {model}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_that_are_over_are_told_once() {
        assert_eq!(warning(&[]), None);
        let idle = [(RecordId(7), ModelId(0)), (RecordId(9), ModelId(0))];
        let said = warning(&idle).unwrap();
        assert!(said.contains("2 of the files") && said.contains("medchain show 7"), "{said}");
    }
}
