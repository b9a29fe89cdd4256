//! `add_record`.

use codec::{Decode, Encode};
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo, traits::fungible::Mutate};
use medchain_primitives::{
    Action, Cid, FilmCommitments, InferenceOrder, ModelId, RecordContent, RecordId, RecordKind,
    Role,
};
use sp_runtime::{DispatchError, TokenError};

use crate::{
    mock::*, Call, Commitments, Envelope, Envelopes, Error, Event, HoldReason, NextRecordId,
    Record, Records, RecordsOf, WeightInfo,
};

fn added(record: RecordId, author: u64) -> Event<Test> {
    let (cid, kind) = (content(record), RecordKind::ChestXray);
    Event::RecordAdded { record, patient: ALICE, author, cid, kind }
}

fn checked(action: Action, record: Option<RecordId>) -> Event<Test> {
    Event::AccessChecked {
        patient: ALICE,
        subject: TECHNICIAN,
        record,
        action,
        policy: Some(POLICY),
    }
}

fn enveloped(record: RecordId, reader: u64) -> Event<Test> {
    Event::EnvelopeAdded { record, reader }
}

fn add_without_readers(
    kind: RecordKind,
    film: Option<FilmCommitments>,
) -> frame_support::dispatch::DispatchResultWithPostInfo {
    let none = envelopes(&[]);
    let cid = next_content();
    Emr::add_record(signed(ALICE), ALICE, cid, digest(1), kind, film, none, None, None)
}

fn add_and_order(
    author: u64,
    model: ModelId,
) -> frame_support::dispatch::DispatchResultWithPostInfo {
    let kind = RecordKind::ChestXray;
    let (film, readers, order) = (Some(film(1)), envelopes(&[ALICE]), Some(order(model)));
    let cid = next_content();
    Emr::add_record(signed(author), ALICE, cid, digest(1), kind, film, readers, order, None)
}

#[test]
fn a_patient_adds_a_record() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(add_record(ALICE, ALICE, &[ALICE, READER]));

        let content = RecordContent::kept(content(NEXT), digest(1));
        let expected = Record { content, envelopes: 2, ..xray() };
        assert_eq!(Records::<Test>::get(NEXT), Some(expected));
        assert!(RecordsOf::<Test>::contains_key(ALICE, NEXT));
        assert_eq!(NextRecordId::<Test>::get(), RecordId(2));
        for reader in [ALICE, READER] {
            let expected =
                Envelope { sealed: sealed(reader), depositor: ALICE, deposit: ENVELOPE_DEPOSIT };
            assert_eq!(Envelopes::<Test>::get(NEXT, reader), Some(expected));
        }
        assert_eq!(held(ALICE, HoldReason::Record), 2 * RECORD_DEPOSIT);
        assert_eq!(held(ALICE, HoldReason::Envelope), 3 * ENVELOPE_DEPOSIT);
        assert_eq!(Policy::asked(), [], "a patient needs no consent");
        assert_eq!(events(), [added(NEXT, ALICE), enveloped(NEXT, ALICE), enveloped(NEXT, READER)]);
    });
}

#[test]
fn a_technician_with_consent_adds_a_record() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(add_record(TECHNICIAN, ALICE, &[ALICE]));

        let content = RecordContent::kept(content(NEXT), digest(1));
        let expected = Record { author: TECHNICIAN, content, ..xray() };
        assert_eq!(Records::<Test>::get(NEXT), Some(expected));
        assert_eq!(held(TECHNICIAN, HoldReason::Record), RECORD_DEPOSIT);
        assert_eq!(held(TECHNICIAN, HoldReason::Envelope), ENVELOPE_DEPOSIT);
        assert_eq!(held(ALICE, HoldReason::Record), RECORD_DEPOSIT, "only the first");
        let question = (POLICY, ALICE, TECHNICIAN, None, Action::Append);
        assert_eq!(Policy::asked(), [question]);
        assert_eq!(
            events(),
            [checked(Action::Append, None), added(NEXT, TECHNICIAN), enveloped(NEXT, ALICE)]
        );
    });
}

#[test]
fn fails_when_a_technician_has_no_consent() {
    ExtBuilder::default().build_and_execute(|| {
        let add = || add_record(TECHNICIAN, ALICE, &[ALICE]);
        assert_noop!(add(), Error::<Test>::NoGrant);
        // Consent to other things, or by another patient, does not help.
        Policy::grant(ALICE, TECHNICIAN, Action::View);
        Policy::grant(ALICE, TECHNICIAN, Action::Amend);
        Policy::grant(BOB, TECHNICIAN, Action::Append);
        assert_noop!(add(), Error::<Test>::NoGrant);
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(add());
        Policy::revoke(ALICE, TECHNICIAN, Action::Append);
        assert_noop!(add(), Error::<Test>::GrantRevoked);
    });
}

#[test]
fn fails_when_the_author_is_not_a_technician() {
    ExtBuilder::default().build_and_execute(|| {
        for role in [Role::Clinician, Role::Hospital, Role::Custodian] {
            appoint(READER, role);
        }
        // Consent alone does not make a technician, nor do other roles.
        for who in [BOB, READER, STRANGER] {
            Policy::grant(ALICE, who, Action::Append);
            let refused = add_record(who, ALICE, &[ALICE]);
            assert_noop!(refused, Error::<Test>::NotLabTechnician);
        }
        assert_eq!(Policy::asked(), []);
    });
}

#[test]
fn fails_when_the_technician_lost_the_role() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_ok!(add_record(TECHNICIAN, ALICE, &[ALICE]));
        dismiss(TECHNICIAN, Role::LabTechnician);
        assert_noop!(add_record(TECHNICIAN, ALICE, &[ALICE]), Error::<Test>::NotLabTechnician);
    });
}

#[test]
fn fails_when_there_is_no_such_patient() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, TECHNICIAN, Action::Append);
        for author in [TECHNICIAN, STRANGER] {
            let refused = add_record(author, STRANGER, &[READER]);
            assert_noop!(refused, Error::<Test>::PatientNotFound);
        }
    });
}

/// As people paste it: from `ipfs add`, a browser, a shell or another tool.
#[test]
fn one_spelling_of_a_cid_is_stored_and_every_other_refused() {
    let add = |text: &str| {
        let cid = Cid::decode(&mut &text.as_bytes().encode()[..]).expect("a short text decodes");
        let (alice, kind) = (signed(ALICE), RecordKind::Report);
        Emr::add_record(alice, ALICE, cid, digest(1), kind, None, envelopes(&[]), None, None)
    };
    let right = cid(9).to_string();
    let others = [
        String::new(),
        "\n".into(),
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG".into(),
        "zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA".into(),
        format!("f01551220{}", "09".repeat(32)),
        right.to_uppercase(),
        right.replacen('b', "B", 1),
        format!("/ipfs/{right}"),
        format!("ipfs://{right}"),
        format!("https://ipfs.io/ipfs/{right}"),
        format!("https://{right}.ipfs.dweb.link/"),
        format!("{right}/film.png"),
        format!("{right}\n"),
        format!(" {right}"),
        format!("\"{right}\""),
        format!("{right}="),
        "b".repeat(128),
    ];
    ExtBuilder::default().build_and_execute(|| {
        for text in &others {
            assert_noop!(add(text), Error::<Test>::InvalidCid);
        }
        assert_ok!(add(&right));
    });
    // A longer text is no call of this chain.
    assert!(Cid::decode(&mut &"b".repeat(129).as_bytes().encode()[..]).is_err());
}

#[test]
fn a_film_comes_with_commitments_or_without() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(add_without_readers(RecordKind::ChestXray, Some(film(7))));
        assert_eq!(Commitments::<Test>::get(NEXT), Some(film(7)));
        assert_eq!(Commitments::<Test>::get(XRAY), Some(film(1)), "another record");

        assert_ok!(add_without_readers(RecordKind::ChestXray, None));
        assert_eq!(Commitments::<Test>::get(RecordId(2)), None);
        assert_eq!(events(), [added(NEXT, ALICE), added(RecordId(2), ALICE)]);
    });
}

#[test]
fn fails_when_another_document_has_commitments() {
    ExtBuilder::default().build_and_execute(|| {
        let committed = add_without_readers(RecordKind::Report, Some(film(7)));
        assert_noop!(committed, Error::<Test>::NotChestXray);
        assert_ok!(add_without_readers(RecordKind::Report, None));
        assert_eq!(Commitments::<Test>::get(NEXT), None);
    });
}

#[test]
fn fails_when_a_reader_is_listed_twice() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            add_record(ALICE, ALICE, &[READER, ALICE, READER]),
            Error::<Test>::DuplicateReader
        );
    });
}

#[test]
fn fails_when_a_reader_has_no_key() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            add_record(ALICE, ALICE, &[ALICE, STRANGER]),
            Error::<Test>::EncryptionKeyNotFound
        );
    });
}

#[test]
fn boundary_of_the_number_of_envelopes() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(add_record(ALICE, ALICE, &[]));
        let most = [ALICE, BOB, READER, OTHER_READER];
        assert_eq!(most.len(), MAX_ENVELOPES as usize);
        assert_ok!(add_record(ALICE, ALICE, &most));
        // More than that does not even decode.
        let five: Vec<_> = (0..5).map(|who| (who, sealed(who))).collect();
        assert!(crate::EnvelopesOf::<Test>::try_from(five).is_err());
    });
}

#[test]
fn fails_when_the_deposits_cannot_be_held() {
    ExtBuilder::default().build_and_execute(|| {
        appoint(POOR, Role::LabTechnician);
        Policy::grant(ALICE, POOR, Action::Append);
        let poor = || add_record(POOR, ALICE, &[ALICE]);
        assert_noop!(poor(), TokenError::FundsUnavailable);
        // Enough for the record, but not for the envelope.
        assert_ok!(Balances::mint_into(&POOR, RECORD_DEPOSIT + ENVELOPE_DEPOSIT - 1));
        assert_noop!(poor(), TokenError::FundsUnavailable);
        assert_ok!(Balances::mint_into(&POOR, 1));
        assert_ok!(poor());
    });
}

#[test]
fn fails_when_every_number_is_taken() {
    ExtBuilder::default().build().execute_with(|| {
        NextRecordId::<Test>::put(RecordId(u64::MAX));
        assert_noop!(add_record(ALICE, ALICE, &[ALICE]), Error::<Test>::RecordIdsExhausted);
    });
}

#[test]
fn ordering_a_model_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(add_and_order(ALICE, MODEL));
        assert_eq!(Orders::taken(), [(ALICE, ALICE, NEXT, order(MODEL))]);
        assert_eq!(Policy::asked(), []);

        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        Policy::grant(ALICE, TECHNICIAN, Action::Infer);
        events();
        assert_ok!(add_and_order(TECHNICIAN, MODEL));
        let record = RecordId(2);
        assert_eq!(Orders::taken(), [(TECHNICIAN, ALICE, record, order(MODEL))]);
        assert_eq!(
            events(),
            [
                checked(Action::Append, None),
                added(record, TECHNICIAN),
                enveloped(record, ALICE),
                checked(Action::Infer, Some(record)),
            ]
        );
    });
}

#[test]
fn a_refused_order_reverts_the_record() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        assert_noop!(add_and_order(TECHNICIAN, MODEL), Error::<Test>::NoGrant);
        let unknown = add_and_order(ALICE, ModelId(0));
        assert_noop!(unknown, DispatchError::Other("no such model"));
        assert_eq!(NextRecordId::<Test>::get(), NEXT);
        assert_eq!(held(TECHNICIAN, HoldReason::Record), 0);
    });
}

#[test]
fn the_weight_counts_the_questions_that_are_asked() {
    ExtBuilder::default().build_and_execute(|| {
        let call = |inference| Call::<Test>::add_record {
            patient: ALICE,
            cid: cid(1),
            digest: digest(1),
            kind: RecordKind::ChestXray,
            commitments: Some(film(1)),
            envelopes: envelopes(&[ALICE]),
            inference,
            custody: None,
        };
        let base = <() as WeightInfo>::add_record(1);
        let weight = |inference| call(inference).get_dispatch_info().call_weight;
        assert_eq!(weight(None), base + CHECK_WEIGHT);
        assert_eq!(weight(Some(order(MODEL))), base + CHECK_WEIGHT + ORDER_WEIGHT + CHECK_WEIGHT);
        let named = InferenceOrder { quorum: 1, worker: Some(TECHNICIAN), ..order(MODEL) };
        assert_eq!(weight(Some(named)), base + CHECK_WEIGHT + ORDER_WEIGHT + CHECK_WEIGHT * 2);

        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        let actual = |author| {
            let info = add_record(author, ALICE, &[ALICE]).expect("both may append");
            info.actual_weight
        };
        // What the question did not use is refunded.
        assert_eq!(actual(TECHNICIAN), Some(base + ASKED_WEIGHT));
        assert_eq!(actual(ALICE), Some(base));
        let info = add_and_order(ALICE, MODEL).expect("her own record");
        assert_eq!(info.actual_weight, Some(base + ORDER_WEIGHT));
        Policy::grant(ALICE, TECHNICIAN, Action::Infer);
        let info = add_and_order(TECHNICIAN, MODEL).expect("the policy allows");
        assert_eq!(info.actual_weight, Some(base + ASKED_WEIGHT + ORDER_WEIGHT + ASKED_WEIGHT));
    });
}
