//! A network that gives something else.

use std::sync::{Arc, OnceLock};

use medchain_disputes::Weights;
use medchain_exact::{Engine, Finish, Layer, Levels, Network, Parameters, Window};
use medchain_primitives::Output;
use medchain_worker::prediction::ports::{Numbers, Predictor, PredictorError};
use zeroize::Zeroizing;

use crate::lie::Lie;

/// The layer of which one weight is wrong.
const WRONG_LAYER: usize = 4;

/// A predictor that lies.
pub struct LyingPredictor {
    honest: Arc<dyn Predictor>,
    lie: Lie,
    /// The network with one wrong weight.
    wrong: OnceLock<Option<(Network, Weights)>>,
}

impl LyingPredictor {
    /// Lies about what `honest` gives.
    pub fn new(honest: Arc<dyn Predictor>, lie: Lie) -> Self {
        Self { honest, lie, wrong: OnceLock::new() }
    }

    fn wrong(&self) -> Option<&(Network, Weights)> {
        let made = self.wrong.get_or_init(|| {
            let network = self.honest.numbers()?.network;
            let mut layers = network.layers().to_vec();
            let (_, parameters) = layers.get_mut(WRONG_LAYER)?;
            let weight = parameters.weights.iter_mut().find(|weight| **weight == 0)?;
            *weight = 100;
            let network = Network::new(layers, network.scale()).ok()?;
            let weights = Weights::new(&network);
            Some((network, weights))
        });
        made.as_ref()
    }

    /// The number of the layer whose result is changed.
    fn changed(&self, layers: &[(Layer, Parameters)]) -> Option<usize> {
        let is = |wanted: fn(&Layer) -> bool| layers.iter().position(|(layer, _)| wanted(layer));
        match self.lie {
            Lie::First => Some(0),
            Lie::Pooled | Lie::Fading => {
                is(|layer| matches!(layer.finish, Finish::Activations { pool: true, .. }))
            }
            Lie::Dense => is(|layer| layer.window == Window::All && layer.size > 1),
            _ => None,
        }
    }
}

impl Predictor for LyingPredictor {
    fn square(&self, image: &[u8]) -> Result<Zeroizing<Vec<u8>>, PredictorError> {
        self.honest.square(image)
    }

    fn input(&self, image: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, PredictorError> {
        self.honest.input(image)
    }

    fn predict(&self, seen: &[u8]) -> Result<Output, PredictorError> {
        let honest = self.honest.predict(seen)?;
        Ok(if self.lie == Lie::Seal { honest } else { made_up(&honest) })
    }

    fn is_disputable(&self) -> bool {
        self.honest.is_disputable()
    }

    fn levels(&self, square: &[u8]) -> Result<Levels, PredictorError> {
        let internal = |error: String| PredictorError::Internal(error);
        if self.lie == Lie::Weight {
            let (network, _) = self.wrong().ok_or_else(|| internal("no network".into()))?;
            return Engine::new(network).levels(square).map_err(|e| internal(e.to_string()));
        }
        let mut levels = self.honest.levels(square)?;
        let numbers = self.honest.numbers().ok_or_else(|| internal("no numbers".into()))?;
        if self.lie == Lie::Logits {
            levels.logits.iter_mut().take(1).for_each(|logit| *logit += 1 << 20);
        }
        if let Some(changed) = self.changed(numbers.network.layers()) {
            tamper(numbers.network, &mut levels, changed).map_err(internal)?;
        }
        Ok(levels)
    }

    fn numbers(&self) -> Option<Numbers<'_>> {
        if self.lie == Lie::Weight {
            let (network, weights) = self.wrong()?;
            return Some(Numbers { network, weights });
        }
        self.honest.numbers()
    }
}

/// Changes one value that a layer gave by one, and computes on from there.
fn tamper(network: &Network, levels: &mut Levels, changed: usize) -> Result<(), String> {
    let level = levels.activations.get_mut(changed).ok_or("there is no such layer")?;
    // One that a sum can have been rounded to.
    let value = level.iter_mut().find(|value| (1..100).contains(*value));
    *value.ok_or("nothing can be changed")? += 1;
    let rest = network.layers().get(changed + 1..).unwrap_or_default().to_vec();
    let rest = Network::new(rest, network.scale()).map_err(|error| error.to_string())?;
    let after = Engine::new(&rest).levels(level).map_err(|error| error.to_string())?;
    levels.activations.truncate(changed + 1);
    levels.activations.extend(after.activations);
    levels.logits = after.logits;
    Ok(())
}

/// Another class with the same probabilities.
fn made_up(honest: &Output) -> Output {
    let mut other = honest.clone();
    let all: &mut [_] = other.probabilities.as_mut();
    all.rotate_right(1);
    let largest = all.iter().max().copied();
    let label = all.iter().position(|part| Some(*part) == largest);
    other.label = label.and_then(|label| u8::try_from(label).ok()).unwrap_or_default();
    other
}
