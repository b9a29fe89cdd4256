//! A model that a hundred workers run, all of which the patient lets answer: a record's key goes to
//! those that are drawn, and to nobody else.

use std::collections::BTreeSet;

use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{Call, Chain, ChainError, SubmitOptions, UNIT},
    keys::Identity,
    AccountId32,
};
use medchain_e2e::{World, LAB, PATIENT, REGISTRAR};
use medchain_primitives::{InstitutionId, ModelId, RecordId, Role};
use medchain_vision::synthetic_radiograph_png;

const WORKERS: usize = 100;
const QUORUM: usize = 3;

fn identity(secret: &str) -> Identity {
    Identity::from_secret_uri(secret).unwrap()
}

/// Registers a hundred workers, hospitals all of them.
async fn register(chain: &Chain) -> Result<BTreeSet<AccountId32>, ChainError> {
    let workers: Vec<Identity> =
        (0..WORKERS).map(|number| identity(&format!("//Hospital{number}"))).collect();
    let registrar = identity(REGISTRAR);
    let options = &SubmitOptions::default();
    for some in workers.chunks(25) {
        let calls = some.iter().flat_map(|worker| {
            let account = worker.account();
            let (institution, role, until) = (InstitutionId(0), Role::Hospital, 1_000_000);
            [
                Call::Transfer { to: account, amount: 150 * UNIT },
                Call::AddProvider { institution, account, role, until },
            ]
        });
        chain.submit(&registrar, &Call::Batch(calls.collect()), options).await?;
    }
    let registered = workers.iter().map(|worker| async move {
        let calls = vec![
            Call::SetEncryptionKey { key: worker.encryption_key() },
            Call::RegisterWorker { models: vec![ModelId(0)] },
        ];
        chain.submit(worker, &Call::Batch(calls), options).await
    });
    let _: Vec<_> = stream::iter(registered).buffer_unordered(25).try_collect().await?;
    Ok(workers.iter().map(Identity::account).collect())
}

#[test]
fn the_key_goes_to_the_workers_that_are_drawn_and_to_no_other() {
    let world = World::with_everybody();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let chain = runtime.block_on(Chain::connect(world.url())).unwrap();
    let workers = runtime.block_on(register(&chain)).unwrap();
    world.done(PATIENT, &["grant", "--role", "hospital", "--actions", "infer"]);

    let image = world.write_image("scan.png", &synthetic_radiograph_png(911));
    let image = image.display().to_string();
    let quorum = QUORUM.to_string();
    let upload = ["upload", &image, "--patient", PATIENT, "--infer", "0", "--quorum", &quorum];
    let report = world.done(LAB, &upload);
    let drawn: BTreeSet<String> = report["workers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|worker| worker.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(drawn.len(), QUORUM, "{report}");

    let record = RecordId(report["record_id"].as_u64().unwrap());
    let view = runtime.block_on(chain.best()).unwrap();
    let candidates = runtime.block_on(view.candidates(ModelId(0))).unwrap();
    assert!(candidates.len() > WORKERS, "all of them can be drawn: {}", candidates.len());
    let envelopes = runtime.block_on(view.envelopes(record)).unwrap();
    let readers: BTreeSet<AccountId32> = envelopes.into_iter().map(|(reader, _)| reader).collect();
    let others = [PATIENT, LAB].map(|who| identity(who).account());
    let sealed_to: BTreeSet<String> =
        readers.iter().filter(|reader| !others.contains(reader)).map(ToString::to_string).collect();
    assert_eq!(sealed_to, drawn);
    let hospitals = readers.iter().filter(|reader| workers.contains(reader)).count();
    assert!(hospitals >= QUORUM - 1, "at most one of them is the worker of this chain");
}
