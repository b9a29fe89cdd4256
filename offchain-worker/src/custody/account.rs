//! Whether the account can keep and deliver shares.

use medchain_primitives::EncryptionKey;

use super::ports::Appointment;
use crate::shared::account::lacks_funds;

/// What keeps an account from delivering shares, if anything. `own` is the encryption key
/// of the custodian's key file.
pub fn problem(appointment: &Appointment, own: EncryptionKey) -> Option<String> {
    if !appointment.is_custodian {
        return Some(
            "is not a custodian now: an institution's registrar appoints it with \
             `medchain provider add ADDRESS custodian`, or renews its term"
                .to_owned(),
        );
    }
    match appointment.published {
        None => Some(
            "has published no encryption key, so nothing can be sealed to it: publish it with \
             `medchain key publish --key FILE`"
                .to_owned(),
        ),
        Some(published) if published != own => Some(format!(
            "has published the encryption key 0x{}, but this key file has 0x{}, which does not \
             open shares sealed to that: use the file of the published key, or publish this one \
             with `medchain key publish --key FILE`",
            hex::encode(published.0),
            hex::encode(own.0)
        )),
        Some(_) => {
            lacks_funds(appointment.free, "send shares (free, but the account must be able to pay)")
        }
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::UNIT;

    use super::*;

    #[test]
    fn an_account_that_cannot_deliver_is_told_why() {
        let own = EncryptionKey([1; 32]);
        let good = Appointment { is_custodian: true, published: Some(own), free: UNIT };
        let check = |appointment: Appointment, part: &str| {
            let problem = problem(&appointment, own).unwrap();
            assert!(problem.contains(part), "{problem}");
            assert!(!problem.contains('\n'), "{problem}");
        };
        assert_eq!(problem(&good, own), None);
        check(Appointment { is_custodian: false, ..good }, "is not a custodian now");
        check(Appointment { published: None, ..good }, "has published no encryption key");
        let other = Some(EncryptionKey([2; 32]));
        check(Appointment { published: other, ..good }, "has published the encryption key 0x0202");
        check(Appointment { free: 0, ..good }, "has 0 MEDC left");
    }
}
