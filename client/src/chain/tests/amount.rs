use crate::chain::{format_balance, parse_balance, UNIT};

#[test]
fn amounts_are_read_and_written() {
    let check = |text: &str, amount: u128, written: &str| {
        assert_eq!(parse_balance(text), Some(amount), "{text}");
        assert_eq!(format_balance(amount), written);
    };
    check("0", 0, "0 MEDC");
    check("1", UNIT, "1 MEDC");
    check("1.25", UNIT + UNIT / 4, "1.25 MEDC");
    check(" 1.250 MEDC ", UNIT + UNIT / 4, "1.25 MEDC");
    check("0.000000000001", 1, "0.000000000001 MEDC");
    check("1000000", 1_000_000 * UNIT, "1000000 MEDC");
}

#[test]
fn what_is_no_amount_is_refused() {
    for text in [
        "",
        ".",
        ".5",
        "-1",
        "+1",
        "1,5",
        "1e3",
        "1.0000000000001",
        "one",
        "1.2.3",
        "999999999999999999999999999999999",
    ] {
        assert_eq!(parse_balance(text), None, "{text}");
    }
}
