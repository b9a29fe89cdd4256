//! Any network, run by tract.

use tract_linalg::multithread::{multithread_tract_scope, Executor};
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::TypedModelPatch;
use tract_onnx::tract_core::ops::cast::Cast;

use super::one_line;

/// A network ready to run.
pub(super) struct Runner {
    plan: std::sync::Arc<TypedSimplePlan>,
    executor: Executor,
    size: usize,
}

impl Runner {
    /// Prepares a network whose input are `size` × `size` greys, if it is exact, or else three
    /// channels of floats.
    pub(super) fn new(file: &ModelProto, size: usize, exact: bool) -> Result<Self, String> {
        let input =
            if exact { u8::fact([1, 1, size, size]) } else { f32::fact([1, 3, size, size]) };
        let plan = || -> TractResult<_> {
            let mut model = tract_onnx::onnx()
                .model_for_proto_model(file)?
                .with_input_fact(0, input.into())?
                .into_typed()?;
            widen_weights(&mut model)?;
            model.into_optimized()?.into_runnable()
        };
        let plan = plan().map_err(|error| one_line(&error))?;
        Ok(Self { plan, executor: Executor::SingleThread, size })
    }

    pub(super) fn with_threads(mut self, threads: usize) -> Self {
        self.executor =
            if threads > 1 { Executor::multithread(threads) } else { Executor::SingleThread };
        self
    }

    /// How many classes the output has, if it has the shape of one.
    pub(super) fn classes(&self) -> Option<usize> {
        let fact = self.plan.model().output_fact(0).ok()?;
        match fact.shape.as_concrete()? {
            [1, classes] => Some(*classes),
            _ => None,
        }
    }

    /// The probabilities that a network of floats gives.
    pub(super) fn probabilities(&self, tensor: &[f32]) -> Result<Vec<f32>, String> {
        self.run(3, tensor)
    }

    /// The logits that an exact network gives.
    pub(super) fn logits(&self, square: &[u8]) -> Result<Vec<i32>, String> {
        self.run(1, square)
    }

    fn run<I: Datum + Copy, O: Datum + Copy>(
        &self,
        channels: usize,
        input: &[I],
    ) -> Result<Vec<O>, String> {
        let run = || -> TractResult<Vec<O>> {
            let input = Tensor::from_shape(&[1, channels, self.size, self.size], input)?;
            let outputs = self.plan.run(tvec!(input.into()))?;
            Ok(outputs[0].to_plain_array_view::<O>()?.iter().copied().collect())
        };
        multithread_tract_scope(self.executor.clone(), run).map_err(|error| one_line(&error))
    }
}

/// Casts weights that are stored as float16 once, at loading.
///
/// tract folds no cast that makes a large constant larger; left alone, it would
/// cast and pack the weights again for every prediction.
fn widen_weights(model: &mut TypedModel) -> TractResult<()> {
    for id in 0..model.nodes().len() {
        let node = model.node(id);
        let Some(cast) = node.op_as::<Cast>() else { continue };
        let Some(weights) = model.outlet_fact(node.inputs[0])?.konst.clone() else { continue };
        let wide = weights.cast_to_dt(cast.to)?.into_owned();
        let mut patch = TypedModelPatch::default();
        let wire = patch.add_const(&node.name, wide)?;
        patch.shunt_outside(model, id.into(), wire)?;
        patch.apply(model)?;
    }
    Ok(())
}
