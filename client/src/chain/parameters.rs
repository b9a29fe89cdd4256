//! The values that governance changes while the chain runs.

use codec::{Encode, Output};
use medchain_primitives::{Parameter, ParameterUnit};

/// A change of one value: what `Parameters.set_parameter` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterChange {
    place: [u8; 2],
    unit: ParameterUnit,
    value: Option<u128>,
}

impl ParameterChange {
    /// Sets a parameter, or lets the initial value be in force again. `None` where the value is
    /// outside of the bounds: the chain could not decode such a call.
    pub fn new(parameter: &Parameter, value: Option<u128>) -> Option<Self> {
        let within = value.is_none_or(|value| (parameter.least..=parameter.most).contains(&value));
        let Parameter { place, unit, .. } = *parameter;
        within.then_some(Self { place, unit, value })
    }
}

impl Encode for ParameterChange {
    fn encode_to<O: Output + ?Sized>(&self, out: &mut O) {
        out.write(&self.place);
        match self.unit {
            ParameterUnit::Amount => self.value.encode_to(out),
            // It fits: the bounds do.
            ParameterUnit::Blocks => {
                let blocks = self.value.map(|blocks| u32::try_from(blocks).unwrap_or(u32::MAX));
                blocks.encode_to(out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(unit: ParameterUnit) -> Parameter {
        Parameter {
            name: b"Custody.Thing".to_vec().try_into().unwrap(),
            unit,
            place: [1, 7],
            value: 30,
            initial: 20,
            least: 10,
            most: 40,
        }
    }

    #[test]
    fn a_change_is_within_the_bounds() {
        for unit in ParameterUnit::ALL {
            for value in [9, 41, u128::MAX] {
                assert_eq!(ParameterChange::new(&parameter(unit), Some(value)), None);
            }
            for value in [Some(10), Some(40), None] {
                assert!(ParameterChange::new(&parameter(unit), value).is_some());
            }
        }
    }

    #[test]
    fn a_change_is_the_place_and_the_value() {
        let of = |unit, value| ParameterChange::new(&parameter(unit), value).unwrap().encode();
        assert_eq!(of(ParameterUnit::Blocks, Some(17)), [1, 7, 1, 17, 0, 0, 0]);
        assert_eq!(of(ParameterUnit::Blocks, None), [1, 7, 0]);
        let amount = [&[1, 7, 1, 17][..], &[0; 15]].concat();
        assert_eq!(of(ParameterUnit::Amount, Some(17)), amount);
    }
}
