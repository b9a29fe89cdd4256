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
