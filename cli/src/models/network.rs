//! What the chain knows of an exact network, and whether a file has the same.

use std::fmt;

use anyhow::{Context as _, Result};
use codec::Encode;
use medchain_client::chain::Network;
use medchain_disputes::Weights;
use medchain_exact::{Finish, Layer, Window};
use medchain_vision::{Model, ModelError};
use sha2::{Digest, Sha256};

use crate::output::{counted, hex};

/// How much of a digest is shown to people, in bytes.
const SHOWN: usize = 8;

/// Computes what a chain knows of a network; none of a network of floats.
pub fn describe(onnx: &[u8], spec_json: &[u8]) -> Result<Option<Network>> {
    let network = match Model::network(onnx, spec_json) {
        Ok(network) => network,
        Err(ModelError::NotExact) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let described = Weights::new(&network).describe(&network);
    described.check().context("disputes about the network could not be settled")?;
    Ok(Some(described))
}

/// What a network is shown as: its number of layers, and a digest of all that is registered.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkSummary {
    /// The number of layers.
    pub layers: usize,
    /// SHA-256 of the network's SCALE encoding: shapes, roots of the weights, softmax scale.
    pub digest: String,
}

impl From<&Network> for NetworkSummary {
    fn from(network: &Network) -> Self {
        let digest = hex(Sha256::digest(network.encode()));
        Self { layers: network.layers.len(), digest }
    }
}

impl fmt::Display for NetworkSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = counted(self.layers as u64, "layer");
        // With `0x`, two digits for each byte.
        let digest = self.digest.get(..2 + 2 * SHOWN).unwrap_or(&self.digest);
        write!(f, "{layers}, digest {digest}…")
    }
}

/// The first thing in which a computed network differs from the registered one, as a sentence.
pub fn difference(registered: &Network, computed: &Network) -> Option<String> {
    let pairs = registered.layers.iter().zip(&computed.layers);
    for (number, (on_chain, here)) in (1..).zip(pairs) {
        if on_chain.shape != here.shape {
            return Some(format!(
                "layer {number} is {} on chain, and {} in the file",
                shape(&on_chain.shape),
                shape(&here.shape)
            ));
        }
        if on_chain.weights_root != here.weights_root {
            return Some(format!(
                "the weights of layer {number} differ: their root is {} on chain, and {} in the file",
                hex(on_chain.weights_root),
                hex(here.weights_root)
            ));
        }
    }
    let (on_chain, here) = (registered.layers.len(), computed.layers.len());
    if on_chain != here {
        let next = on_chain.min(here) + 1;
        return Some(format!(
            "layer {next} is in one of them alone: there are {on_chain} layers on chain, and \
             {here} in the file"
        ));
    }
    (registered.scale != computed.scale).then(|| {
        format!(
            "the softmax scale is {} on chain, and {} in the file",
            registered.scale.0, computed.scale.0
        )
    })
}

/// A layer's shape in a few words.
fn shape(layer: &Layer) -> String {
    let Layer { size, inputs, outputs, .. } = layer;
    let window = match layer.window {
        Window::Three { border } => format!("3 × 3 with border {border}"),
        Window::All => "fully connected".to_owned(),
    };
    let finish = match layer.finish {
        Finish::Activations { limit, pool: true } => format!("up to {limit}, pooled"),
        Finish::Activations { limit, pool: false } => format!("up to {limit}"),
        Finish::Logits => "logits".to_owned(),
    };
    format!("[{size} × {size} × {inputs} to {outputs}, {window}, {finish}]")
}

#[cfg(test)]
pub mod tests {
    use medchain_disputes::NetworkLayer;
    use medchain_exact::SoftmaxScale;

    use super::*;

    /// A network of two layers, as it could be registered.
    pub fn network() -> Network {
        let layer =
            |size, outputs, window, finish| Layer { size, inputs: 1, outputs, window, finish };
        let first = layer(
            8,
            1,
            Window::Three { border: 114 },
            Finish::Activations { limit: 255, pool: false },
        );
        let second = layer(8, 3, Window::All, Finish::Logits);
        let layers = [(first, 1), (second, 2)];
        let layers =
            layers.map(|(shape, root)| NetworkLayer { shape, weights_root: [root; 32] }).to_vec();
        Network { layers: layers.try_into().unwrap(), scale: SoftmaxScale(7) }
    }

    fn differs(change: impl FnOnce(&mut Network)) -> String {
        let mut changed = network();
        change(&mut changed);
        difference(&network(), &changed).unwrap_or_default()
    }

    #[test]
    fn the_first_layer_that_differs_is_named() {
        assert_eq!(differs(|_| {}), "");
        let said = differs(|network| network.layers[1].weights_root[0] = 9);
        assert!(said.starts_with("the weights of layer 2 differ: their root is 0x02"), "{said}");
        let said = differs(|network| {
            network.layers[0].shape.window = Window::Three { border: 0 };
            network.layers[1].weights_root[0] = 9;
        });
        let expected = "layer 1 is [8 × 8 × 1 to 1, 3 × 3 with border 114, up to 255] on chain, \
                        and [8 × 8 × 1 to 1, 3 × 3 with border 0, up to 255] in the file";
        assert_eq!(said, expected);
        let said = differs(|network| network.layers.truncate(1));
        assert!(said.contains("layer 2 is in one of them alone"), "{said}");
        let said = differs(|network| network.scale = SoftmaxScale(8));
        assert_eq!(said, "the softmax scale is 7 on chain, and 8 in the file");
    }

    #[test]
    fn a_summary_depends_on_every_part() {
        let summary = NetworkSummary::from(&network());
        assert_eq!((summary.layers, summary.digest.len()), (2, 66));
        assert!(summary.to_string().starts_with("2 layers, digest 0x"), "{summary}");
        assert_eq!(summary.to_string().chars().count(), "2 layers, digest …".chars().count() + 18);
        let mut other = network();
        other.layers[1].weights_root[31] = 0;
        assert_ne!(NetworkSummary::from(&other).digest, summary.digest);
    }

    #[test]
    fn a_network_of_floats_has_no_description() {
        let spec = br#"{
            "id": "tiny-32-v1", "model": "tiny", "version": "1.0", "size": 32,
            "crop": "centre-square", "resampling": "area-u8",
            "mask": {"border": 0, "corner": 0, "value": 0},
            "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25],
            "labels": ["covid", "ignore", "normal"],
            "temperature": 1.0, "confidence_threshold": 0.5
        }"#;
        assert_eq!(describe(b"", spec).unwrap(), None);
        assert!(describe(b"", b"{}").is_err());
    }
}
