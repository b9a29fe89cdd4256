//! Amounts of MEDC as people write them.

use medchain_primitives::TOKEN_DECIMALS;
pub use medchain_primitives::UNIT;

const DECIMALS: usize = TOKEN_DECIMALS as usize;

/// Writes an amount: `1.25 MEDC`.
pub fn format_balance(amount: u128) -> String {
    let (whole, part) = (amount / UNIT, amount % UNIT);
    if part == 0 {
        return format!("{whole} MEDC");
    }
    let part = format!("{part:0DECIMALS$}");
    format!("{whole}.{} MEDC", part.trim_end_matches('0'))
}

/// Reads an amount of MEDC: `1.25`, `1.25 MEDC`, `3`. `None` where it is not an
/// amount, or finer than the smallest unit.
pub fn parse_balance(text: &str) -> Option<u128> {
    let text = text.trim();
    let text = text.strip_suffix("MEDC").unwrap_or(text).trim_end();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > DECIMALS {
        return None;
    }
    let part: u128 = format!("{part:0<DECIMALS$}").parse().ok()?;
    let whole: u128 = whole.parse().ok()?;
    whole.checked_mul(UNIT)?.checked_add(part)
}
