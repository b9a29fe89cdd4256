use super::*;

const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
const BOB_HEX: &str = "0x8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48";

fn bob() -> [u8; 32] {
    accounts("//Bob").unwrap().0
}

/// Typed so, an argument of this type is encoded as `expected` is.
fn check<T: TypeInfo + 'static>(text: &str, expected: impl Encode) {
    let contract = taking::<T>();
    let one = contract.message("one").unwrap();
    let data = contract.data(one, text, accounts).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(data, [&[1, 2, 3, 4], &expected.encode()[..]].concat(), "{text}");
}

/// Typed so, it is refused with these words.
fn refused<T: TypeInfo + 'static>(text: &str, words: &str) {
    let contract = taking::<T>();
    let one = contract.message("one").unwrap();
    let error = contract.data(one, text, accounts).expect_err(text).to_string();
    assert!(error.contains(words), "{text}: {error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn single_values() {
    check::<bool>("true", true);
    check::<u8>("255", 255u8);
    check::<u8>(" 0x11 ", 0x11u8);
    check::<i32>("-5", -5i32);
    check::<u128>("340282366920938463463374607431768211455", u128::MAX);
    check::<u64>("1_000_000", 1_000_000u64);
    check::<Compact<u128>>("70000", Compact(70_000u128));
    check::<String>(r#""a, (b] \"c\"""#, r#"a, (b] "c""#);
    check::<Set>("17", 17u8);
    check::<()>("()", ());
}

#[test]
fn accounts_and_bytes() {
    check::<AccountId>(BOB, bob());
    check::<AccountId>(BOB_HEX, bob());
    check::<AccountId>("//Bob", bob());
    check::<[u8; 32]>(BOB_HEX, bob());
    check::<[u8; 4]>("0x00FF10a0", [0u8, 255, 16, 160]);
    check::<Vec<u8>>("0x00ff", vec![0u8, 255]);
    check::<Vec<u8>>("0x", Vec::<u8>::new());
    check::<Vec<u8>>("[1, 2]", vec![1u8, 2]);
    check::<Option<AccountId>>("Some(//Bob)", Some(bob()));
    check::<Vec<AccountId>>(&format!("[//Bob,{BOB} , {BOB_HEX}]"), vec![bob(); 3]);
    check::<(AccountId, u8)>("(//Bob//stash, 3)", (accounts("//Bob//stash").unwrap().0, 3u8));
}

#[test]
fn variants_lists_and_structs() {
    check::<Role>("Clinician", Role::Clinician);
    check::<Action>("Emergency", Action::Emergency);
    check::<Option<u32>>("None", None::<u32>);
    check::<Option<u32>>("Some(7)", Some(7u32));
    check::<Option<Option<bool>>>("Some(None)", Some(None::<bool>));
    check::<Vec<Role>>("[Clinician, Hospital]", vec![Role::Clinician, Role::Hospital]);
    check::<Vec<Role>>("[]", Vec::<Role>::new());
    check::<[u16; 2]>("[1, 2]", [1u16, 2]);
    check::<Hours>(
        "{ from: 8, to: 18, zone: Some(-1) }",
        Hours { from: 8, to: 18, zone: Some(-1) },
    );
    check::<Hours>("{to:18,zone:None,from:8}", Hours { from: 8, to: 18, zone: None });
    check::<Rule>("Never", Rule::Never);
    check::<Rule>("Code(3)", Rule::Code(3));
    check::<Rule>("Both(3, true)", Rule::Both(3, true));
    let hours = Hours { from: 8, to: 18, zone: None };
    check::<Rule>(
        "Open { hours: { from: 8, to: 18, zone: None }, roles: [LabTechnician] }",
        Rule::Open { hours, roles: vec![Role::LabTechnician] },
    );
}

#[test]
fn a_value_that_does_not_fit_names_argument_and_type() {
    refused::<u8>("256", "the argument `it` must be of type u8: 256 is out of range");
    refused::<u8>("-1", "-1 is out of range");
    refused::<u8>("true", "`true` is of another type");
    refused::<bool>("1", "`1` is of another type");
    refused::<Option<u32>>("7", "Option<u32>, None | Some(u32): `7` is of another type");
    refused::<Role>(
        "Nurse",
        "Role, LabTechnician | Clinician | Hospital | Custodian: there is no `Nurse`",
    );
    refused::<Role>("clinician", "there is no `clinician`");
    refused::<AccountId>("0x8eaf", "AccountId, an address, or 0x and 64 digits: `0x8eaf`");
    refused::<AccountId>("//", "neither a mnemonic nor a seed");
    refused::<AccountId>("Bob", "`Bob` is of another type");
    refused::<Vec<AccountId>>("//Bob", "Vec<AccountId>");
    refused::<[u8; 4]>("0x00", "it has 4 parts, and `0x00` has 1");
    refused::<Hours>("{ from: 8, to: 18 }", "the field `zone` is missing");
    refused::<Hours>("{ from: 8, to: 18, zone: None, on: true }", "that the type lacks");
    refused::<Hours>("{ from: 8, to: 18, zone: None, on: None }", "that the type lacks");
    refused::<Hours>("{ from: 8, to: 18, zone: None, to: 17 }", "that the type lacks");
    refused::<Rule>("Both(1)", "Never | Code(u8) | Both(u8, bool) | Open { hours: Hours, ");
    refused::<Rule>("Code(1, 2)", "`Code(1, 2)`");
    refused::<Rule>("Never(1)", "`Never(1)`");
}

#[test]
fn an_address_with_a_mistake_is_no_other_value() {
    let wrong = BOB.replace("46x", "47x");
    refused::<AccountId>(&wrong, "is not an account");
    refused::<Vec<u8>>(&wrong, "is not an account");
}

#[test]
fn what_cannot_be_read_is_one_line() {
    refused::<u8>("1 2", "`2` is left over");
    refused::<u8>("0x1", "even length");
    refused::<u8>("0xgg", "hex character");
    refused::<u8>("1.5", "`.5` is left over");
    refused::<u8>("99999999999999999999999999999999999999999", "is not a value");
    refused::<u8>("é", "`é` is not a value");
    refused::<u8>("(1", "`(` is not closed");
    refused::<u8>("1)", "`)` has no matching `(`");
    refused::<u8>("[1)", "no matching `(`");
    refused::<String>("\"a", "the quotation mark \" is not closed");
    refused::<u8>(&"(".repeat(100_000), "more than 32 brackets are nested");
    refused::<String>(r#"["é", "é"]"#, "of another type");
}

#[test]
fn the_number_of_arguments_counts() {
    refused::<u8>("", "`one(it: u8)` takes 1 argument, not 0");
    refused::<u8>("1, 2", "takes 1 argument, not 2");
    refused::<(u8, u8)>("1, 2", "`one(it: (u8, u8))` takes 1 argument, not 2");
    refused::<u8>("1,", "takes 1 argument, not 2");
    refused::<u8>(",", "not 2");
}

#[test]
fn the_reference_contract_s_messages_are_encoded_as_ever() {
    let contract = Interface::read(REFERENCE.as_bytes()).unwrap();
    let grant = contract.message("grant").unwrap();
    let data = contract.data(grant, &format!("{BOB}, 17, Some(100)"), accounts).unwrap();
    let bob = AccountId32(bob());
    let actions = crate::policy::ActionSet(17);
    assert_eq!(data, crate::policy::grant(&bob.0, actions, Some(100)));
    let new = contract.constructor(None).unwrap();
    assert_eq!(contract.data(new, "", accounts).unwrap(), crate::policy::constructor());
    let check = contract.message("check").unwrap();
    let data = contract.data(check, "//Bob, //Bob, None, Emergency", accounts).unwrap();
    assert_eq!(data, (*b"MCP\x01", bob, bob, 0u8, 5u8).encode());
}
