//! An exact network, read from its ONNX file.
//!
//! Such a file holds `QLinearConv` with scales that are powers of two and zero points that
//! are zero, `Clip` and `MaxPool`, and at the end `ConvInteger`, `Add` and `Flatten`:
//! what `models/medchain_models/graph.py` writes. Everything else is refused, because a
//! step that is read wrongly gives other answers than other workers give. Workers, the
//! command line and the web page read it here.

mod onnx;

use std::collections::HashMap;

use medchain_exact::{Finish, Layer, Network, Parameters, SoftmaxScale, Window};

pub(crate) use onnx::File;
use onnx::{Node, Tensor};

/// The entry of the file's metadata that says what a unit of its logits is worth. It is in
/// the file because the file's digest is what the chain knows.
const SCALE: &str = "softmax_scale";

/// Types of numbers, with the values that ONNX gives them.
#[derive(Clone, Copy, Debug)]
enum DataType {
    Float = 1,
    Uint8 = 2,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
}

/// Why a file is no exact network.
#[derive(Debug, thiserror::Error)]
#[error("it is not an exact network: {0}")]
pub struct ExactFileError(String);

/// Reads an exact network whose input are `size` × `size` greys from its ONNX file.
///
/// # Errors
/// [`ExactFileError`].
pub fn exact_network(onnx: &[u8], size: u16) -> Result<Network, ExactFileError> {
    let network = File::read(onnx).map_err(String::from).and_then(|file| read(&file, size));
    network.map_err(ExactFileError)
}

/// Whether a file claims to be an exact network.
#[cfg(feature = "network")]
pub(crate) fn is_exact(file: &File) -> bool {
    let mut nodes = file.graph.iter().flat_map(|graph| &graph.node);
    nodes.any(|node| node.op_type == "ConvInteger")
}

/// Reads a network whose input are `size` × `size` greys; otherwise says why not.
pub(crate) fn read(file: &File, size: u16) -> Result<Network, String> {
    let scale = file.metadata_props.iter().find(|entry| entry.key == SCALE);
    let scale = scale.and_then(|entry| entry.value.parse().ok()).map(SoftmaxScale);
    let scale = scale.ok_or_else(|| format!("its metadata has no number `{SCALE}`"))?;
    let graph = file.graph.as_ref().ok_or("it has no graph")?;
    let mut walk = Walk {
        nodes: &graph.node,
        tensors: graph.initializer.iter().map(|tensor| (tensor.name, tensor)).collect(),
        at: graph.input.first().copied().unwrap_or_default(),
        size,
        channels: 1,
    };
    let mut layers = Vec::new();
    while let Some(layer) = walk.activations()? {
        layers.push(layer);
    }
    layers.push(walk.logits()?);
    if let Some(node) = walk.nodes.first() {
        return Err(format!("{} `{}` comes after the logits", node.op_type, node.name));
    }
    if graph.output.first().is_none_or(|output| *output != walk.at) {
        return Err("its output is not the logits".into());
    }
    Network::new(layers, scale).map_err(|error| error.to_string())
}

/// A walk along the nodes, each of which takes what the one before it gives.
struct Walk<'a> {
    nodes: &'a [Node<'a>],
    tensors: HashMap<&'a str, &'a Tensor<'a>>,
    at: &'a str,
    size: u16,
    channels: u16,
}

impl<'a> Walk<'a> {
    /// The next node, if it is of this kind.
    fn take(&mut self, kind: &str) -> Option<&'a Node<'a>> {
        let (node, rest) = self.nodes.split_first()?;
        if node.op_type != kind || *node.input.first()? != self.at {
            return None;
        }
        self.nodes = rest;
        self.at = node.output.first()?;
        Some(node)
    }

    /// A constant input of a node.
    fn tensor(&self, node: &Node, input: usize) -> Result<&'a Tensor<'a>, String> {
        let name = node.input.get(input).copied().unwrap_or_default();
        self.tensors
            .get(name)
            .copied()
            .ok_or_else(|| format!("`{}`: input {input} is not a constant", node.name))
    }

    /// The numbers of a constant input, which must have the type that is expected: what is
    /// read as another type are other numbers.
    fn numbers<const N: usize, T>(
        &self,
        node: &Node,
        input: usize,
        kind: DataType,
        read: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, String> {
        let tensor = self.tensor(node, input)?;
        let (numbers, rest) = tensor.raw_data.as_chunks::<N>();
        let count = tensor.dims.iter().try_fold(1i64, |count, side| count.checked_mul(*side));
        let count = count.and_then(|count| usize::try_from(count).ok());
        let fits = rest.is_empty() && count == Some(numbers.len());
        if !fits || tensor.data_type != kind as i32 {
            return Err(format!("`{}`: input {input} must be {kind:?}", node.name));
        }
        Ok(numbers.iter().map(|bytes| read(*bytes)).collect())
    }

    /// The value of a constant input that is one byte.
    fn byte(&self, node: &Node, input: usize) -> Result<u8, String> {
        match self.numbers(node, input, DataType::Uint8, |[byte]: [u8; 1]| byte)?.as_slice() {
            [byte] => Ok(*byte),
            _ => Err(format!("`{}`: input {input} must be one byte", node.name)),
        }
    }

    fn floats(&self, node: &Node, input: usize) -> Result<Vec<f32>, String> {
        self.numbers(node, input, DataType::Float, f32::from_le_bytes)
    }

    fn biases(&self, node: &Node, input: usize) -> Result<Vec<i32>, String> {
        self.numbers(node, input, DataType::Int32, i32::from_le_bytes)
    }

    /// Checks that inputs and outputs of a convolution are the bytes that they are: scales
    /// of one, zero points of zero.
    fn neutral(&self, node: &Node) -> Result<(), String> {
        let scales = [self.floats(node, 1)?, self.floats(node, 6)?];
        let zeros = [self.byte(node, 2)?, self.byte(node, 7)?];
        let weights = self.numbers(node, 5, DataType::Int8, i8::from_le_bytes)?;
        if scales != [[1.0], [1.0]] || zeros != [0, 0] || weights.iter().any(|zero| *zero != 0) {
            let name = &node.name;
            return Err(format!("`{name}`: scales of bytes must be 1 and zero points 0"));
        }
        Ok(())
    }

    /// The shape of a convolution and its weights, in the order of [`Parameters`].
    fn weights(&self, node: &Node, input: usize) -> Result<(u16, u16, Vec<i8>), String> {
        let shape = &self.tensor(node, input)?.dims;
        let wrong = || format!("`{}`: its weights have the shape {shape:?}", node.name);
        let [outputs, inputs, rows, columns] = shape[..] else { return Err(wrong()) };
        let (Ok(outputs), Ok(inputs), Ok(side)) =
            (u16::try_from(outputs), u16::try_from(inputs), u16::try_from(rows))
        else {
            return Err(wrong());
        };
        if rows != columns || inputs != self.channels || outputs == 0 || side == 0 {
            return Err(wrong());
        }
        let weights = self.numbers(node, input, DataType::Int8, i8::from_le_bytes)?;
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
    fn activations(&mut self) -> Result<Option<(Layer, Parameters)>, String> {
        let border = self.take("Pad").map(|pad| self.border(pad)).transpose()?;
        let Some(node) = self.take("QLinearConv") else {
            return border.map_or(Ok(None), |_| Err("a `Pad` comes before no convolution".into()));
        };
        self.neutral(node)?;
        let (outputs, side, weights) = self.weights(node, 3)?;
        let window = self.window(node, side, border)?;
        let shifts = self.floats(node, 4)?.into_iter().map(shift).collect::<Option<Vec<u8>>>();
        let shifts = shifts.ok_or_else(|| {
            format!("`{}`: a scale is not a power of two between 2^-15 and 1", node.name)
        })?;
        let biases = self.biases(node, 8)?;
        let clip = self.take("Clip").ok_or_else(|| {
            format!("`{}`: a `Clip` must say what its largest activation is", node.name)
        })?;
        attributes(clip, &[])?;
        if self.byte(clip, 1)? != 0 {
            return Err(format!("`{}`: it must clip from 0 on", clip.name));
        }
        let limit = self.byte(clip, 2)?;
        let pool = self.take("MaxPool");
        if let Some(pool) = pool {
            attributes(pool, &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])])?;
        }
        let layer = Layer {
            size: self.size,
            inputs: self.channels,
            outputs,
            window,
            finish: Finish::Activations { limit, pool: pool.is_some() },
        };
        (self.size, self.channels) = (layer.output_size(), outputs);
        Ok(Some((layer, Parameters { weights, biases, shifts })))
    }

    /// What an output of a convolution sees, where `border` is the value that a `Pad` added.
    fn window(&self, node: &Node, side: u16, border: Option<u8>) -> Result<Window, String> {
        let own = side == 3 && border.is_none() && self.size > 3;
        let kernel = [i64::from(side); 2];
        let pads = [i64::from(own); 4];
        attributes(node, &[("kernel_shape", &kernel), ("pads", &pads)])?;
        match border {
            Some(border) if side == 3 => Ok(Window::Three { border }),
            None if own => Ok(Window::Three { border: 0 }),
            None if side == self.size => Ok(Window::All),
            _ => Err(format!("`{}`: it must be 3 × 3 or see all of its input", node.name)),
        }
    }

    /// The last layer.
    fn logits(&mut self) -> Result<(Layer, Parameters), String> {
        let next = self.nodes.first().map_or("nothing", |node| node.op_type);
        let next = format!("{next} is where the last `ConvInteger` should be");
        let node = self.take("ConvInteger").ok_or(next)?;
        let (outputs, side, weights) = self.weights(node, 1)?;
        attributes(node, &[("kernel_shape", &[i64::from(side); 2])])?;
        if side != self.size || node.input.len() > 2 {
            return Err(format!("`{}`: it must see all of its input", node.name));
        }
        let add = self.take("Add").ok_or("an `Add` must add the last biases")?;
        let biases = self.biases(add, 1)?;
        if self.tensor(add, 1)?.dims != [1, i64::from(outputs), 1, 1] {
            return Err(format!("`{}`: it must add one number to each class", add.name));
        }
        self.take("Flatten").ok_or("a `Flatten` must end the network")?;
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
    fn border(&self, pad: &Node) -> Result<u8, String> {
        attributes(pad, &[])?;
        let edges = self.numbers(pad, 1, DataType::Int64, i64::from_le_bytes)?;
        if edges != [0, 0, 1, 1, 0, 0, 1, 1] {
            return Err(format!("`{}`: it must add one pixel", pad.name));
        }
        self.byte(pad, 2)
    }
}

/// The `k` of a scale 2^-k.
fn shift(scale: f32) -> Option<u8> {
    (0..=medchain_exact::MAX_SHIFT).find(|k| scale == 1.0 / f32::from(1u16 << k))
}

/// Checks that a node has these attributes and no others; what is zero may be left out.
fn attributes(node: &Node, expected: &[(&str, &[i64])]) -> Result<(), String> {
    for (name, values) in expected {
        let found = node.attribute.iter().find(|attribute| attribute.name == *name);
        let zero = found.is_none() && values.iter().all(|value| *value == 0);
        if !zero && found.is_none_or(|attribute| attribute.ints != *values) {
            return Err(format!("`{}`: `{name}` must be {values:?}", node.name));
        }
    }
    let known = |name: &str| expected.iter().any(|(known, _)| *known == name);
    match node.attribute.iter().find(|attribute| !known(attribute.name)) {
        Some(other) => Err(format!("`{}`: `{}` must be left out", node.name, other.name)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::onnx::{Attribute, Graph};
    use super::*;

    fn bytes() -> &'static [u8] {
        static FILE: OnceLock<Vec<u8>> = OnceLock::new();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/shipped/medchain-vgg16.onnx");
        FILE.get_or_init(|| std::fs::read(path).unwrap())
    }

    fn shipped() -> File<'static> {
        File::read(bytes()).unwrap()
    }

    /// Bytes for a constant.
    fn raw(bytes: &[u8]) -> &'static [u8] {
        bytes.to_vec().leak()
    }

    #[test]
    fn a_file_is_read_in_one_step_and_refused_with_the_cause() {
        let network = exact_network(bytes(), 224).unwrap();
        assert_eq!(network, read(&shipped(), 224).unwrap());
        for onnx in [&b"not a network"[..], &bytes()[..bytes().len() / 2], b""] {
            let error = exact_network(onnx, 224).unwrap_err().to_string();
            assert!(error.starts_with("it is not an exact network: "), "{error}");
        }
    }

    #[test]
    fn the_shipped_network_is_a_vgg16() {
        let network = read(&shipped(), 224).unwrap();
        let shapes: Vec<(u16, u16)> =
            network.layers().iter().map(|(layer, _)| (layer.size, layer.outputs)).collect();
        assert_eq!(shapes.len(), 16);
        assert_eq!(shapes[0], (224, 64));
        assert_eq!(shapes[12], (14, 512));
        assert_eq!(shapes[15], (1, 3));
        assert_eq!(network.layers()[0].0.window, Window::Three { border: 114 });
    }

    /// Changes the shipped file and checks that the error says `words`.
    fn refuses(words: &str, change: impl FnOnce(&mut File<'static>)) {
        let mut file = shipped();
        change(&mut file);
        let error = read(&file, 224).unwrap_err();
        assert!(error.contains(words), "{words}: {error}");
    }

    fn graph<'a>(file: &'a mut File<'static>) -> &'a mut Graph<'static> {
        file.graph.as_mut().unwrap()
    }

    fn node<'a>(file: &'a mut File<'static>, name: &str) -> &'a mut Node<'static> {
        graph(file).node.iter_mut().find(|node| node.name == name).unwrap()
    }

    fn constant<'a>(file: &'a mut File<'static>, name: &str) -> &'a mut Tensor<'static> {
        graph(file).initializer.iter_mut().find(|tensor| tensor.name == name).unwrap()
    }

    #[test]
    fn fails_when_a_step_is_missing_or_unknown() {
        refuses("softmax_scale", |file| file.metadata_props.clear());
        refuses("no graph", |file| file.graph = None);
        refuses("QLinearConv is where", |file| graph(file).node.drain(..1).for_each(drop));
        refuses("`Clip`", |file| node(file, "conv2_1.clip").op_type = "Relu");
        refuses("Relu is where", |file| node(file, "conv2_1").op_type = "Relu");
        refuses("`Add`", |file| node(file, "fc3.add").op_type = "Sub");
        refuses("`Flatten`", |file| drop(graph(file).node.pop()));
        refuses("comes after", |file| {
            let again = graph(file).node.last().unwrap().clone();
            graph(file).node.push(again);
        });
        refuses("not the logits", |file| graph(file).output[0] = "fc3.sum");
        // It would take what another node gives.
        refuses("QLinearConv is where", |file| node(file, "conv2_1").input[0] = "image");
    }

    #[test]
    fn fails_when_a_number_is_none_that_an_exact_network_has() {
        let one = raw(&1f32.to_le_bytes());
        let half = raw(&0.5f32.to_le_bytes());
        refuses("scales of bytes", |file| constant(file, "one").raw_data = half);
        refuses("scales of bytes", |file| constant(file, "zero").raw_data = &[1]);
        refuses("clip from 0", |file| constant(file, "low").raw_data = &[1]);
        refuses("power of two", |file| {
            let scales = constant(file, "conv1_1.scale");
            scales.raw_data = raw([0.3f32.to_le_bytes(); 64].as_flattened());
        });
        refuses("must be Float", |file| {
            let scales = constant(file, "conv1_1.scale");
            scales.raw_data = one;
        });
        refuses("must be Int8", |file| {
            constant(file, "conv1_2.weight").data_type = DataType::Uint8 as i32;
        });
        refuses("weights have the shape", |file| constant(file, "conv1_2.weight").dims[1] = 3);
        refuses("is not a constant", |file| node(file, "conv1_2").input[8] = "none");
        refuses("one number to each class", |file| constant(file, "fc3.bias").dims = vec![3]);
        refuses("one pixel", |file| {
            constant(file, "conv1_1.edges").raw_data = &[0; 64];
        });
    }

    #[test]
    fn fails_when_a_window_is_another() {
        let attribute = |name: &'static str, ints: &[i64]| Attribute { name, ints: ints.to_vec() };
        let conv = "conv2_1";
        refuses("`strides` must be left out", |file| {
            node(file, conv).attribute.push(attribute("strides", &[2, 2]));
        });
        refuses("`pads` must be", |file| {
            node(file, conv).attribute.retain(|attribute| attribute.name != "pads");
        });
        refuses("`kernel_shape` must be", |file| {
            let pool = node(file, "conv1_2.pool");
            pool.attribute[0].ints = vec![3, 3];
        });
        refuses("see all of its input", |file| {
            node(file, "conv1_1.pad").name = "gone";
            let pad = graph(file).node.remove(0);
            node(file, "conv1_1").input[0] = pad.input[0];
            node(file, "conv1_1").attribute = vec![attribute("kernel_shape", &[1, 1])];
            let weights = constant(file, "conv1_1.weight");
            weights.dims = vec![64, 1, 1, 1];
            weights.raw_data = &[0; 64];
        });
        let error = read(&shipped(), 256).unwrap_err();
        assert!(error.contains("fc1"), "{error}");
    }
}
