//! Whether the account can keep and deliver shares.

use medchain_client::custody::CustodianKey;

use super::ports::Appointment;
use crate::shared::account::lacks_funds;

/// What keeps an account from delivering shares, if anything. `own` is the custodian's key
/// that follows from the key file.
pub fn problem(appointment: &Appointment, own: CustodianKey) -> Option<String> {
    if !appointment.is_custodian {
        return Some(
            "is not a custodian now: an institution's registrar appoints it with \
             `medchain provider add ADDRESS custodian`, or renews its term"
                .to_owned(),
        );
    }
    match appointment.registered.map(|custodian| custodian.key) {
        None => Some(
            "has not registered as a custodian, so nothing can be entrusted to it: register it \
             with `medchain custodian register --key FILE`, which holds a bond"
                .to_owned(),
        ),
        Some(registered) if registered != own => Some(format!(
            "has registered the custodian's key 0x{}, but this key file has 0x{}, which opens no \
             share that was encrypted to that: a key cannot be replaced, so use the file of the \
             registered one",
            hex::encode(registered.0),
            hex::encode(own.0)
        )),
        Some(_) => {
            lacks_funds(appointment.free, "send shares (free, but the account must be able to pay)")
        }
    }
}

/// What keeps an account from being given further shares, if anything. Those that it has are
/// still delivered.
pub fn limitation(appointment: &Appointment) -> Option<String> {
    let has_retired = appointment.registered?.bond.is_none();
    has_retired.then(|| {
        "has retired: nobody can choose it, and it delivers the shares that it has; keep this \
         program running as long as records are entrusted to it"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use medchain_client::{
        chain::{Custodian, UNIT},
        AccountId32,
    };

    use super::*;

    fn registered(key: u8, bond: Option<u128>) -> Option<Custodian> {
        Some(Custodian { account: AccountId32([9; 32]), key: CustodianKey([key; 32]), bond })
    }

    #[test]
    fn an_account_that_cannot_deliver_is_told_why() {
        let own = CustodianKey([1; 32]);
        let registered = |key| registered(key, Some(UNIT));
        let good = Appointment { is_custodian: true, registered: registered(1), free: UNIT };
        let check = |appointment: Appointment, part: &str| {
            let problem = problem(&appointment, own).unwrap();
            assert!(problem.contains(part), "{problem}");
            assert!(!problem.contains('\n'), "{problem}");
        };
        assert_eq!((problem(&good, own), limitation(&good)), (None, None));
        check(Appointment { is_custodian: false, ..good }, "is not a custodian now");
        check(Appointment { registered: None, ..good }, "has not registered as a custodian");
        let other = Appointment { registered: registered(2), ..good };
        check(other, "has registered the custodian's key 0x0202");
        check(Appointment { free: 0, ..good }, "has 0 MEDC left");
    }

    #[test]
    fn a_custodian_that_has_retired_still_delivers() {
        let retired =
            Appointment { is_custodian: true, registered: registered(1, None), free: UNIT };
        assert_eq!(problem(&retired, CustodianKey([1; 32])), None);
        assert!(limitation(&retired).unwrap().starts_with("has retired"));
        assert_eq!(limitation(&Appointment { registered: None, ..retired }), None);
    }
}
