//! Whether the account can predict.

use super::ports::Registration;
use crate::shared::account::lacks_funds;

/// What keeps an account from submitting predictions, if anything.
pub fn problem(registration: &Registration) -> Option<String> {
    if registration.models.is_none() {
        return Some(
            "is not registered as a worker: register it with \
             `medchain worker register --model NUMBER --key FILE`, which holds a bond"
                .to_owned(),
        );
    }
    lacks_funds(registration.free, "pay for predictions")
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::UNIT;
    use medchain_primitives::ModelId;

    use super::*;

    #[test]
    fn an_account_that_cannot_predict_is_told_why() {
        let problem = |models, free| problem(&Registration { models, free });
        assert_eq!(problem(Some([ModelId(0)].into()), UNIT), None);
        assert!(problem(None, UNIT).is_some_and(|text| text.contains("not registered")));
        assert!(problem(Some([ModelId(0)].into()), 0).is_some_and(|text| text.contains("0 MEDC")));
    }
}
