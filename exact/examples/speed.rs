//! Images a second of a VGG-16 with made-up weights, by instructions and threads.
//! `speed [INSTRUCTIONS]`
#![allow(missing_docs)]

use std::time::Instant;

use medchain_exact::{
    Engine, Finish, Instructions, Layer, Network, Parameters, SoftmaxScale, Window,
};

fn vgg16() -> Network {
    let mut layers = Vec::new();
    let (mut size, mut inputs) = (224u16, 1u16);
    let mut add = |layer: Layer| {
        let outputs = usize::from(layer.outputs);
        let weights = (0..outputs * layer.patch()).map(|i| (i * 7 % 61) as i8 - 30).collect();
        let shift = if layer.finish == Finish::Logits { 0 } else { 9 };
        layers.push((
            layer,
            Parameters { weights, biases: vec![100; outputs], shifts: vec![shift; outputs] },
        ));
    };
    for (outputs, repeats) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
        for repeat in 1..=repeats {
            let pool = repeat == repeats;
            let border = if inputs == 1 { 114 } else { 0 };
            let window = Window::Three { border };
            add(Layer {
                size,
                inputs,
                outputs,
                window,
                finish: Finish::Activations { limit: 127, pool },
            });
            inputs = outputs;
        }
        size /= 2;
    }
    for outputs in [256, 128, 3] {
        let finish = if outputs == 3 {
            Finish::Logits
        } else {
            Finish::Activations { limit: 127, pool: false }
        };
        add(Layer { size, inputs, outputs, window: Window::All, finish });
        (size, inputs) = (1, outputs);
    }
    Network::new(layers, SoftmaxScale(1 << 20)).expect("it is in order")
}

fn main() {
    let network = vgg16();
    let input: Vec<u8> = (0..224 * 224).map(|i| (i * 31 % 251) as u8).collect();
    let only = std::env::args().nth(1).unwrap_or_default();
    for instructions in Instructions::available().into_iter().rev() {
        if !format!("{instructions:?}").contains(&only) {
            continue;
        }
        for threads in [1, 2] {
            let engine = Engine::with_instructions(&network, instructions).expect("it is there");
            let engine = engine.with_threads(threads);
            engine.logits(&input).expect("the size fits");
            let (started, mut images) = (Instant::now(), 0);
            while started.elapsed().as_secs_f64() < 2.0 {
                engine.logits(&input).expect("the size fits");
                images += 1;
            }
            let speed = f64::from(images) / started.elapsed().as_secs_f64();
            println!("{instructions:?}, {threads} threads: {speed:.1} images a second");
        }
    }
}
