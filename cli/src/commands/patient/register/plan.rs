//! The policy and the grants of a registration, as steps of its transaction.

use std::path::PathBuf;

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{Call, View},
    contract::Interface,
    AccountId32,
};

use crate::{
    consent::{ensure_contract, grant_message, warn_of_purposes, GrantSpec, Granted, Grantee},
    context::Context,
    contracts::{read_bundle, Instance, Parties},
    signing::Step,
};

/// How many grants may go with a policy that is deployed with them: nobody can rehearse them, so
/// each claims more of the block than it needs.
const MAX_UNREHEARSED: usize = 12;

/// The policy that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Whatever the chain's default is.
    Default,
    /// The chain's default of now, for ever.
    PinDefault,
    /// Nobody is allowed anything.
    Nobody,
    /// A contract that is there.
    Contract(AccountId32),
    /// A contract that is still to be deployed, from this bundle.
    Bundle(PathBuf),
}

impl Choice {
    /// Reads what was typed. A word is meant before an account, and an account before a file.
    pub(super) fn parse(context: &Context, text: Option<&str>) -> Result<Self> {
        Ok(match text {
            None | Some("default") => Self::Default,
            Some("pin-default") => Self::PinDefault,
            Some("nobody") => Self::Nobody,
            Some(text) => match context.parse_account(text) {
                Ok(account) => Self::Contract(account),
                Err(_) if PathBuf::from(text).exists() => Self::Bundle(text.into()),
                Err(_) => bail!(
                    "`{text}` is no policy: give a .contract bundle, a contract's address, \
                     default, pin-default or nobody"
                ),
            },
        })
    }

    /// Refuses grants that nobody would read.
    pub(super) fn ensure_takes_grants(&self, grants: &[GrantSpec]) -> Result<()> {
        if *self == Self::Nobody && !grants.is_empty() {
            bail!("with --policy nobody, nothing can be granted; leave out --grant, or --policy");
        }
        if matches!(self, Self::Bundle(_)) && grants.len() > MAX_UNREHEARSED {
            bail!(
                "at most {MAX_UNREHEARSED} grants fit into the transaction that deploys their \
                 policy; make the others with `medchain grant`, or `medchain batch`"
            );
        }
        Ok(())
    }
}

/// What a registration does besides registering.
pub(super) struct Plan {
    /// The steps, in order.
    pub(super) steps: Vec<Step>,
    /// The policy, in words.
    pub(super) policy: String,
    /// Whether it is deployed.
    pub(super) deploys: bool,
    /// The grants that it will have.
    pub(super) grants: Vec<Granted>,
}

impl Plan {
    pub(super) async fn of(
        context: &Context,
        view: &View,
        choice: &Choice,
        grants: &[GrantSpec],
    ) -> Result<Self> {
        let mut steps = Vec::new();
        let mut instance = None;
        let mut policy = "the chain's default".to_owned();
        let set = |steps: &mut Vec<Step>, contract: AccountId32| {
            let call = Call::SetPolicy { policy: Some(contract) };
            steps.push(Step::new(format!("make {contract} your policy"), call));
            contract.to_string()
        };
        let contract = match choice {
            Choice::Default if grants.is_empty() => None,
            Choice::Default | Choice::PinDefault => Some(default_of(view).await?),
            Choice::Nobody => {
                steps.push(Step::new("allow nobody", Call::AllowNobody));
                policy = "nobody".into();
                None
            }
            Choice::Contract(contract) => {
                ensure_contract(context, contract).await?;
                Some(*contract)
            }
            Choice::Bundle(file) => {
                let bundle = read_bundle(file)?;
                ensure_fits(&bundle.1, grants)?;
                let planned = Instance::plan_read(context, file, bundle, None, "").await?;
                let what = format!("deploy {} at {}", planned.interface.name, planned.address);
                steps.push(Step::new(what, planned.call.clone()));
                let address = planned.address;
                instance = Some(planned);
                Some(address)
            }
        };
        if let (Some(contract), false) = (contract, *choice == Choice::Default) {
            policy = set(&mut steps, contract);
        }
        let mut granted = Vec::new();
        for spec in grants {
            let contract = contract.context("there is no policy to grant by")?;
            let signer = context.account()?;
            let grantee = match spec.role() {
                Some(role) => Grantee::Role(role),
                None => Grantee::Account(context.parse_account(&spec.who)?),
            };
            let until = spec.until(view.number());
            warn_of_purposes(spec.actions, spec.purposes);
            let data = grant_message(&grantee, None, spec.actions, spec.purposes, until);
            let call = match &instance {
                Some(instance) => Call::unrehearsed(contract, data, instance.code_bytes),
                None => {
                    let parties = Parties { signer, patient: signer, contract };
                    parties.call(context, data).await?
                }
            };
            let what = format!("let {} {}", named(&grantee), spec.words());
            steps.push(Step::new(what, call));
            granted.push(Granted::new(signer, contract, &grantee, spec, view.number()));
        }
        Ok(Self { steps, policy, deploys: instance.is_some(), grants: granted })
    }
}

async fn default_of(view: &View) -> Result<AccountId32> {
    view.default_policy().await?.context(
        "the chain has no default policy; name one with --policy, such as the bundle \
         access-control.contract",
    )
}

fn named(grantee: &Grantee) -> String {
    match (grantee.account(), grantee.role()) {
        (Some(account), _) => account.to_string(),
        (None, role) => format!("every {}", role.unwrap_or("account")),
    }
}

/// The selectors of the messages that grants are made by, in the reference policy.
const GRANTS: [[u8; 4]; 3] =
    [[0x4d, 0x43, 0x50, 0x10], [0x4d, 0x43, 0x50, 0x13], [0x4d, 0x43, 0x50, 0x14]];

/// Checks that a policy that is not there yet needs no arguments, and has the messages by which
/// it grants: nobody can try them out.
fn ensure_fits(interface: &Interface, grants: &[GrantSpec]) -> Result<()> {
    let constructor = interface.constructor(None).context(
        "the policy has several constructors; deploy it with `medchain policy deploy \
         --constructor`, and name its address",
    )?;
    if !constructor.arguments.is_empty() {
        bail!(
            "the constructor of the policy {} takes arguments; deploy it with `medchain policy \
             deploy --args`, and name its address",
            interface.name
        );
    }
    let has = |selector| interface.messages.iter().any(|one| one.selector == selector);
    if !grants.is_empty() && !GRANTS.into_iter().all(has) {
        bail!(
            "the policy {} has no grants as access-control has them, so --grant does not go with \
             it; `medchain policy messages` lists what it has",
            interface.name
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: &[u8] =
        include_bytes!("../../../../../client/src/contract/tests/access-control-1.json");

    fn grants(count: usize) -> Vec<GrantSpec> {
        vec!["clinician:view".parse().unwrap(); count]
    }

    #[test]
    fn what_cannot_grant_says_so_before_anything_is_done() {
        let refused = |choice: Choice, count| {
            choice.ensure_takes_grants(&grants(count)).unwrap_err().to_string()
        };
        assert!(refused(Choice::Nobody, 1).contains("leave out --grant"));
        let bundle = Choice::Bundle("a.contract".into());
        assert!(refused(bundle.clone(), 13).contains("medchain batch"));
        assert!(bundle.ensure_takes_grants(&grants(12)).is_ok());
        assert!(Choice::Nobody.ensure_takes_grants(&[]).is_ok());
        assert!(Choice::Default.ensure_takes_grants(&grants(100)).is_ok());
    }

    #[test]
    fn a_bundle_must_have_the_messages_of_grants() {
        // The first version of the reference policy knows no roles and purposes.
        let first = Interface::read(REFERENCE).unwrap();
        let error = ensure_fits(&first, &grants(1)).unwrap_err().to_string();
        assert!(error.contains("no grants as access-control"), "{error}");
        assert!(ensure_fits(&first, &[]).is_ok());
    }
}
