//! Whether the stores still have what an earlier upload stored, and putting it back.

use std::path::Path;

use anyhow::{bail, Context as _, Error, Result};
use medchain_client::{
    chain::{Record, RecordStatus},
    crypto::{self, ContentKey},
    store::{Depth, Found, Looked},
};
use medchain_primitives::{Cid, RecordId};
use zeroize::Zeroizing;

use crate::{
    context::Context,
    journal::Entry,
    records::{self, Content},
};

/// A film that is on chain already.
pub(super) struct OnChain<'a> {
    /// Its record.
    pub(super) record: RecordId,
    /// The CID of its encrypted content.
    pub(super) cid: &'a Cid,
    /// Its key, where that is at hand.
    pub(super) key: Option<&'a ContentKey>,
    /// What the journal has of its upload.
    pub(super) entry: Option<&'a Entry>,
    /// Its file, as people name it.
    pub(super) file: &'a Path,
}

/// What has to be done for content.
#[derive(Debug, PartialEq, Eq)]
enum Need {
    /// Every store that answers has all of it.
    Nothing,
    /// One has it, and another one lacks it.
    Copy,
    /// None that answers has it.
    Make,
    /// None answers.
    Unknown,
}

/// What came of looking after a film that is on chain already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ensured {
    /// Nothing was put back, or not everywhere.
    Nothing,
    /// It was put back, and no store that answers lacks it any more.
    PutBack,
    /// No store said what it has.
    Unknown,
}

/// Asks the stores whether they have a film that is on chain already, and puts it back where it is
/// not: from another store, or made again of the `film`, which has to be the one that was uploaded.
///
/// What was erased since is not stored again.
///
/// # Errors
/// Where no store has it, and it cannot be made again: what is on chain opens for nobody then.
pub(super) async fn ensure(
    context: &Context,
    on_chain: &OnChain<'_>,
    film: impl FnOnce() -> Result<Zeroizing<Vec<u8>>>,
) -> Result<Ensured> {
    let OnChain { record, cid, .. } = on_chain;
    let step = context.progress.step("Asking the stores whether they have the content");
    let looked = context.store()?.look(cid, Depth::Present).await;
    drop(step);
    let silent = silent(&looked);
    match need(&looked) {
        Need::Nothing => {
            if let Some(silent) = silent {
                crate::output::tell!("warning: whether all stores have {cid} is unknown: {silent}");
            }
            Ok(Ensured::Nothing)
        }
        Need::Unknown => {
            let silent = silent.unwrap_or_default();
            crate::output::tell!(
                "warning: record {record} is on chain, and whether a store has its content {cid} \
                 is unknown: {silent}"
            );
            Ok(Ensured::Unknown)
        }
        need @ (Need::Copy | Need::Make) => {
            put_back(context, on_chain, &need, silent.as_deref(), film).await
        }
    }
}

/// Puts a film into all stores again, unless it was erased meanwhile.
async fn put_back(
    context: &Context,
    on_chain: &OnChain<'_>,
    need: &Need,
    silent: Option<&str>,
    film: impl FnOnce() -> Result<Zeroizing<Vec<u8>>>,
) -> Result<Ensured> {
    let OnChain { record, cid, .. } = on_chain;
    let view = context.view().await?;
    let found = records::find(&view, *record).await?;
    if !is_to_be_stored(&found) {
        crate::output::tell!("warning: record {record} was erased; it is not stored again");
        return Ok(Ensured::Nothing);
    }
    let content = match need {
        Need::Copy => Content::new(records::ciphertext(context, &found).await?),
        _ => {
            let keys = match on_chain.key {
                Some(key) => Ok(vec![key.clone()]),
                None => records::keys(context, &view, &found).await,
            };
            let again = keys.and_then(|keys| again(on_chain.entry, &keys, &found, &film()?));
            again.map_err(|error| lost(error, on_chain, silent))?
        }
    };
    content.put(context).await.with_context(|| {
        format!("record {record} is on chain, and the stores lack its content {cid}")
    })?;
    // One store that took it is enough to put it, and one may believe that it has it already.
    let looked = context.store()?.look(cid, Depth::Present).await;
    let lacking = lacking(&looked);
    if lacking.is_empty() {
        return Ok(Ensured::PutBack);
    }
    crate::output::tell!("warning: {cid} was stored again, and is still not whole in {lacking}");
    Ok(Ensured::Nothing)
}

/// Whether the stores are to have a record's content: its patient may have erased it since.
fn is_to_be_stored(record: &Record) -> bool {
    record.status != RecordStatus::Erased
}

/// The stores that said that they have not all of it, as text.
fn lacking(looked: &[Looked]) -> String {
    let lacking = looked.iter().filter(|one| one.is_lacking());
    let lacking: Vec<&str> = lacking.map(|one| one.store.as_str()).collect();
    lacking.join(" and ")
}

/// What has to be done, by what the stores say.
fn need(looked: &[Looked]) -> Need {
    let any = |is: fn(&Found) -> bool| looked.iter().any(|one| one.found.as_ref().is_ok_and(is));
    let whole = any(|found| *found == Found::Whole);
    let lacking = any(|found| *found != Found::Whole);
    match (whole, lacking) {
        (true, false) => Need::Nothing,
        (true, true) => Need::Copy,
        (false, true) => Need::Make,
        (false, false) => Need::Unknown,
    }
}

/// The stores that did not say what they have, with why.
fn silent(looked: &[Looked]) -> Option<String> {
    let silent = looked.iter().filter_map(|one| {
        let error = one.found.as_ref().err()?;
        Some(format!("{}: {}", one.store, error.cause()))
    });
    let silent: Vec<String> = silent.collect();
    (!silent.is_empty()).then(|| silent.join("; "))
}

/// The same ciphertext once more: under the key that it had, and with what it began with.
fn again(
    entry: Option<&Entry>,
    keys: &[ContentKey],
    record: &Record,
    film: &[u8],
) -> Result<Content> {
    let header = entry.and_then(Entry::header).context(
        "an earlier version of this program uploaded it, which did not write down what is needed \
         to make the same ciphertext again",
    )?;
    if film.is_empty() {
        bail!("the film is not at hand");
    }
    let (patient, digest) = (&record.patient.0, &records::document(record)?.digest);
    let mut made =
        keys.iter().map(|key| crypto::encrypt_again(&header, key, patient, film, digest));
    match made.find_map(Result::ok) {
        Some(bytes) => Ok(Content::new(bytes)),
        None => bail!(
            "neither your key nor this version of the program, which may clean the film in another \
             way, makes the same ciphertext again"
        ),
    }
}

/// Says that no store has the content, and the way out.
fn lost(error: Error, on_chain: &OnChain<'_>, silent: Option<&str>) -> Error {
    let OnChain { record, cid, file, .. } = on_chain;
    let silent = silent.map(|silent| format!(" (not asked: {silent})")).unwrap_or_default();
    error.context(format!(
        "record {record} is on chain, but no store has its content {cid} any more{silent}, and it \
         cannot be put back: name a store that has it with --store, or add the film as a new \
         record with `medchain upload {} --again`",
        file.display()
    ))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use medchain_client::{chain::TxOutcome, keys::Identity, store::StoreError, AccountId32, H256};
    use medchain_primitives::{RecordContent, RecordKind};

    use super::*;
    use crate::journal::{Done, Journal};

    fn looked(found: Vec<Result<Found, StoreError>>) -> Vec<Looked> {
        let looked = |found| Looked { store: "a store".into(), found };
        found.into_iter().map(looked).collect()
    }

    #[test]
    fn what_is_done_follows_from_what_the_stores_have() {
        let down = || Err(StoreError::Timeout { store: "C".into(), seconds: 1 });
        let (whole, nothing) = (|| Ok(Found::Whole), || Ok(Found::Nothing));
        let damaged = || Ok(Found::Damaged("it is cut short".into()));
        for (found, expected) in [
            (vec![whole()], Need::Nothing),
            (vec![whole(), down()], Need::Nothing),
            (vec![whole(), nothing()], Need::Copy),
            (vec![damaged(), whole()], Need::Copy),
            (vec![nothing()], Need::Make),
            (vec![nothing(), down()], Need::Make),
            (vec![damaged()], Need::Make),
            (vec![down()], Need::Unknown),
        ] {
            let looked = looked(found);
            assert_eq!(need(&looked), expected, "{looked:?}");
            let is_lacking = matches!(expected, Need::Copy | Need::Make);
            assert_eq!(!lacking(&looked).is_empty(), is_lacking, "{looked:?}");
            let is_down = looked.iter().any(|one| one.found.is_err());
            assert_eq!(silent(&looked).is_some(), is_down, "{looked:?}");
        }
    }

    #[test]
    fn what_all_stores_lost_is_made_again_of_the_same_film_alone() {
        let folder = tempfile::tempdir().unwrap();
        let identity = Identity::open("//Alice", true).unwrap();
        let journal = Journal::at(folder.path().join("journal"), H256([3; 32]));
        let (patient, key) = ([1; 32], ContentKey::generate());
        let stored = Content::new(crypto::encrypt(&key, &patient, b"film").unwrap());
        let tag = journal.tag(&[b"upload", b"film"]).unwrap();
        let mut held = journal.hold(&tag).now_or_never().unwrap().unwrap();
        let (command, contents) = (["upload".to_owned()], [stored.bytes.clone()]);
        let begun = ("the upload", &command[..], None);
        held.begin(&identity, begun, Some(&key), &contents).unwrap();
        let outcome = TxOutcome {
            block_hash: H256([1; 32]),
            block_number: 1,
            extrinsic_hash: H256([2; 32]),
            fee: 1,
            events: Vec::new(),
        };
        held.finish(Done::new(&outcome, vec![0])).unwrap();
        // As the next command reads it: key and content are gone from the journal.
        drop(held);
        let entries = journal.entries().unwrap();
        let record = Record {
            id: RecordId(0),
            patient: AccountId32(patient),
            author: identity.account(),
            content: RecordContent::kept(stored.cid.clone(), stored.digest),
            kind: RecordKind::ChestXray,
            previous: None,
            added_at: 1,
            status: RecordStatus::Active,
            deposit: 0,
        };
        let keys = [ContentKey::generate(), key];
        let made = again(entries.first(), &keys, &record, b"film").unwrap();
        assert_eq!((&made.cid, made.bytes), (&stored.cid, stored.bytes));
        // What its patient erased stays erased, although it could be made again.
        assert!(is_to_be_stored(&record));
        for (status, is_stored) in
            [(RecordStatus::Superseded { by: RecordId(1) }, true), (RecordStatus::Erased, false)]
        {
            let record = Record { status, ..record.clone() };
            assert_eq!(is_to_be_stored(&record), is_stored, "{status:?}");
        }
        // Another film, another key, nothing written down.
        for (entry, keys, bytes) in [
            (entries.first(), &keys[..], &b"another"[..]),
            (entries.first(), &keys[..1], &b"film"[..]),
            (entries.first(), &keys[..], &b""[..]),
            (None, &keys[..], &b"film"[..]),
        ] {
            assert!(again(entry, keys, &record, bytes).is_err());
        }
        let on_chain = OnChain {
            record: RecordId(7),
            cid: &stored.cid,
            key: None,
            entry: None,
            file: Path::new("film.png"),
        };
        let said = format!("{:#}", lost(anyhow::anyhow!("why"), &on_chain, Some("C: is down")));
        for words in ["record 7", "no store has its content", "C: is down", "--again", "why"] {
            assert!(said.contains(words), "no '{words}' in {said}");
        }
    }
}
