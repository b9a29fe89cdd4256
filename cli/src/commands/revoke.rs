//! `medchain revoke`: revokes a grant to an account or a role.

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, TxOutcome},
    policy::{self, GrantError},
    AccountId32,
};
use medchain_primitives::{RecordId, Role};

use crate::{
    arguments,
    consent::{GrantReport, Grantee},
    context::Context,
    contracts::{grant_refusal, Parties},
    output::{self, Outcome},
    signing::together,
};

/// How many envelopes one transaction removes. A block takes some 780 by their weight, and
/// others want to be in it as well.
const ENVELOPES_AT_ONCE: usize = 200;

/// Arguments of `medchain revoke`.
#[derive(Args, Clone, Debug)]
pub struct RevokeArgs {
    /// The account whose grant to revoke.
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "role")]
    pub from: Option<String>,
    /// Revoke the grant to a role; grants to accounts stay.
    #[arg(
        long,
        value_parser = arguments::role(),
        conflicts_with_all = ["from", "patient", "remove_envelopes"]
    )]
    pub role: Option<Role>,
    /// Also remove the account's envelopes and shares for all your records.
    ///
    /// The account may have kept what it opened before: see `medchain rotate`.
    #[arg(long, conflicts_with = "patient")]
    pub remove_envelopes: bool,
    /// The patient, if you are their delegate; see `medchain delegate`.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: Option<String>,
    /// The policy contract; defaults to the one in force for the patient.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

impl RevokeArgs {
    /// The revocation of the signer's grant to an account.
    pub fn from(account: &str, remove_envelopes: bool) -> Self {
        Self {
            from: Some(account.to_owned()),
            role: None,
            remove_envelopes,
            patient: None,
            policy: None,
        }
    }
}

/// Runs `medchain revoke`.
pub async fn run(context: &Context, args: &RevokeArgs) -> Result<Outcome> {
    output::print(&revoke(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Revokes a grant, and then removes envelopes where that is asked for: whatever becomes of
/// the rest, nothing new is allowed.
pub async fn revoke(context: &Context, args: &RevokeArgs) -> Result<GrantReport> {
    let grantee = Grantee::parse(context, args.from.as_deref(), args.role)?;
    let parties = Parties::find(context, args.policy.as_deref(), args.patient.as_deref()).await?;
    let data = match &grantee {
        Grantee::Role(role) => policy::revoke_role(*role),
        Grantee::Account(account) if parties.is_delegate() => {
            policy::revoke_as(&parties.patient.0, &account.0)
        }
        Grantee::Account(account) => policy::revoke(&account.0),
    };
    let revoked = match parties.try_call(context, data).await? {
        Ok(call) => {
            let purpose = "revoke the grant";
            let outcome = context.sign(&call, purpose).await?;
            parties.ensure_emitted(&outcome, purpose)?;
            Some(outcome)
        }
        // An account may have envelopes without ever having had a grant. After any other
        // refusal a grant may still hold.
        Err(error)
            if args.remove_envelopes && GrantError::of(&error) == Some(GrantError::NotGranted) =>
        {
            let reader = grantee.account().context("a role has no envelopes")?;
            if readable_by(context, &parties.patient, &reader).await?.is_empty() {
                return Err(grant_refusal(error, &parties.contract));
            }
            None
        }
        Err(error) => return Err(grant_refusal(error, &parties.contract)),
    };
    let mut progress = Progress::after(revoked.as_ref());
    // Nothing that has to be asked holds the revocation up.
    let open = match grantee.account() {
        Some(reader) => readable_by(context, &parties.patient, &reader)
            .await
            .with_context(|| progress.but("what the account can still open is unknown"))?,
        None => Vec::new(),
    };
    let removals = if args.remove_envelopes { open.clone() } else { Vec::new() };
    let removed = match grantee.account() {
        Some(reader) => {
            remove(&mut progress, reader, &removals, async |call, stands| {
                if let Some(stands) = stands {
                    context.stands(&stands);
                }
                context.sign(&call, "remove the envelopes").await
            })
            .await?
        }
        None => None,
    };
    let last = revoked.or(removed).context("there was nothing to revoke")?;
    Ok(GrantReport {
        policy: parties.contract,
        patient: parties.patient,
        grantee: grantee.account(),
        role: grantee.role(),
        actions: Vec::new(),
        purposes: None,
        until: None,
        envelopes_removed: removals.len(),
        still_opens: if args.remove_envelopes { Vec::new() } else { open },
        included: (&last).into(),
    })
}

/// How far a revocation is.
#[derive(Debug, Default)]
struct Progress {
    /// The block in which the grant is revoked.
    revoked_in: Option<u32>,
    /// How many envelopes are removed.
    removed: usize,
    /// Of how many.
    of: usize,
}

impl Progress {
    fn after(revoked: Option<&TxOutcome>) -> Self {
        Self { revoked_in: revoked.map(|outcome| outcome.block_number), removed: 0, of: 0 }
    }

    /// What is done, if anything is.
    fn stands(&self) -> Option<String> {
        let revoked =
            self.revoked_in.map(|block| format!("the grant is revoked (in block {block})"));
        let removed = (self.removed > 0)
            .then(|| format!("{} of {} envelopes are removed", self.removed, self.of));
        let done: Vec<String> = revoked.into_iter().chain(removed).collect();
        (!done.is_empty()).then(|| done.join(", and "))
    }

    /// What is done, and what is not.
    fn but(&self, missing: &str) -> String {
        match self.stands() {
            Some(stands) => format!("{stands}, but {missing}"),
            None => missing.to_owned(),
        }
    }
}

/// Removes an account's envelopes, as many at once as fit into a block with others' calls, with
/// `send`, which is told what is done before. Returns the last transaction.
async fn remove(
    progress: &mut Progress,
    reader: AccountId32,
    records: &[RecordId],
    mut send: impl AsyncFnMut(Call, Option<String>) -> Result<TxOutcome>,
) -> Result<Option<TxOutcome>> {
    let mut last = None;
    progress.of = records.len();
    for chunk in records.chunks(ENVELOPES_AT_ONCE) {
        let calls: Vec<Call> =
            chunk.iter().map(|record| Call::RemoveEnvelope { record: *record, reader }).collect();
        let sent = send(together(calls), progress.stands()).await;
        let outcome = match progress.stands() {
            None => sent?,
            Some(_) => sent.with_context(|| {
                progress.but(&format!(
                    "the rest failed; repeat it with `medchain revoke --from {reader} \
                     --remove-envelopes`"
                ))
            })?,
        };
        progress.removed += chunk.len();
        last = Some(outcome);
    }
    Ok(last)
}

/// The patient's records for which an account has an envelope or gets shares.
async fn readable_by(
    context: &Context,
    patient: &AccountId32,
    reader: &AccountId32,
) -> Result<Vec<RecordId>> {
    let view = context.view().await?;
    let records = view.record_ids_of(patient).await?;
    let envelopes = view.have_envelopes(reader, &records).await?;
    let grants = view.grants_to(reader, &records).await?;
    let open = records.into_iter().zip(envelopes.into_iter().zip(grants));
    Ok(open
        .filter(|(_, (envelope, grant))| *envelope || grant.is_some())
        .map(|(record, _)| record)
        .collect())
}

#[cfg(test)]
mod tests {
    use anyhow::{anyhow, bail};
    use medchain_client::H256;

    use super::*;

    const READER: AccountId32 = AccountId32([3; 32]);

    fn outcome(block_number: u32) -> TxOutcome {
        TxOutcome {
            block_hash: H256([1; 32]),
            block_number,
            extrinsic_hash: H256([2; 32]),
            fee: 1,
            events: Vec::new(),
        }
    }

    fn records(count: usize) -> Vec<RecordId> {
        (0..count as u64).map(RecordId).collect()
    }

    /// The records whose envelopes a call removes.
    fn removed_by(call: &Call) -> Vec<RecordId> {
        let calls = match call {
            Call::Batch(calls) => calls.clone(),
            one => vec![one.clone()],
        };
        let record = |call: &Call| match call {
            Call::RemoveEnvelope { record, reader } if *reader == READER => *record,
            other => panic!("{other:?}"),
        };
        calls.iter().map(record).collect()
    }

    #[tokio::test]
    async fn a_thousand_envelopes_are_removed_in_parts_and_each_once() {
        let all = records(1_001);
        let (mut parts, mut said) = (Vec::new(), Vec::new());
        let mut progress = Progress::after(Some(&outcome(7)));
        let last = remove(&mut progress, READER, &all, async |call, stands| {
            parts.push(removed_by(&call));
            said.push(stands.unwrap());
            Ok(outcome(10 + parts.len() as u32))
        })
        .await
        .unwrap();
        assert_eq!(last.unwrap().block_number, 16);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [200, 200, 200, 200, 200, 1]);
        assert_eq!(parts.concat(), all);
        assert_eq!(said[0], "the grant is revoked (in block 7)");
        let end = "the grant is revoked (in block 7), and 1000 of 1001 envelopes are removed";
        assert_eq!(said[5], end);
    }

    #[tokio::test]
    async fn what_fails_halfway_says_what_is_done() {
        for (revoked, stands) in [
            (Some(outcome(7)), "the grant is revoked (in block 7), and 200 of 450 envelopes"),
            (None, "200 of 450 envelopes are removed, but the rest failed"),
        ] {
            let mut sent = 0;
            let mut progress = Progress::after(revoked.as_ref());
            let error = remove(&mut progress, READER, &records(450), async |_, _| {
                sent += 1;
                if sent == 2 {
                    bail!("the node is gone");
                }
                Ok(outcome(8))
            })
            .await
            .unwrap_err();
            let said = format!("{error:#}");
            assert!(said.starts_with(stands), "{said}");
            let again = format!("medchain revoke --from {READER} --remove-envelopes");
            assert!(said.contains(&again) && said.ends_with("the node is gone"), "{said}");
        }
        // Nothing is done, and nothing is said to be.
        let mut progress = Progress::default();
        let three = records(3);
        let failed = remove(&mut progress, READER, &three, async |_, stands| {
            assert_eq!(stands, None);
            Err(anyhow!("the node is gone"))
        });
        assert_eq!(format!("{:#}", failed.await.unwrap_err()), "the node is gone");
    }

    #[tokio::test]
    async fn without_envelopes_nothing_is_sent() {
        let mut progress = Progress::after(Some(&outcome(7)));
        let sent = remove(&mut progress, READER, &[], async |_, _| Err(anyhow!("it is sent")));
        assert_eq!(sent.await.unwrap(), None);
    }
}
