//! The films of one transaction.

use std::collections::BTreeSet;

use anyhow::{anyhow, Error, Result};
use medchain_client::{
    chain::{
        Call, ChainError, ChainEvent, Fate, Finality, Note, RuntimeError, Transaction, TxOutcome,
    },
    AccountId32,
};
use medchain_primitives::ModelId;

use super::{
    super::{
        allowed::ensure_allowed,
        call::{added, NewRecord},
        PURPOSE,
    },
    ask::{Ask, Asks},
    film::Film,
    halves::{allowed, by_halves, No, Sent},
    report::{FileOutcome, FileReport},
    Run,
};
use crate::{
    inference::RecordKey,
    journal::{self, certainty, Certainty, Done},
    output::causes,
    records,
    signing::together,
};

/// Films in a block that is not final yet.
pub(super) struct Landed<'a> {
    films: Vec<Film<'a>>,
    transaction: Transaction,
    outcome: TxOutcome,
}

/// What became of the films of a chunk.
#[derive(Default)]
pub(super) struct Submitted<'a> {
    /// Those that are in blocks.
    pub(super) landed: Vec<Landed<'a>>,
    /// What is decided about the others.
    pub(super) reports: Vec<FileReport>,
    /// Whether the rest has no prospects either.
    pub(super) stops: bool,
}

/// The patient of a film, and the model of which a verdict is ordered.
type Of = (AccountId32, Option<ModelId>);

/// A film and the call that adds it.
type WithCall<'a> = (Film<'a>, Call);

/// Films that are left as they are, for the same command another time.
pub(super) fn left<'a>(films: &[Film<'a>]) -> Submitted<'a> {
    let reports = films.iter().map(|film| FileReport::new(film.row, FileOutcome::Begun)).collect();
    Submitted { landed: Vec::new(), reports, stops: true }
}

impl<'a> Run<'a> {
    /// Adds films by one transaction; by more where the chain refuses one of them.
    pub(super) async fn submit(&self, films: Vec<Film<'a>>) -> Submitted<'a> {
        let mut submitted = Submitted::default();
        let (mut ready, mut in_vain) = (Vec::new(), false);
        for mut film in films {
            let found = match film.is_kept {
                // Each is waited for until its block is final, which takes minutes in vain.
                true if in_vain => Err(anyhow!("an earlier film could not be looked up")),
                true => self.found(film.row, &mut film.held).await,
                false => Ok(None),
            };
            in_vain |= found.is_err();
            let call = match found {
                Ok(Some(report)) => {
                    submitted.reports.push(report);
                    continue;
                }
                Ok(None) => self.call(&film).await,
                Err(error) => Err(error),
            };
            match call {
                Ok(call) => ready.push((film, call)),
                Err(error) => {
                    submitted.reports.push(FileReport::failed(
                        film.row,
                        FileOutcome::Failed,
                        &error,
                    ));
                }
            }
        }
        let mut fresh = BTreeSet::new();
        let send = async |films| self.send(films, &mut submitted, &mut fresh).await;
        let left = by_halves(ready, send).await;
        submitted.stops |= !left.is_empty();
        let left = left.into_iter().map(|(film, _)| film).collect();
        submitted.reports.extend(unsigned(left, None));
        submitted
    }

    async fn call(&self, film: &Film<'a>) -> Result<Call> {
        let terms = self.plan.terms(film.row)?;
        let new = NewRecord {
            patient: &film.row.patient,
            kind: film.row.kind,
            readers: &terms.readers,
            inference: terms.order.clone(),
        };
        let view = self.context.view().await?;
        let of = (&film.cid, film.digest);
        new.call(self.context, &view, &film.key, of, film.commitments).await
    }

    /// Sends the films' calls as one that takes effect whole or not at all.
    ///
    /// Of the patients whose answer is not `fresh`, it is asked again whether the chain would take
    /// them: films of those who have revoked since are left out.
    async fn send(
        &self,
        films: Vec<WithCall<'a>>,
        submitted: &mut Submitted<'a>,
        fresh: &mut BTreeSet<Of>,
    ) -> Sent<WithCall<'a>> {
        let of = |(film, _): &WithCall<'a>| (film.row.patient, film.row.model);
        let ask = async |of| self.would_take(of).await;
        let (mut films, left_out) = allowed(films, of, fresh, ask).await;
        for ((mut film, _), no) in left_out {
            let error = anyhow!(no.why);
            submitted.reports.push(match no.is_certain {
                true => self.refused(&mut film, &error).await,
                false => FileReport::failed(film.row, FileOutcome::Failed, &error),
            });
        }
        if films.is_empty() {
            return Sent::Over;
        }
        let call = together(films.iter().map(|(_, call)| call.clone()).collect());
        let mut signed = None;
        let note: Note<'_> = &mut |transaction| {
            signed = Some(transaction.clone());
            let mut all = films.iter_mut();
            let noted = all.try_for_each(|(film, _)| film.held.sign(Some(transaction.clone())));
            noted.map_err(|error| format!("{error:#}"))
        };
        let sent = self.context.send_noted(&call, PURPOSE, Finality::Best, note).await;
        let error = match (sent, signed) {
            (Ok(outcome), Some(transaction)) => {
                let films = films.into_iter().map(|(film, _)| film).collect();
                submitted.landed.push(Landed { films, transaction, outcome });
                self.one_more_flies();
                return Sent::Over;
            }
            (Ok(_), None) => return Sent::Over,
            (Err(error), _) => error,
        };
        let certainty = certainty(&error);
        if certainty == Certainty::Unknown {
            let unknown = |(film, _): &WithCall<'a>| {
                FileReport::failed(film.row, FileOutcome::Unknown, &error)
            };
            submitted.reports.extend(films.iter().map(unknown));
            submitted.stops = true;
            return Sent::Stopped;
        }
        if certainty == Certainty::NoEffect || is_poor(&error) {
            let films = films.into_iter().map(|(film, _)| film).collect();
            submitted.reports.extend(unsigned(films, Some(&error)));
            submitted.stops = true;
            return Sent::Stopped;
        }
        // Whatever the reason is, it may be that of other films as well.
        fresh.clear();
        if films.len() > 1 {
            return Sent::Refused(films);
        }
        for (film, _) in &mut films {
            submitted.reports.push(self.refused(film, &error).await);
        }
        Sent::Over
    }

    /// Whether the chain would take a record, as far as it can be asked.
    async fn would_take(&self, (patient, model): Of) -> Result<(), No> {
        let asked = async {
            let view = self.context.view().await?;
            ensure_allowed(self.context, &view, &patient, model).await
        };
        asked.await.map_err(|error: Error| No {
            why: causes(&error),
            is_certain: error.chain().all(|cause| cause.downcast_ref::<ChainError>().is_none()),
        })
    }

    /// Gives up a film that the chain refuses alone, unless it refuses what it has already.
    async fn refused(&self, film: &mut Film<'a>, error: &Error) -> FileReport {
        let let_go = match self.found(film.row, &mut film.held).await {
            Ok(Some(report)) => return report,
            Ok(None) => journal::abandon(&mut records::LetGo(self.context), &mut film.held).await,
            // The same command asks again.
            Err(further) => Err(further),
        };
        let mut report = FileReport::failed(film.row, FileOutcome::Failed, error);
        if let Err(further) = let_go {
            report.error = Some(format!("{}; {further:#}", report.error.unwrap_or_default()));
        }
        report
    }

    /// Tells of the films whose blocks are final now; with `wait`, of all.
    pub(super) async fn settle(
        &self,
        landed: &mut Vec<Landed<'a>>,
        wait: bool,
        asks: &Asks,
    ) -> Result<()> {
        let chain = self.context.chain().await?;
        let in_block = self.context.lasting() == Finality::Best;
        let finalised = match landed.is_empty() || in_block || wait {
            true => 0,
            false => chain.heads().await.map_or(0, |heads| heads.finalised),
        };
        let mut left = Vec::new();
        for one in std::mem::take(landed) {
            let outcome = if in_block {
                Ok(one.outcome.clone())
            } else if wait {
                self.settle_one(&one.transaction).await
            } else if one.outcome.block_number > finalised {
                left.push(one);
                continue;
            } else {
                match chain.fate(&one.transaction).await {
                    Ok(Fate::Included { outcome, is_final: true }) => outcome.map_err(Into::into),
                    // In another block meanwhile, or nobody tells: it is waited for in the end.
                    _ => {
                        left.push(one);
                        continue;
                    }
                }
            };
            let mut ordered = Vec::new();
            for report in finish(one.films, &outcome, &mut ordered) {
                self.tell(report, asks)?;
            }
            for ask in ordered {
                self.order(ask, asks)?;
            }
        }
        *landed = left;
        self.flies(landed.len());
        Ok(())
    }

    /// Waits until the block of a transaction is final; once nobody has told of one, no longer.
    async fn settle_one(&self, transaction: &Transaction) -> Result<TxOutcome> {
        self.silence.check(transaction)?;
        let outcome = self.context.settle(transaction, PURPOSE).await;
        self.silence.note(&outcome);
        outcome
    }
}

/// Notes that no transaction of these films has an effect: the same command goes on.
fn unsigned(films: Vec<Film<'_>>, error: Option<&Error>) -> Vec<FileReport> {
    let report = |mut film: Film<'_>| {
        let noted = film.held.sign(None);
        match (error, noted) {
            (_, Err(error)) => FileReport::failed(film.row, FileOutcome::Failed, &error),
            (Some(error), Ok(())) => FileReport::failed(film.row, FileOutcome::Failed, error),
            (None, Ok(())) => FileReport::new(film.row, FileOutcome::Begun),
        }
    };
    films.into_iter().map(report).collect()
}

/// Notes what became of films for good; those with an order are told when that has moved on.
fn finish(
    films: Vec<Film<'_>>,
    outcome: &Result<TxOutcome>,
    ordered: &mut Vec<Ask>,
) -> Vec<FileReport> {
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) if certainty(error) == Certainty::Unknown => {
            let unknown =
                |film: &Film<'_>| FileReport::failed(film.row, FileOutcome::Unknown, error);
            return films.iter().map(unknown).collect();
        }
        Err(error) => return unsigned(films, Some(error)),
    };
    let mut reports = Vec::new();
    for mut film in films {
        let report = match landed(&mut film, outcome) {
            Ok(report) => report,
            Err(error) => FileReport::failed(film.row, FileOutcome::Failed, &error),
        };
        match (film.row.model, report.request_id) {
            (Some(model), Some(request)) => {
                let key = RecordKey::new(film.key, film.row.patient, film.cid);
                ordered.push(Ask { report, model, known: Some((request, key)) });
            }
            _ => reports.push(report),
        }
    }
    reports
}

/// Notes where a film is on chain.
fn landed(film: &mut Film<'_>, outcome: &TxOutcome) -> Result<FileReport> {
    let record = added(outcome, std::slice::from_ref(&film.cid))?;
    film.held.finish(Done::new(outcome, vec![record.0]))?;
    let request = outcome.events.iter().find_map(|event| match event {
        ChainEvent::InferenceRequested { request, record: of, .. } if *of == record => {
            Some(*request)
        }
        _ => None,
    });
    Ok(FileReport {
        record_id: Some(record),
        cid: Some(film.cid.to_string()),
        request_id: request,
        removed: std::mem::take(&mut film.removed),
        included: Some(outcome.into()),
        ..FileReport::new(film.row, FileOutcome::Added)
    })
}

/// Whether the account has too little for any of them: for the fee, as the pool says, or for the
/// deposits, as the call does.
fn is_poor(error: &Error) -> bool {
    const OF_THE_CALL: [RuntimeError; 4] = [
        RuntimeError::FundsUnavailable,
        RuntimeError::OnlyProvider,
        RuntimeError::BelowMinimum,
        RuntimeError::NotExpendable,
    ];
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<ChainError>());
    causes.any(|cause| {
        matches!(cause, ChainError::InsufficientFunds { .. })
            || OF_THE_CALL.into_iter().any(|kind| cause.is(kind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_for_a_deposit_is_too_little() {
        let of = |error: ChainError| is_poor(&Error::new(error).context("could not add it"));
        assert!(of(ChainError::Dispatch(RuntimeError::FundsUnavailable.into())));
        assert!(of(ChainError::InsufficientFunds { account: AccountId32([1; 32]) }));
        assert!(!of(ChainError::Dispatch(RuntimeError::BadOrigin.into())));
        assert!(!of(ChainError::StaleNonce));
    }
}
