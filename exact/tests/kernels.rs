//! Every kernel against the definition, on layers that chance made.
#![allow(missing_docs)]

use medchain_exact::{
    activation, pooled, sum, Engine, Finish, Instructions, Layer, Network, Parameters,
    SoftmaxScale, Window,
};
use proptest::prelude::*;

/// Numbers that a seed determines: xorshift.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit
    }
}

/// How the numbers of a layer are chosen.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Any byte.
    Any,
    /// The largest there are, so that sums saturate.
    Extreme,
    /// Small ones, so that the byte kernels' Winograd is exact.
    Small,
    /// So small that many of them may be summed up.
    Tiny,
}

fn weight(kind: Kind, numbers: &mut Numbers) -> i8 {
    match kind {
        Kind::Any => numbers.next() as i8,
        Kind::Extreme => [-128, -127, 127][numbers.below(3) as usize],
        Kind::Small => numbers.below(85) as i8 - 42,
        Kind::Tiny => numbers.below(15) as i8 - 7,
    }
}

fn layer_numbers(layer: &Layer, kind: Kind, shift: u8, numbers: &mut Numbers) -> Parameters {
    let outputs = usize::from(layer.outputs);
    let weights = (0..outputs * layer.patch()).map(|_| weight(kind, numbers)).collect();
    let biases = (0..outputs).map(|_| numbers.below(4096) as i32 - 2048).collect();
    let shift_of = |numbers: &mut Numbers| (shift + numbers.below(4) as u8).min(15);
    let logits = layer.finish == Finish::Logits;
    let shifts = (0..outputs).map(|_| if logits { 0 } else { shift_of(numbers) }).collect();
    Parameters { weights, biases, shifts }
}

/// The output of a layer by the definition, one value at a time.
fn by_definition(layer: &Layer, parameters: &Parameters, input: &[u8]) -> Vec<i32> {
    let (size, inputs) = (usize::from(layer.size), usize::from(layer.inputs));
    let patch_at = |y: usize, x: usize| -> Vec<u8> {
        let Window::Three { border } = layer.window else { return input.to_vec() };
        let mut patch = Vec::new();
        for row in y..y + 3 {
            for column in x..x + 3 {
                if (1..=size).contains(&row) && (1..=size).contains(&column) {
                    let start = ((row - 1) * size + column - 1) * inputs;
                    patch.extend_from_slice(&input[start..start + inputs]);
                } else {
                    patch.resize(patch.len() + inputs, border);
                }
            }
        }
        patch
    };
    let one = |y: usize, x: usize, output: usize| -> i32 {
        let weights = &parameters.weights[output * layer.patch()..][..layer.patch()];
        let sum = sum(parameters.biases[output], &patch_at(y, x), weights);
        match layer.finish {
            Finish::Logits => sum,
            Finish::Activations { limit, .. } => {
                i32::from(activation(sum, parameters.shifts[output], limit))
            }
        }
    };
    let pool = matches!(layer.finish, Finish::Activations { pool: true, .. });
    let side = usize::from(layer.output_size());
    let mut values = Vec::new();
    for y in 0..side {
        for x in 0..side {
            for output in 0..usize::from(layer.outputs) {
                values.push(if pool {
                    let at = |dy: usize, dx: usize| one(2 * y + dy, 2 * x + dx, output) as u8;
                    i32::from(pooled([at(0, 0), at(0, 1), at(1, 0), at(1, 1)]))
                } else {
                    one(y, x, output)
                });
            }
        }
    }
    values
}

/// A convolution, and a last layer that a network has to have.
fn network(
    convolution: (Layer, Parameters),
    numbers: &mut Numbers,
) -> (Network, (Layer, Parameters)) {
    let last = Layer {
        size: convolution.0.output_size(),
        inputs: convolution.0.outputs,
        outputs: 3,
        window: Window::All,
        finish: Finish::Logits,
    };
    let parameters = layer_numbers(&last, Kind::Tiny, 0, numbers);
    let layers = vec![convolution, (last, parameters)];
    let last = layers[1].clone();
    (Network::new(layers, SoftmaxScale(1 << 24)).expect("it is in order"), last)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_kernel_is_the_definition(
        size in 1u16..20,
        inputs in prop_oneof![Just(1u16), 2u16..40, Just(64), Just(128)],
        outputs in prop_oneof![1u16..70, Just(32), Just(64)],
        window in prop_oneof![
            Just(Window::Three { border: 0 }), Just(Window::Three { border: 114 }), Just(Window::All)
        ],
        pool: bool,
        limit in prop_oneof![Just(127u8), Just(255), 1u8..255],
        kind in prop_oneof![Just(Kind::Any), Just(Kind::Extreme), Just(Kind::Small)],
        small_input: bool,
        shift in 0u8..14,
        threads in 1usize..5,
        seed in 1u64..,
    ) {
        let mut numbers = Numbers(seed);
        let pool = pool && size % 2 == 0 && window != Window::All;
        let finish = Finish::Activations { limit, pool };
        let layer = Layer { size, inputs, outputs, window, finish };
        // An activation of another layer comes first where the input is to be small: the
        // kernels look at what the layer before can give.
        let parameters = layer_numbers(&layer, kind, shift, &mut numbers);
        let top = if small_input { 128 } else { 256 };
        let first: Vec<u8> = (0..layer.input_len()).map(|_| numbers.below(top) as u8).collect();
        // Beyond 2^28 it would be refused.
        prop_assume!(layer.patch() < 8192);
        let (network, last) = network((layer, parameters.clone()), &mut numbers);
        let expected = by_definition(&layer, &parameters, &first);
        let bytes: Vec<u8> = expected.iter().map(|value| *value as u8).collect();
        let logits = by_definition(&last.0, &last.1, &bytes);
        for instructions in Instructions::available() {
            let engine = Engine::with_instructions(&network, instructions).unwrap();
            let engine = engine.with_threads(threads);
            prop_assert_eq!(&engine.levels(&first).unwrap().activations[0], &bytes, "{:?}", instructions);
            prop_assert_eq!(engine.logits(&first).unwrap(), logits.clone(), "{:?}", instructions);
        }
    }

    /// Two convolutions: the second one's input is at most the first one's limit, which is
    /// when the byte kernel transforms.
    #[test]
    fn two_layers_are_the_definition_twice(
        size in prop_oneof![Just(14u16), Just(28), 2u16..18],
        channels in prop_oneof![Just(4u16), Just(8), Just(12), Just(64)],
        outputs in prop_oneof![1u16..70, Just(64)],
        pool: bool,
        limit in prop_oneof![Just(127u8), 100u8..=255],
        kind in prop_oneof![Just(Kind::Any), Just(Kind::Small), Just(Kind::Extreme)],
        shift in 4u8..12,
        threads in 1usize..4,
        seed in 1u64..,
    ) {
        let mut numbers = Numbers(seed);
        let pool = pool && size % 2 == 0;
        let first = Layer {
            size, inputs: 1, outputs: channels, window: Window::Three { border: 114 },
            finish: Finish::Activations { limit, pool: false },
        };
        let second = Layer {
            size, inputs: channels, outputs, window: Window::Three { border: 0 },
            finish: Finish::Activations { limit: 127, pool },
        };
        let last = Layer {
            size: second.output_size(), inputs: outputs, outputs: 2,
            window: Window::All, finish: Finish::Logits,
        };
        let layers: Vec<(Layer, Parameters)> = [(first, Kind::Any), (second, kind), (last, Kind::Tiny)]
            .map(|(layer, kind)| (layer, layer_numbers(&layer, kind, shift, &mut numbers)))
            .into();
        let input: Vec<u8> = (0..first.input_len()).map(|_| numbers.next() as u8).collect();
        let mut expected = vec![input.clone()];
        for (layer, parameters) in &layers[..2] {
            let values = by_definition(layer, parameters, expected.last().unwrap());
            expected.push(values.iter().map(|value| *value as u8).collect());
        }
        let network = Network::new(layers, SoftmaxScale(1)).unwrap();
        for instructions in Instructions::available() {
            let engine = Engine::with_instructions(&network, instructions).unwrap();
            let engine = engine.with_threads(threads);
            prop_assert_eq!(&engine.levels(&input).unwrap().activations[..], &expected[1..], "{:?}", instructions);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// From 25 pixels on, the kernels in words compute squares of 4 × 4 outputs; here are
    /// whole squares and ones beyond the edge, with inputs at both ends of their range.
    #[test]
    fn a_larger_image_is_the_definition(
        size in 25u16..36,
        inputs in prop_oneof![Just(1u16), 2u16..20, Just(33), Just(64)],
        outputs in prop_oneof![1u16..40, Just(32)],
        border in prop_oneof![Just(0u8), Just(114), Just(255)],
        pool: bool,
        limit in prop_oneof![Just(127u8), Just(255), 1u8..255],
        kind in prop_oneof![Just(Kind::Any), Just(Kind::Extreme), Just(Kind::Small)],
        ends: bool,
        shift in 4u8..14,
        threads in 1usize..9,
        seed in 1u64..,
    ) {
        let mut numbers = Numbers(seed);
        let finish = Finish::Activations { limit, pool: pool && size % 2 == 0 };
        let layer = Layer { size, inputs, outputs, window: Window::Three { border }, finish };
        let parameters = layer_numbers(&layer, kind, shift, &mut numbers);
        let value = |numbers: &mut Numbers| {
            let any = numbers.next() as u8;
            if ends { [0, 255][usize::from(any % 2)] } else { any }
        };
        let input: Vec<u8> = (0..layer.input_len()).map(|_| value(&mut numbers)).collect();
        let (network, _) = network((layer, parameters.clone()), &mut numbers);
        let expected = by_definition(&layer, &parameters, &input);
        let expected: Vec<u8> = expected.iter().map(|value| *value as u8).collect();
        for instructions in Instructions::available() {
            let engine = Engine::with_instructions(&network, instructions).unwrap();
            let engine = engine.with_threads(threads);
            prop_assert_eq!(&engine.levels(&input).unwrap().activations[0], &expected, "{:?}", instructions);
        }
    }
}

/// The largest sums there are with so many channels, in both directions. Squares of 4 × 4
/// outputs have room for 115 channels of them, and 116 are computed otherwise.
#[test]
fn the_largest_sums_do_not_wrap() {
    for inputs in [115, 116, 128, 240] {
        let layer = Layer {
            size: 25,
            inputs,
            outputs: 2,
            window: Window::Three { border: 255 },
            finish: Finish::Activations { limit: 255, pool: false },
        };
        let mut parameters = layer_numbers(&layer, Kind::Any, 12, &mut Numbers(1));
        let (up, down) = parameters.weights.split_at_mut(layer.patch());
        up.fill(127);
        down.fill(-127);
        let input = vec![255; layer.input_len()];
        let (network, _) = network((layer, parameters), &mut Numbers(1));
        for instructions in Instructions::available() {
            let engine = Engine::with_instructions(&network, instructions).unwrap();
            let levels = engine.levels(&input).unwrap();
            let right = levels.activations[0].chunks(2).all(|both| both == [255, 0]);
            assert!(right, "{inputs} channels with {instructions:?}");
        }
    }
}

/// The tests above try what is available: here it is said that a kernel is.
#[test]
#[cfg(target_arch = "aarch64")]
fn every_64_bit_arm_has_a_kernel_of_its_own() {
    assert_eq!(Instructions::available(), [Instructions::Portable, Instructions::Neon]);
    assert_eq!(Instructions::best(), Instructions::Neon);
}

#[test]
fn an_input_of_another_size_is_refused() {
    let layer = Layer {
        size: 4,
        inputs: 1,
        outputs: 2,
        window: Window::Three { border: 0 },
        finish: Finish::Activations { limit: 127, pool: true },
    };
    let mut numbers = Numbers(1);
    let parameters = layer_numbers(&layer, Kind::Any, 4, &mut numbers);
    let (network, _) = network((layer, parameters), &mut numbers);
    let error = Engine::new(&network).logits(&[0; 15]).unwrap_err();
    assert_eq!(error.to_string(), "the network takes 16 bytes, not 15");
}
