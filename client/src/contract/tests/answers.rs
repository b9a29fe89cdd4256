use super::*;

fn decoded<T: TypeInfo + 'static>(value: impl Encode) -> Decoded {
    let mut types = Types::default();
    let returns = types.id::<Result<T, Fault>>();
    let ask = function("ask", 1, &[], returns);
    let contract = Interface::read(&types.bundle(&json!([]), &json!([ask]), &json!([]))).unwrap();
    let ask = contract.message("ask").unwrap();
    contract.answer(ask, &value.encode()).unwrap().unwrap()
}

/// Checks an answer as text and as JSON.
fn check<T: TypeInfo + 'static>(value: impl Encode, text: &str, expected: &Value) {
    let value = decoded::<T>(value);
    assert_eq!(value.to_string(), text);
    assert_eq!(&serde_json::to_value(&value).unwrap(), expected, "{text}");
}

#[test]
fn answers_are_text_and_json() {
    let bob = accounts("//Bob").unwrap();
    check::<()>((), "()", &json!(null));
    check::<bool>(true, "true", &json!(true));
    check::<u64>(u64::MAX, "18446744073709551615", &json!(u64::MAX));
    check::<i8>(-3i8, "-3", &json!(-3));
    check::<u128>(7u128, "7", &json!("7"));
    check::<u128>(u128::MAX, &u128::MAX.to_string(), &json!(u128::MAX.to_string()));
    check::<Compact<u32>>(Compact(9u32), "9", &json!(9));
    check::<String>("a\n\u{1b}", r#""a\n\u{1b}""#, &json!("a\n\u{1b}"));
    check::<AccountId>(bob.0, &bob.to_string(), &json!(bob.to_string()));
    check::<[u8; 2]>([1u8, 255], "0x01ff", &json!("0x01ff"));
    check::<Vec<u8>>(Vec::<u8>::new(), "0x", &json!("0x"));
    check::<Vec<u16>>(vec![1u16, 2], "[1, 2]", &json!([1, 2]));
    check::<(u8, bool)>((1u8, true), "(1, true)", &json!([1, true]));
    check::<Set>(17u8, "17", &json!(17));
    check::<Option<u32>>(None::<u32>, "None", &json!(null));
    check::<Option<u32>>(Some(7u32), "Some(7)", &json!(7));
    check::<Option<()>>(Some(()), "Some(())", &json!(null));
    check::<Option<(u8, u8)>>(Some((1u8, 2u8)), "Some((1, 2))", &json!([1, 2]));
    let hours = Hours { from: 8, to: 18, zone: Some(-1) };
    check::<Option<Hours>>(
        Some(hours),
        "Some({ from: 8, to: 18, zone: Some(-1) })",
        &json!({ "from": 8, "to": 18, "zone": -1 }),
    );
    check::<Role>(Role::Hospital, "Hospital", &json!("Hospital"));
    let deny = Decision::Deny(DenyReason::Other(3));
    check::<Decision>(deny, "Deny(Other(3))", &json!({ "Deny": { "Other": 3 } }));
    check::<Rule>(Rule::Both(1, true), "Both(1, true)", &json!({ "Both": [1, true] }));
    let hours = Hours { from: 8, to: 18, zone: None };
    check::<Rule>(
        Rule::Open { hours, roles: vec![Role::Custodian] },
        "Open { hours: { from: 8, to: 18, zone: None }, roles: [Custodian] }",
        &json!({ "Open": { "hours": { "from": 8, "to": 18, "zone": null }, "roles": ["Custodian"] } }),
    );
}

#[test]
fn an_error_of_the_message_is_told_from_an_answer() {
    let mut types = Types::default();
    let returns = types.id::<Result<Result<u8, Fault>, bool>>();
    let ask = function("ask", 1, &[], returns);
    let contract = Interface::read(&types.bundle(&json!([]), &json!([ask]), &json!([]))).unwrap();
    let ask = contract.message("ask").unwrap();
    assert_eq!(contract.answer(ask, &[0, 9]).unwrap(), Ok(Decoded::Number(9)));
    assert!(matches!(decoded::<()>(()), Decoded::Nothing));
    let missing = contract.answer(ask, &[1, 1, 4]).unwrap().unwrap_err();
    assert_eq!(missing.to_string(), "Missing(4)");
    // The data of a reverted call has ink!'s outer `Ok` before the error.
    assert_eq!(contract.refusal(ask, &[0, 1, 0]).unwrap().to_string(), "NotMember");
    for other in [&[][..], &[0, 0, 9], &[1, 1], &[0, 1, 9], &[0, 1, 0, 0]] {
        assert_eq!(contract.refusal(ask, other), None, "{other:?}");
    }
}

#[test]
fn an_answer_of_another_contract_is_an_error() {
    let contract = Interface::read(REFERENCE.as_bytes()).unwrap();
    let check = contract.message("check").unwrap();
    for bytes in [&[][..], &[2], &[1, 1]] {
        let error = contract.answer(check, bytes).unwrap_err();
        assert!(matches!(error, ContractError::Undecodable { .. }), "{bytes:?}");
    }
}

#[test]
fn events_are_known_by_their_first_topic() {
    let contract = Interface::read(REFERENCE.as_bytes()).unwrap();
    let topic = "ececb29a32262555617225e15833fede9db515c5e58f3ddada4ff799538c53d1";
    let topics = [H256(hex::decode(topic).unwrap().try_into().unwrap()), H256([1; 32])];
    let data = (AccountId([1; 32]), AccountId([2; 32]), 17u8, Some(9u32)).encode();
    let granted = contract.emitted(&topics, &data).unwrap();
    assert_eq!(granted.name, "Granted");
    let (patient, grantee) = (AccountId32([1; 32]), AccountId32([2; 32]));
    assert_eq!(
        granted.fields.to_string(),
        format!("{{ patient: {patient}, grantee: {grantee}, actions: 17, until: Some(9) }}")
    );
    assert_eq!(contract.emitted(&topics, &data[1..]), None);
    assert_eq!(contract.emitted(&[H256([7; 32])], &data), None);
    assert_eq!(contract.emitted(&[], &data), None);
}

#[test]
fn an_anonymous_event_is_known_by_its_form() {
    let mut types = Types::default();
    let event = |label: &str, args: &[Value]| json!({ "label": label, "args": args, "signature_topic": null });
    let short = event("Short", &[types.argument::<u8>("code")]);
    let long = event("Long", &[types.argument::<u32>("code"), types.argument::<bool>("on")]);
    let pair = event("Pair", &[types.argument::<Set>("a"), types.argument::<(u32,)>("b")]);
    let bundle = types.bundle(&json!([]), &json!([]), &json!([short, long, pair]));
    let contract = Interface::read(&bundle).unwrap();
    let found = contract.emitted(&[], &[5]).unwrap();
    assert_eq!((found.name.as_str(), found.fields.to_string().as_str()), ("Short", "{ code: 5 }"));
    // Both of the others have this form.
    assert_eq!(contract.emitted(&[], &[1, 0, 0, 0, 1]), None);
}
