//! The chain access against a running development node: runs where
//! `MEDCHAIN_TEST_NODE` has its address, such as `ws://127.0.0.1:9944`. With
//! `MEDCHAIN_TEST_POLICY`, the path of `access-control.contract`, the contract
//! calls are tested too. The node keeps what the tests do.

use std::time::{SystemTime, UNIX_EPOCH};

use futures::StreamExt;
use medchain_client::{
    chain::{
        AccessQuestion, Call, Chain, ChainError, ChainEvent, Denied, Finality, InferenceOrder,
        ModelStatus, RecordStatus, RequestStatus, RuntimeError, Step, SubmitOptions, TxOutcome,
        WorkerStatus, UNIT,
    },
    contract,
    crypto::{digest, seal, ContentKey, EnvelopeName, Sealed, VerdictName},
    keys::Identity,
    policy::{self, ActionSet},
    store::cid_of,
    AccountId32,
};
use medchain_primitives::{
    receipt, Action, Decision, DenyReason, InstitutionId, Output, RecordContent, RecordKind, Role,
};

async fn chain() -> Option<Chain> {
    let Ok(url) = std::env::var("MEDCHAIN_TEST_NODE") else {
        eprintln!("skipped: MEDCHAIN_TEST_NODE does not name a node");
        return None;
    };
    Some(Chain::connect(&url).await.expect("the node of MEDCHAIN_TEST_NODE answers"))
}

fn alice() -> Identity {
    Identity::open("//Alice", true).unwrap()
}

/// An identity that was never used on chain.
fn stranger(name: &str) -> Identity {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    Identity::from_secret_uri(&format!("//{name}//{now}")).unwrap()
}

/// Submits one transaction at a time: the tests run in parallel, and Alice signs in all
/// of them.
async fn submit(chain: &Chain, signer: &Identity, call: Call) -> Result<TxOutcome, ChainError> {
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _turn = TURN.lock().await;
    chain.submit(signer, &call, &SubmitOptions::default()).await
}

/// Identities with funds.
async fn people<const N: usize>(chain: &Chain, names: [&str; N]) -> [Identity; N] {
    let people = names.map(stranger);
    let gifts = people
        .iter()
        .map(|person| Call::Transfer { to: person.account(), amount: 1_000 * UNIT })
        .collect();
    submit(chain, &alice(), Call::Batch(gifts)).await.unwrap();
    people
}

#[tokio::test]
async fn the_whole_job_runs_through_the_client() {
    let Some(chain) = chain().await else { return };
    let [patient, worker] = people(&chain, ["patient", "worker"]).await;
    let (account, runner) = (patient.account(), worker.account());
    let mut blocks = chain.blocks(Finality::Best).await.unwrap();

    // The patient.
    let register =
        Call::RegisterPatient { profile: None, encryption_key: patient.encryption_key() };
    let estimate = chain.estimate_fee(&patient, &register).await.unwrap();
    let outcome = submit(&chain, &patient, register.clone()).await.unwrap();
    assert!(outcome.fee > 0 && outcome.fee <= estimate, "{} {estimate}", outcome.fee);
    assert!(outcome.events.contains(&ChainEvent::PatientRegistered { patient: account }));
    let again = submit(&chain, &patient, register).await.unwrap_err();
    let name = "Emr.PatientAlreadyExists: ";
    assert!(again.to_string().starts_with(name) && again.to_string().len() > name.len(), "{again}");

    // The model and the worker.
    let model_call = Call::RegisterModel {
        name: "test".into(),
        version: "1".into(),
        cid: cid_of(b"model"),
        sha256: [1; 32],
        card: None,
        labels: vec!["covid".into(), "normal".into()],
        preprocessing: "none".into(),
        network: None,
        min_quorum: 1,
        confidence_threshold_ppm: 600_000,
        fee: UNIT,
    };
    let outcome = submit(&chain, &alice(), Call::Sudo(Box::new(model_call))).await.unwrap();
    let registered = outcome.events.iter().find_map(|event| match event {
        ChainEvent::ModelRegistered { model, .. } => Some(*model),
        _ => None,
    });
    let model = registered.unwrap();
    let calls = vec![
        Call::SetEncryptionKey { key: worker.encryption_key() },
        Call::RegisterWorker { models: vec![model] },
    ];
    submit(&chain, &worker, Call::Batch(calls)).await.unwrap();

    // The record, with a request that names the worker.
    let (key, content) = (ContentKey::generate(), b"ciphertext");
    let commitments = key.commitments(&[114; 224 * 224]);
    let order = InferenceOrder { model, quorum: 1, worker: Some(runner) };
    let cid = cid_of(content);
    let name = |reader: &AccountId32| EnvelopeName {
        genesis: chain.genesis_hash().0,
        patient: account.0,
        content: Sealed::Record(&cid),
        reader: reader.0,
    };
    let envelopes = vec![
        (account, seal(&key, &patient.encryption_key(), &name(&account)).unwrap()),
        (runner, seal(&key, &worker.encryption_key(), &name(&runner)).unwrap()),
    ];
    let add = Call::AddRecord {
        patient: account,
        cid: cid_of(content),
        digest: digest(content),
        kind: RecordKind::ChestXray,
        commitments,
        envelopes,
        inference: Some(order),
        custody: None,
    };
    let outcome = submit(&chain, &patient, add).await.unwrap();
    let view = chain.best().await.unwrap();
    let record = view.records_of(&account).await.unwrap().pop().unwrap();
    assert_eq!(record.status, RecordStatus::Active);
    let kept = RecordContent::kept(cid_of(content), digest(content));
    assert_eq!(record.content, kept);
    assert!(record.deposit > 0);
    let record = record.id;
    let requested = outcome.events.iter().find_map(|event| match event {
        ChainEvent::InferenceRequested { request, .. } => Some(*request),
        _ => None,
    });
    let request = requested.unwrap();

    // Everything can be read back.
    let sealed = view.envelope(record, &runner).await.unwrap().unwrap();
    let opened = worker.encryption_secret().open(&sealed, &name(&runner)).unwrap();
    assert_eq!(opened.verdict_root(), key.verdict_root());
    assert_eq!(view.commitments(record).await.unwrap(), commitments);
    assert_eq!(view.envelopes(record).await.unwrap().len(), 2);
    assert_eq!(view.encryption_key(&runner).await.unwrap(), Some(worker.encryption_key()));
    assert!(view.patient(&account).await.unwrap().unwrap().deposit > 0);
    assert!(view.patient(&runner).await.unwrap().is_none());
    assert!(view.balance(&account).await.unwrap().reserved > 0);
    assert_eq!(view.nonce(&account).await.unwrap(), 3);
    assert_eq!(chain.next_nonce(&account).await.unwrap(), 3);
    assert!(view.timestamp().await.unwrap() > 0);
    assert_eq!(view.sudo_key().await.unwrap(), Some(alice().account()));
    let found = view.model(model).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.status), ("test", ModelStatus::Active));
    assert!(view.models().await.unwrap().contains(&found));
    let workers = view.workers_of(model).await.unwrap();
    let found_worker = workers.iter().find(|worker| worker.account == runner).unwrap();
    assert!(found_worker.bond > 0 && found_worker.status == WorkerStatus::Active);
    assert_eq!(found_worker.assigned, 1);
    assert_eq!(view.candidates(model).await.unwrap(), [runner]);
    let open = view.open_requests().await.unwrap();
    let ours = open.iter().find(|open| open.id == request).unwrap();
    assert_eq!((ours.record, ours.quorum, ours.fee), (record, 1, UNIT));
    assert_eq!(ours.status, RequestStatus::Committing);
    assert_eq!(view.open_request_of(record, model).await.unwrap(), Some(request));
    assert_eq!(view.assignments(&runner).await.unwrap(), [request]);
    let committee = view.committee(request).await.unwrap().unwrap();
    assert!(committee.named && !committee.waits_for_seed);
    assert_eq!(committee.step_of(&runner), Some(&Step::Chosen));

    // The worker is denied access unless a policy allows it.
    let infer = view
        .check_access(&account, &runner, AccessQuestion::infer(model, Some(record)))
        .await
        .unwrap();
    assert!(infer.is_err());
    let output = Output::quantise(&[0.75, 0.25]).unwrap();
    let name = VerdictName { genesis: chain.genesis_hash().0, record, model, request };
    let sealed = opened.verdict_key(&name).seal(&output);
    let answer = Call::SubmitAnswer { request, sealed: sealed.clone() };
    let refused = submit(&chain, &worker, answer.clone()).await.unwrap_err();
    assert!(matches!(refused, ChainError::Dispatch(_)), "{refused}");

    if let Some(bundle) = std::env::var_os("MEDCHAIN_TEST_POLICY") {
        let code = contract::code_of_bundle(&std::fs::read(bundle).unwrap()).unwrap();
        let contract = consent(&chain, &patient, &worker, code).await;
        let outcome = submit(&chain, &worker, answer).await.unwrap();
        let asked = outcome.events.iter().any(|event| {
            matches!(event, ChainEvent::AccessChecked { policy, .. } if *policy == Some(contract))
        });
        assert!(asked, "{:?}", outcome.events);
        let view = chain.best().await.unwrap();
        let verdict = view.verdict(request).await.unwrap().unwrap();
        let receipt = receipt(&[1; 32], &found.preprocessing, &cid_of(content), &sealed);
        assert_eq!((verdict.receipt, verdict.workers.as_slice()), (receipt, &[runner][..]));
        let answer = key.verdict_key(&name).open(&verdict.sealed).unwrap();
        assert_eq!((found.label_of(&answer), answer), ("covid", output));
        assert_eq!(view.latest_verdict(record, model).await.unwrap().as_ref(), Some(&verdict));
        assert_eq!(view.verdicts_of(record).await.unwrap(), [verdict]);
        let answered = view.request(request).await.unwrap().unwrap().status;
        assert_eq!(answered, RequestStatus::Answered);
        assert_eq!(view.committee(request).await.unwrap(), None);
        assert_eq!(view.assignments(&runner).await.unwrap(), []);
    }

    // The blocks have the same events.
    let added = ChainEvent::PatientRegistered { patient: account };
    loop {
        let block = blocks.next().await.unwrap().unwrap();
        if block.events.contains(&added) {
            break;
        }
    }
}

/// Instantiates a policy contract, has the patient choose it and grant the worker
/// access, and checks its decisions on the way.
async fn consent(
    chain: &Chain,
    patient: &Identity,
    worker: &Identity,
    code: Vec<u8>,
) -> medchain_client::AccountId32 {
    let options = SubmitOptions::default();
    let (account, grantee) = (patient.account(), worker.account());
    let made = chain.instantiate(patient, code, policy::constructor(), vec![1], &options).await;
    let (contract, _) = made.unwrap();
    submit(chain, patient, Call::SetPolicy { policy: Some(contract) }).await.unwrap();
    let view = chain.best().await.unwrap();
    assert!(view.contract_exists(&contract).await.unwrap());
    assert!(!view.contract_exists(&account).await.unwrap());
    assert_eq!(view.policy_of(&account).await.unwrap(), Some(contract));
    let refused =
        view.check_access(&account, &grantee, AccessQuestion::about(Action::Infer)).await.unwrap();
    assert_eq!(refused, Err(Denied::Refused(DenyReason::NoGrant)));
    assert_eq!(policy::grant_of(&view, &contract, &account, &grantee).await.unwrap(), None);

    let actions = ActionSet::of(&[Action::Infer]);
    let grant = policy::grant(&grantee.0, actions, None);
    let outcome = chain.contract_call(patient, &contract, grant, &options).await.unwrap();
    let emitted = |event: &ChainEvent| matches!(event, ChainEvent::ContractEmitted { contract: from, .. } if *from == contract);
    assert!(outcome.events.iter().any(emitted), "{:?}", outcome.events);
    let view = chain.best().await.unwrap();
    let granted = policy::grant_of(&view, &contract, &account, &grantee).await.unwrap().unwrap();
    assert_eq!((granted.actions, granted.until, granted.revoked), (actions, None, false));
    let ask = |action| policy::check(&view, &contract, &account, &grantee, None, action);
    assert_eq!(ask(Action::Infer).await.unwrap(), Decision::Allow);
    let not_granted = Decision::Deny(DenyReason::ActionNotGranted);
    assert_eq!(ask(Action::View).await.unwrap(), not_granted);
    let allowed =
        view.check_access(&account, &grantee, AccessQuestion::about(Action::Infer)).await.unwrap();
    assert_eq!(allowed, Ok(()));

    let nonsense = view.contract_read(&account, &contract, vec![1, 2, 3, 4]).await.unwrap_err();
    assert!(matches!(nonsense, ChainError::Contract(_) | ChainError::Dispatch(_)), "{nonsense}");
    let nowhere = view.contract_read(&account, &account, vec![1, 2, 3, 4]).await.unwrap_err();
    assert!(nowhere.to_string().starts_with("Contracts.ContractNotFound: "), "{nowhere}");
    contract
}

#[tokio::test]
async fn refusals_have_names() {
    let Some(chain) = chain().await else { return };
    let poor = stranger("poor");
    let call = Call::SetEncryptionKey { key: poor.encryption_key() };
    let error = submit(&chain, &poor, call).await.unwrap_err();
    assert_eq!(error, ChainError::InsufficientFunds { account: poor.account() });

    let [somebody] = people(&chain, ["somebody"]).await;
    let institution = InstitutionId(0);
    let remove = Call::RemoveInstitution { institution: InstitutionId(9) };
    let error = submit(&chain, &somebody, remove.clone()).await.unwrap_err();
    assert!(error.is(RuntimeError::BadOrigin), "{error}");
    // The call inside fails.
    let error = submit(&chain, &alice(), Call::Sudo(Box::new(remove))).await.unwrap_err();
    assert!(error.to_string().starts_with("Emr.InstitutionNotFound: "), "{error}");
    // Alice is the registrar of the institution that a development chain has.
    let until = chain.best().await.unwrap().number() + 1_000;
    let (account, role) = (somebody.account(), Role::Hospital);
    let provider = Call::AddProvider { institution, account, role, until };
    let error = submit(&chain, &somebody, provider.clone()).await.unwrap_err();
    assert!(error.to_string().starts_with("Emr.NotRegistrar: "), "{error}");
    submit(&chain, &alice(), provider.clone()).await.unwrap();
    let view = chain.best().await.unwrap();
    assert_eq!(view.roles_of(&account).await.unwrap(), [Role::Hospital]);
    let error = submit(&chain, &alice(), provider).await.unwrap_err();
    assert!(error.to_string().starts_with("Emr.ProviderAlreadyExists: "), "{error}");

    let used = SubmitOptions { nonce: Some(0), ..SubmitOptions::default() };
    let call = Call::SetEncryptionKey { key: somebody.encryption_key() };
    let error = chain.submit(&somebody, &call, &used).await.unwrap_err();
    assert_eq!(error, ChainError::StaleNonce);
}

#[tokio::test]
async fn transactions_with_their_own_nonces_are_sent_together() {
    let Some(chain) = chain().await else { return };
    let [sender] = people(&chain, ["sender"]).await;
    let first = chain.next_nonce(&sender.account()).await.unwrap();
    let call = Call::SetEncryptionKey { key: sender.encryption_key() };
    let sent = (0..5).map(|offset| {
        let options = SubmitOptions {
            nonce: Some(first + offset),
            finality: Finality::Finalised,
            ..SubmitOptions::default()
        };
        let (chain, sender, call) = (&chain, &sender, &call);
        async move { chain.submit(sender, call, &options).await }
    });
    for outcome in futures::future::join_all(sent).await {
        outcome.unwrap();
    }
    let finalised = chain.finalised().await.unwrap();
    assert_eq!(finalised.nonce(&sender.account()).await.unwrap(), first + 5);
}
