//! An exact network, read from its ONNX file.
//!
//! Such a file holds `QLinearConv` with scales that are powers of two and zero points that
//! are zero, `Clip` and `MaxPool`, and at the end `ConvInteger`, `Add` and `Flatten`:
//! what `models/medchain_models/graph.py` writes. Everything else is refused, because a
//! step that is read wrongly gives other answers than other workers give.

use std::collections::HashMap;
use std::io::Cursor;

use medchain_exact::{Finish, Layer, Network, Parameters, SoftmaxScale, Window};
use tract_onnx::pb::{NodeProto, TensorProto};
use tract_onnx::prelude::Framework;

/// Why a file is no exact network.
#[derive(Debug, thiserror::Error)]
pub enum ExactError {
    /// It is no ONNX file.
    #[error("it is not an ONNX file: {0}")]
    Onnx(String),
    /// A node or a number in it is none that an exact network has.
    #[error("{0}")]
    Graph(String),
    /// Its layers are no network.
    #[error(transparent)]
    Network(#[from] medchain_exact::NetworkError),
}

fn graph(text: impl Into<String>) -> ExactError {
    ExactError::Graph(text.into())
}

/// Reads a network whose input are `size` × `size` greys.
pub fn read(onnx: &[u8], size: u16, scale: SoftmaxScale) -> Result<Network, ExactError> {
    let model = tract_onnx::onnx()
        .proto_model_for_read(&mut Cursor::new(onnx))
        .map_err(|error| ExactError::Onnx(format!("{error:#}")))?;
    let file = model.graph.ok_or_else(|| graph("the file has no graph"))?;
    let mut walk = Walk {
        nodes: &file.node,
        tensors: file.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect(),
        at: file.input.first().map_or("", |input| input.name.as_str()),
        size,
        channels: 1,
    };
    let mut layers = Vec::new();
    while let Some(layer) = walk.activations()? {
        layers.push(layer);
    }
    layers.push(walk.logits()?);
    if let Some(node) = walk.nodes.first() {
        return Err(graph(format!("{} `{}` comes after the logits", node.op_type, node.name)));
    }
    Ok(Network::new(layers, scale)?)
}

/// A walk along the nodes, each of which takes what the one before it gives.
struct Walk<'a> {
    nodes: &'a [NodeProto],
    tensors: HashMap<&'a str, &'a TensorProto>,
    at: &'a str,
    size: u16,
    channels: u16,
}

impl<'a> Walk<'a> {
    /// The next node, if it is of this kind.
    fn take(&mut self, kind: &str) -> Option<&'a NodeProto> {
        let (node, rest) = self.nodes.split_first()?;
        if node.op_type != kind || node.input.first()? != self.at {
            return None;
        }
        self.nodes = rest;
        self.at = node.output.first()?;
        Some(node)
    }

    /// A constant input of a node.
    fn tensor(&self, node: &NodeProto, input: usize) -> Result<&'a TensorProto, ExactError> {
        let name = node.input.get(input).map_or("", String::as_str);
        self.tensors
            .get(name)
            .copied()
            .ok_or_else(|| graph(format!("`{}`: input {input} is not a constant", node.name)))
    }

    fn numbers<const N: usize, T>(
        &self,
        node: &NodeProto,
        input: usize,
        read: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, ExactError> {
        let tensor = self.tensor(node, input)?;
        let (numbers, rest) = tensor.raw_data.as_chunks::<N>();
        let count: i64 = tensor.dims.iter().product();
        if !rest.is_empty() || usize::try_from(count) != Ok(numbers.len()) {
            return Err(graph(format!("`{}`: input {input} has another type", node.name)));
        }
        Ok(numbers.iter().map(|bytes| read(*bytes)).collect())
    }

    fn bytes(&self, node: &NodeProto, input: usize) -> Result<Vec<u8>, ExactError> {
        self.numbers(node, input, |[byte]: [u8; 1]| byte)
    }

    /// Checks that a scale is one, or a zero point zero.
    fn neutral(&self, node: &NodeProto, scales: &[usize], zeros: &[usize]) -> Result<(), ExactError> {
        for input in scales {
            if self.numbers(node, *input, f32::from_le_bytes)?.iter().any(|scale| *scale != 1.0) {
                return Err(graph(format!("`{}`: input {input} must be 1", node.name)));
            }
        }
        for input in zeros {
            if self.bytes(node, *input)?.iter().any(|zero| *zero != 0) {
                return Err(graph(format!("`{}`: input {input} must be 0", node.name)));
            }
        }
        Ok(())
    }

    /// The shape of a convolution and its weights, in the order of [`Parameters`].
    fn weights(&self, node: &NodeProto, input: usize) -> Result<(u16, u16, Vec<i8>), ExactError> {
        let shape = &self.tensor(node, input)?.dims;
        let wrong = || graph(format!("`{}`: its weights have the shape {shape:?}", node.name));
        let [outputs, inputs, rows, columns] = shape[..] else { return Err(wrong()) };
        let (Ok(outputs), Ok(inputs), Ok(side)) =
            (u16::try_from(outputs), u16::try_from(inputs), u16::try_from(rows))
        else {
            return Err(wrong());
        };
        if rows != columns || inputs != self.channels || outputs == 0 || side == 0 {
            return Err(wrong());
        }
        let weights = self.numbers(node, input, i8::from_le_bytes)?;
        let (window, channels) = (usize::from(side).pow(2), usize::from(inputs));
        // From output, channel, row, column to output, row, column, channel.
        let mut sorted = Vec::with_capacity(weights.len());
        for output in weights.chunks_exact(window * channels) {
            for place in 0..window {
                sorted.extend((0..channels).map(|channel| output[channel * window + place]));
            }
        }
        Ok((outputs, side, sorted))
    }

    /// The next layer that gives activations.
    fn activations(&mut self) -> Result<Option<(Layer, Parameters)>, ExactError> {
        let border = self.take("Pad").map(|pad| self.border(pad)).transpose()?;
        let Some(node) = self.take("QLinearConv") else {
            return border.map_or(Ok(None), |_| Err(graph("a `Pad` stands before no convolution")));
        };
        self.neutral(node, &[1, 6], &[2, 5, 7])?;
        let (outputs, side, weights) = self.weights(node, 3)?;
        let pads = integers(node, "pads").unwrap_or_default();
        let padded = pads.contains(&1);
        let window = match (side, border, padded) {
            (3, Some(border), false) => Window::Three { border },
            (3, None, true) if pads == [1, 1, 1, 1] => Window::Three { border: 0 },
            (side, None, false) if side == self.size => Window::All,
            _ => return Err(graph(format!("`{}`: its window is not supported", node.name))),
        };
        plain(node)?;
        let shifts = self.numbers(node, 4, f32::from_le_bytes)?.into_iter().map(shift);
        let shifts = shifts.collect::<Option<Vec<u8>>>().ok_or_else(|| {
            graph(format!("`{}`: a scale is not a power of two between 2^-15 and 1", node.name))
        })?;
        let biases = self.numbers(node, 8, i32::from_le_bytes)?;
        let clip = self.take("Clip").ok_or_else(|| {
            graph(format!("`{}`: a `Clip` must say what its largest activation is", node.name))
        })?;
        let (Some(0), Some(limit)) =
            (self.bytes(clip, 1)?.first().copied(), self.bytes(clip, 2)?.first().copied())
        else {
            return Err(graph(format!("`{}`: it must clip from 0 on", clip.name)));
        };
        let pool = match self.take("MaxPool") {
            None => false,
            Some(pool) => {
                let two = Some(vec![2, 2]);
                if integers(pool, "kernel_shape") != two || integers(pool, "strides") != two {
                    return Err(graph(format!("`{}`: it must pool 2 × 2", pool.name)));
                }
                true
            }
        };
        let layer = Layer {
            size: self.size,
            inputs: self.channels,
            outputs,
            window,
            finish: Finish::Activations { limit, pool },
        };
        (self.size, self.channels) = (layer.output_size(), outputs);
        Ok(Some((layer, Parameters { weights, biases, shifts })))
    }

    /// The last layer.
    fn logits(&mut self) -> Result<(Layer, Parameters), ExactError> {
        let next = self.nodes.first().map_or("nothing", |node| node.op_type.as_str());
        let next = graph(format!("{next} stands where the last `ConvInteger` is expected"));
        let node = self.take("ConvInteger").ok_or(next)?;
        let (outputs, side, weights) = self.weights(node, 1)?;
        plain(node)?;
        if side != self.size || node.input.len() > 2 {
            return Err(graph(format!("`{}`: its window is not supported", node.name)));
        }
        let add = self.take("Add").ok_or_else(|| graph("an `Add` must give the last biases"))?;
        let biases = self.numbers(add, 1, i32::from_le_bytes)?;
        self.take("Flatten").ok_or_else(|| graph("a `Flatten` must end the network"))?;
        let layer = Layer {
            size: self.size,
            inputs: self.channels,
            outputs,
            window: Window::All,
            finish: Finish::Logits,
        };
        let shifts = vec![0; biases.len()];
        Ok((layer, Parameters { weights, biases, shifts }))
    }

    /// The value that a `Pad` of one pixel puts beyond the edge.
    fn border(&self, pad: &NodeProto) -> Result<u8, ExactError> {
        let edges = self.numbers(pad, 1, i64::from_le_bytes)?;
        match (self.bytes(pad, 2)?.as_slice(), edges.as_slice()) {
            ([border], [0, 0, 1, 1, 0, 0, 1, 1]) => Ok(*border),
            _ => Err(graph(format!("`{}`: it must add one pixel", pad.name))),
        }
    }
}

/// The `k` of a scale 2^-k.
fn shift(scale: f32) -> Option<u8> {
    (0..=medchain_exact::MAX_SHIFT).find(|k| scale == 1.0 / f32::from(1u16 << k))
}

fn integers(node: &NodeProto, name: &str) -> Option<Vec<i64>> {
    node.attribute.iter().find(|a| a.name == name).map(|a| a.ints.clone())
}

/// Checks that a convolution has no steps, no gaps and no groups.
fn plain(node: &NodeProto) -> Result<(), ExactError> {
    let ones = |name: &str| integers(node, name).is_none_or(|v| v.iter().all(|one| *one == 1));
    let groups = node.attribute.iter().find(|a| a.name == "group").map_or(1, |a| a.i);
    if !ones("strides") || !ones("dilations") || groups != 1 {
        return Err(graph(format!("`{}`: strides, dilations and groups must be 1", node.name)));
    }
    Ok(())
}
