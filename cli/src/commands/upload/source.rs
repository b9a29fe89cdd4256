//! What is uploaded: a file, or what the journal has of one.

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    crypto::{self, ContentKey},
    keys::Identity,
    AccountId32,
};
use medchain_primitives::RecordKind;
use medchain_vision::MAX_FILE_BYTES;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::UploadArgs;
use crate::{
    context::Context,
    files,
    journal::{Held, Tag},
    records::Film,
};

/// What is uploaded, whose it is, and what the journal has of this upload.
pub(super) struct Source {
    /// The film; empty where another command has finished its upload meanwhile.
    pub(super) film: Film,
    /// Its patient.
    pub(super) patient: AccountId32,
    /// What the journal calls this upload.
    pub(super) tag: Tag,
    /// The upload in the journal.
    pub(super) held: Held,
}

/// What the journal has of an upload that is to be finished.
enum Kept {
    /// The film, encrypted under a key.
    Film(ContentKey, Vec<u8>),
    /// Nothing but where it is on chain: another command has finished it.
    Finished,
}

/// Reads what is uploaded, and waits until no other command works on it.
pub(super) async fn source(context: &Context, args: &UploadArgs) -> Result<Source> {
    let path = &args.file;
    if args.kind != RecordKind::ChestXray && args.model.is_some() {
        bail!("no model runs on a {}; leave out --model", args.kind);
    }
    if let Some(id) = &args.entry {
        let patient = args.patient(context)?;
        let journal = context.journal().await?;
        let tag = journal.find(id)?;
        let held = journal.hold(&tag).await?;
        let film = match kept(&held, context.identity()?, args)? {
            Kept::Film(key, content) => {
                let bytes = crypto::decrypt(&key, &patient.0, &content)?;
                Film::cleaned_before(path, args.kind, bytes)?
            }
            Kept::Finished => {
                Film { bytes: Zeroizing::default(), square: None, removed: Vec::new() }
            }
        };
        return Ok(Source { film, patient, tag, held });
    }
    if path.is_dir() {
        bail!(
            "{} is a folder; name a file, or list the folder's files with --manifest FILE.csv",
            path.display()
        );
    }
    let file = Zeroizing::new(files::read(path, "the image", MAX_FILE_BYTES)?);
    // By what was read: what is taken out may change with the program.
    let digest = Sha256::digest(&*file);
    // Refused before anything else is asked for.
    let film = Film::of(path, args.kind, file)?;
    context.ensure_can_ask()?;
    let patient = args.patient(context)?;
    let journal = context.journal().await?;
    let tag = journal.tag(&[b"upload", &patient.0, args.kind.as_str().as_bytes(), &digest])?;
    let held = journal.hold(&tag).await?;
    Ok(Source { film, patient, tag, held })
}

/// What is left of an upload, once no other command works on it.
fn kept(held: &Held, identity: &Identity, args: &UploadArgs) -> Result<Kept> {
    let shown = args.file.display();
    match &held.entry {
        None => bail!("the upload of {shown} was ended by another command; nothing is left of it"),
        Some(entry) if entry.is_done() => return Ok(Kept::Finished),
        Some(_) => {}
    }
    let lost = || format!("the journal does not have the film; upload {shown} again");
    let (key, contents) = held.kept(identity)?.with_context(lost)?;
    let content = contents.into_iter().next().with_context(lost)?;
    Ok(Kept::Film(key, content))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use medchain_client::{chain::TxOutcome, H256};

    use super::*;
    use crate::journal::{Done, Journal};

    #[test]
    fn what_another_command_has_finished_meanwhile_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal"), H256([3; 32]));
        let identity = Identity::open("//Alice", true).unwrap();
        let args = UploadArgs::of("film.png".into(), "//Bob");
        let tag = journal.tag(&[b"upload", b"film"]).unwrap();
        let hold = || journal.hold(&tag).now_or_never().unwrap().unwrap();
        {
            let mut held = hold();
            let key = ContentKey::generate();
            let content = crypto::encrypt(&key, &[1; 32], b"film").unwrap();
            let (command, contents) = (["upload".to_owned()], [content.clone()]);
            let begun = ("the upload", &command[..], None);
            held.begin(&identity, begun, Some(&key), &contents).unwrap();
            let left = kept(&held, &identity, &args).unwrap();
            assert!(matches!(left, Kept::Film(_, kept) if kept == content));
            let outcome = TxOutcome {
                block_hash: H256([1; 32]),
                block_number: 1,
                extrinsic_hash: H256([2; 32]),
                fee: 1,
                events: Vec::new(),
            };
            held.finish(Done::new(&outcome, vec![0])).unwrap();
        }
        let mut held = hold();
        assert!(matches!(kept(&held, &identity, &args).unwrap(), Kept::Finished));
        // Refused meanwhile.
        held.forget().unwrap();
        let gone = kept(&held, &identity, &args).err().unwrap().to_string();
        assert!(gone.contains("by another command"), "{gone}");
    }
}
