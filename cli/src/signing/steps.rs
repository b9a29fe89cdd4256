//! Several steps as one transaction, shown in a table before it is signed.

use anyhow::{Context as _, Result};
use medchain_client::chain::{format_balance, Call};

use super::together;
use crate::context::Context;

/// A part of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does, such as "register as a patient".
    pub what: String,
    /// How.
    pub call: Call,
}

impl Step {
    /// A part that does this by that call.
    pub fn new(what: impl Into<String>, call: Call) -> Self {
        Self { what: what.into(), call }
    }
}

impl Context {
    /// As [`Context::confirm`], for steps that one transaction makes all, or none: a table says
    /// first what each is, and what it holds.
    pub async fn confirm_steps(&self, steps: &[Step], purpose: &str) -> Result<()> {
        let identity = self.identity()?;
        let chain = self.chain().await?;
        let call = together(steps.iter().map(|step| step.call.clone()).collect());
        let fee = chain.estimate_fee(identity, &call).await.context("cannot estimate the fee")?;
        let (view, account) = (chain.best().await?, identity.account());
        let mut held = Vec::new();
        for step in steps {
            let step_holds = view.held_by(&account, &step.call).await;
            held.push(step_holds.context("cannot compute the deposits")?);
        }
        if steps.len() > 1 {
            self.tell(&table(steps, &held, fee));
        }
        let held = held.into_iter().fold(0u128, u128::saturating_add);
        self.confirm_cost(&call.name(), purpose, (fee, held)).await
    }
}

/// What the steps are, what each holds at most, and the fee of all.
fn table(steps: &[Step], held: &[u128], fee: u128) -> String {
    let wide = steps.iter().map(|step| step.what.chars().count()).max().unwrap_or_default();
    let mut text = "one transaction does all of this, or nothing:".to_owned();
    let (mut deposits, mut sent) = (0u128, 0u128);
    for (step, held) in steps.iter().zip(held) {
        let amount = format_balance(*held);
        let holds = match (held, &step.call) {
            (0, _) => "nothing held".to_owned(),
            (_, Call::Transfer { .. }) => format!("{amount} sent"),
            _ => format!("up to {amount} held"),
        };
        let sum =
            if matches!(step.call, Call::Transfer { .. }) { &mut sent } else { &mut deposits };
        *sum = sum.saturating_add(*held);
        text.push_str(&format!("\n  {:<wide$}  {holds}", step.what));
    }
    text.push_str(&format!(
        "\nfee at most {}, deposits at most {}, which come back with what they are for",
        format_balance(fee),
        format_balance(deposits)
    ));
    if sent > 0 {
        text.push_str(&format!("; {} sent", format_balance(sent)));
    }
    text
}

#[cfg(test)]
mod tests {
    use medchain_client::AccountId32;

    use super::*;

    #[test]
    fn a_table_names_each_step_and_the_sums() {
        let steps = [
            Step::new("register as a patient", Call::DeregisterPatient),
            Step::new("allow nobody", Call::AllowNobody),
        ];
        let text = table(&steps, &[250_000_000_000, 0], 3_000_000_000);
        let funded = [Step::new("send it", Call::Transfer { to: AccountId32([1; 32]), amount: 1 })];
        let sent = table(&funded, &[2_000_000_000_000], 0);
        assert!(
            sent.contains("2 MEDC sent\n") && sent.contains("deposits at most 0 MEDC"),
            "{sent}"
        );
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert_eq!(lines[1], "  register as a patient  up to 0.25 MEDC held");
        assert_eq!(lines[2], "  allow nobody           nothing held");
        assert!(
            lines[3].starts_with("fee at most 0.003 MEDC, deposits at most 0.25 MEDC"),
            "{text}"
        );
    }
}
