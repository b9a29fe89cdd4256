use super::*;

#[test]
fn action_sets_are_read_and_written() {
    let check = |text: &str, bits| {
        let set: ActionSet = text.parse().unwrap();
        assert_eq!(set, ActionSet(bits), "{text}");
        assert_eq!(set.to_string().parse::<ActionSet>().unwrap(), set);
    };
    check("view", 0b00_0001);
    check("View, infer", 0b01_0001);
    check("all", 0b11_1111);
    for text in ["", "look", "view,,infer"] {
        assert!(text.parse::<ActionSet>().is_err(), "{text}");
    }
}

#[test]
fn purpose_sets_are_read_and_written() {
    let check = |text: &str, bits| {
        let set: PurposeSet = text.parse().unwrap();
        assert_eq!(set, PurposeSet(bits), "{text}");
        assert_eq!(set.to_string().parse::<PurposeSet>().unwrap(), set);
    };
    check("treatment", 1);
    check("Second-Opinion, research", 6);
    check("treatment,second-opinion,research,billing,other", 31);
    for text in ["", "all", "fun", "research,,billing"] {
        let error = text.parse::<PurposeSet>().unwrap_err();
        assert!(matches!(error, PolicyError::UnknownPurpose(_)), "{text}");
    }
}

#[test]
fn the_set_bits_are_the_indices_of_actions() {
    for action in Action::ALL {
        let set = ActionSet::of(&[action]);
        assert_eq!(u32::from(action.encode()[0]), set.0.trailing_zeros());
        assert_eq!(set.iter().collect::<Vec<_>>(), [action]);
    }
    assert!(ActionSet::default().is_empty());
}

#[test]
fn the_data_of_messages_are_selector_and_arguments() {
    let grantee = AccountId32([9; 32]);
    let set = ActionSet::of(&[Action::View, Action::Infer]);
    let mut expected = vec![0x4d, 0x43, 0x50, 0x10];
    expected.extend([9; 32]);
    expected.extend([0b01_0001, 1, 7, 0, 0, 0]);
    assert_eq!(grant(&grantee, set, Some(7)), expected);
    let mut expected = vec![0x4d, 0x43, 0x50, 0x11];
    expected.extend([9; 32]);
    assert_eq!(revoke(&grantee), expected);
    assert_eq!(constructor(), b"MCP\x00");
}

#[test]
fn the_messages_since_the_second_version_have_their_selectors() {
    let (patient, grantee) = (AccountId32([1; 32]), AccountId32([9; 32]));
    let actions = ActionSet::of(&[Action::View]);
    let purposes = Some(PurposeSet(0b101));
    let check = |found: Vec<u8>, selector: u8, arguments: &[&[u8]]| {
        let expected = [&[0x4d, 0x43, 0x50, selector], &arguments.concat()[..]].concat();
        assert_eq!(found, expected, "{selector:#x}");
    };
    let rest: &[u8] = &[1, 1, 0b101, 1, 7, 0, 0, 0];
    check(grant_for_purposes(&grantee, actions, purposes, Some(7)), 0x13, &[&[9; 32], rest]);
    check(grant_role(Role::Clinician, actions, purposes, Some(7)), 0x14, &[&[1], rest]);
    check(revoke_role(Role::Hospital), 0x15, &[&[2]]);
    check(set_delegate(&grantee, Some(7)), 0x17, &[&[9; 32], &[1, 7, 0, 0, 0]]);
    check(remove_delegate(&grantee), 0x18, &[&[9; 32]]);
    let granted = grant_as(&patient, &grantee, actions, purposes, Some(7));
    check(granted, 0x19, &[&[1; 32], &[9; 32], rest]);
    check(revoke_as(&patient, &grantee), 0x1a, &[&[1; 32], &[9; 32]]);
}

#[test]
fn grants_of_both_versions_are_read() {
    let expected =
        |purposes| Grant { actions: ActionSet(0b10), until: Some(7), revoked: true, purposes };
    let first = [1, 0b10, 1, 7, 0, 0, 0, 1];
    let read = |bytes: &[u8]| Option::<Grant>::decode_all(&mut &bytes[..]).unwrap();
    assert_eq!(read(&first), Some(expected(None)));
    assert_eq!(read(&[&first[..], &[0]].concat()), Some(expected(None)));
    let second = [&first[..], &[1, 0b100]].concat();
    assert_eq!(read(&second), Some(expected(Some(PurposeSet(0b100)))));
    assert_eq!(read(&[0]), None);
    assert!(Option::<Grant>::decode_all(&mut &[&second[..], &[0]].concat()[..]).is_err());
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
        assert!(matches!(error, PolicyError::NotABundle(_)), "{json}");
    }
}
