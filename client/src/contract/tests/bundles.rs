use super::*;

fn refused(bundle: &[u8], words: &str) {
    let error = Interface::read(bundle).expect_err(words);
    assert!(matches!(error, ContractError::NotABundle(_)), "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn other_files_are_refused() {
    refused(b"", "EOF");
    refused(b"\0asm", "expected");
    refused(b"{}", "missing field");
    let with = |path: &str, value: Value| {
        let mut bundle: Value = serde_json::from_str(REFERENCE).unwrap();
        *bundle.pointer_mut(path).expect(path) = value;
        bundle.to_string().into_bytes()
    };
    refused(&with("/version", json!("4")), "its metadata has version 4, not 5");
    refused(&with("/spec/messages/0/selector", json!("0x00")), "`0x00` is not 4 bytes");
    refused(&with("/types/1/id", json!(7)), "not numbered");
    refused(&with("/types/6/type/def/array/type", json!(99)), "there is no type 99");
    // A type that consists of itself has no end.
    refused(&with("/types/6/type/def/array/type", json!(6)), "contains itself");
    refused(&with("/types/6/type/def/array/type", json!(5)), "contains itself");
}

#[test]
fn a_bundle_gives_its_code() {
    let code = code_of_bundle(br#"{"source":{"wasm":"0x0061736d01000000"},"x":1}"#);
    assert_eq!(code.unwrap(), b"\0asm\x01\0\0\0");
    for json in [
        "",
        "{}",
        r#"{"source":{}}"#,
        r#"{"source":{"wasm":"0xzz"}}"#,
        r#"{"source":{"wasm":"0x00"}}"#,
    ] {
        let error = code_of_bundle(json.as_bytes()).unwrap_err();
        assert!(matches!(error, ContractError::NotABundle(_)), "{json}");
    }
}

#[test]
fn the_reference_contract_is_read() {
    let contract = Interface::read(REFERENCE.as_bytes()).unwrap();
    assert_eq!(contract.name, "access-control");
    let signatures: Vec<String> =
        contract.messages.iter().map(|one| contract.signature(one)).collect();
    assert_eq!(
        signatures,
        [
            "grant(grantee: AccountId, actions: ActionSet, until: Option<u32>)",
            "revoke(grantee: AccountId)",
            "grant_of(patient: AccountId, grantee: AccountId)",
            "Policy::check(patient: AccountId, subject: AccountId, record: Option<u64>, \
             action: Action)",
        ]
    );
    let grant = contract.message("grant").unwrap();
    assert_eq!(grant.selector, *b"MCP\x10");
    assert!(grant.mutates && !grant.payable);
    assert!(grant.docs.starts_with("Grants `grantee` the `actions` on"), "{}", grant.docs);
    assert_eq!(contract.returns(grant), "Result<(), Error>");
    let check = contract.message("check").unwrap();
    assert_eq!((check.name.as_str(), check.mutates), ("Policy::check", false));
    assert_eq!(contract.returns(check), "Decision");
    let legend = [
        ("AccountId", "an address, or 0x and 64 digits"),
        ("Action", "View | Append | Amend | Share | Infer | Emergency"),
        ("ActionSet", "(u8)"),
    ];
    assert_eq!(contract.legend(), legend.map(|(name, shape)| (name.into(), shape.into())));
}

#[test]
fn constructors_and_messages_are_found_by_name() {
    let named = |label: &str| function(label, 1, &[], 0);
    let bundle = |constructors: &[&str]| {
        let mut types = Types::default();
        let returns = types.id::<Result<(), Fault>>();
        assert_eq!(returns, 0);
        let constructors: Vec<Value> = constructors
            .iter()
            .map(|label| match *label {
                "with_members" => {
                    let members = types.argument::<Vec<AccountId>>("members");
                    function(label, 2, &[members], returns)
                }
                label => named(label),
            })
            .collect();
        let messages = ["A::same", "B::same", "same_not", "C::one"].map(named);
        Interface::read(&types.bundle(&json!(constructors), &json!(messages), &json!([]))).unwrap()
    };
    let only = bundle(&["with_members"]);
    assert_eq!(only.constructor(None).unwrap().name, "with_members");
    let several = bundle(&["with_members", "new"]);
    assert_eq!(several.constructor(None).unwrap().name, "new");
    assert_eq!(several.constructor(Some("with_members")).unwrap().selector, [0, 0, 0, 2]);
    assert_eq!(
        several.constructor(Some("old")).unwrap_err().to_string(),
        "the contract has no constructor `old`; it has with_members(members: Vec<AccountId>), new()"
    );
    let unclear = bundle(&["with_members", "default"]);
    assert_eq!(
        unclear.constructor(None).unwrap_err().to_string(),
        "the contract has several constructors; name one of \
         with_members(members: Vec<AccountId>), default()"
    );
    assert_eq!(only.message("A::same").unwrap().name, "A::same");
    assert_eq!(only.message("one").unwrap().name, "C::one");
    assert!(only.message("same").unwrap_err().to_string().contains("no message `same`"));
    let without = bundle(&[]).constructor(Some("new")).unwrap_err().to_string();
    assert_eq!(without, "the contract has no constructor `new`; it has none");
}
