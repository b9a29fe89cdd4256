//! Whole networks, with what the processor offers.
//!
//! Every kernel gives the bytes that the definition in [`crate::arithmetic`] gives. They
//! differ in what they multiply and in how they save multiplications:
//!
//! | instructions | convolutions of 3 × 3 |
//! | --- | --- |
//! | [`Instructions::Avx512Vnni`] | Winograd's F(2, 3) along rows, in bytes; [`bytes`] |
//! | [`Instructions::Avx2`], `Sse2`, `Neon`, `Simd128`, `Portable` | Winograd's F(4 × 4, 3 × 3), or F(2 × 2, 3 × 3) for small images, in 16 bits; [`words`] |
//!
//! Winograd's transforms have no fractions here: sums come out larger by a known factor,
//! which is taken back exactly; [`transform`] says how.

mod border;
mod bytes;
mod dense;
mod finish;
mod instructions;
mod lanes;
mod memory;
mod split;
mod transform;
mod words;

use medchain_primitives::{Output, OutputError};
use rayon::{prelude::*, ThreadPool};

pub use instructions::{Instructions, Unavailable};
use split::Piece;

use crate::{softmax, Finish, Layer, Network, Parameters, SoftmaxScale, Window};

/// A network made ready for one kind of instructions. Threads may share it.
pub struct Engine {
    steps: Vec<Step>,
    scale: SoftmaxScale,
    instructions: Instructions,
    threads: Option<ThreadPool>,
}

struct Step {
    layer: Layer,
    kernel: Kernel,
}

enum Kernel {
    Convolution(Box<dyn Convolution>),
    Dense(dense::Dense),
}

/// A convolution of 3 × 3 with everything after it.
trait Convolution: Send + Sync {
    /// Computes some rows and channels of the output. `out` is what becomes of them: rows,
    /// columns, channels; it is zero everywhere. An even number of rows where the layer pools.
    fn compute(&self, input: &[u8], piece: &Piece, out: &mut [u8]);
    /// Rows before pooling and channels of which pieces are made up.
    fn unit(&self) -> [usize; 2];
    /// Rows before pooling that are best computed together.
    fn band(&self) -> usize;
}

/// The input has not the size that the network takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongInput {
    /// Bytes that the network takes.
    pub expected: usize,
    /// Bytes that there were.
    pub found: usize,
}

impl std::fmt::Display for WrongInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the network takes {} bytes, not {}", self.expected, self.found)
    }
}

impl std::error::Error for WrongInput {}

impl Engine {
    /// Makes a network ready for the fastest instructions of this processor.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        Self::prepare(network, Instructions::best())
    }

    /// Makes a network ready for certain instructions.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn with_instructions(
        network: &Network,
        instructions: Instructions,
    ) -> Result<Self, Unavailable> {
        if !Instructions::available().contains(&instructions) {
            return Err(Unavailable(instructions));
        }
        Ok(Self::prepare(network, instructions))
    }

    fn prepare(network: &Network, instructions: Instructions) -> Self {
        let mut largest_input = u8::MAX;
        let mut steps = Vec::with_capacity(network.layers().len());
        for (layer, parameters) in network.layers() {
            let kernel = kernel(layer, parameters, largest_input, instructions);
            steps.push(Step { layer: *layer, kernel });
            if let Finish::Activations { limit, .. } = layer.finish {
                largest_input = limit;
            }
        }
        Self { steps, scale: network.scale(), instructions, threads: None }
    }

    /// Lets one prediction use so many threads. The default is one: a worker with a
    /// backlog runs predictions side by side, which wastes less.
    ///
    /// Where the system gives no threads it stays with one: the bytes are the same.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok();
        self.threads = if threads > 1 { pool() } else { None };
        self
    }

    /// How many logits it gives.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.steps.last().map_or(0, |step| usize::from(step.layer.outputs))
    }

    /// What it was made ready for.
    #[must_use]
    pub fn instructions(&self) -> Instructions {
        self.instructions
    }

    /// Bytes that it takes: rows, columns, channels.
    #[must_use]
    pub fn input_len(&self) -> usize {
        self.steps.first().map_or(0, |step| step.layer.input_len())
    }

    /// The logits of one input.
    ///
    /// # Errors
    /// [`WrongInput`].
    pub fn logits(&self, input: &[u8]) -> Result<Vec<i32>, WrongInput> {
        let mut logits = Vec::new();
        self.walk(input, |values| {
            if let Values::Logits(last) = values {
                logits = last;
            }
        })?;
        Ok(logits)
    }

    /// Everything that the layers give for one input.
    ///
    /// # Errors
    /// [`WrongInput`].
    pub fn levels(&self, input: &[u8]) -> Result<Levels, WrongInput> {
        let mut levels = Levels { activations: Vec::new(), logits: Vec::new() };
        self.walk(input, |values| match values {
            Values::Activations(activations) => levels.activations.push(activations.to_vec()),
            Values::Logits(logits) => levels.logits = logits,
        })?;
        Ok(levels)
    }

    /// The probabilities of logits.
    ///
    /// # Errors
    /// [`OutputError::Classes`] where they are not this network's.
    pub fn output(&self, logits: &[i32]) -> Result<Output, OutputError> {
        softmax(logits, self.scale)
    }

    fn walk(&self, input: &[u8], seen: impl FnMut(Values) + Send) -> Result<(), WrongInput> {
        let expected = self.input_len();
        if input.len() != expected {
            return Err(WrongInput { expected, found: input.len() });
        }
        match &self.threads {
            // Once for all layers: threads that find nothing to do for a moment stay awake.
            Some(pool) => pool.install(|| self.steps(input, pool.current_num_threads(), seen)),
            None => self.steps(input, 1, seen),
        }
        Ok(())
    }

    fn steps(&self, input: &[u8], threads: usize, mut seen: impl FnMut(Values)) {
        let mut values = std::borrow::Cow::Borrowed(input);
        for step in &self.steps {
            if step.layer.finish == Finish::Logits {
                let mut logits = vec![0i32; usize::from(step.layer.outputs)];
                step.logits(&values, &mut logits);
                seen(Values::Logits(logits));
            } else {
                let mut out = vec![0u8; step.layer.output_len()];
                step.activations(&values, &mut out, threads);
                seen(Values::Activations(&out));
                values = std::borrow::Cow::Owned(out);
            }
        }
    }
}

/// What the layers of a network give for one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    /// The activations after each layer but the last, in rows, columns, channels.
    pub activations: Vec<Vec<u8>>,
    /// What the last layer gives.
    pub logits: Vec<i32>,
}

enum Values<'a> {
    Activations(&'a [u8]),
    Logits(Vec<i32>),
}

impl Step {
    /// `threads` are those of the pool that this runs in, or one.
    fn activations(&self, input: &[u8], out: &mut [u8], threads: usize) {
        match &self.kernel {
            Kernel::Dense(dense) if threads > 1 => {
                let piece = out.len().div_ceil(threads).max(1);
                let pieces = out.par_chunks_mut(piece).enumerate();
                pieces.for_each(|(number, out)| dense.activations(input, number * piece, out));
            }
            Kernel::Dense(dense) => dense.activations(input, 0, out),
            Kernel::Convolution(convolution) => {
                let Layer { size, outputs, .. } = self.layer;
                let width = self.layer.output_size();
                let output = split::Output {
                    rows: usize::from(size),
                    fold: usize::from(size / width),
                    width: usize::from(width),
                    channels: usize::from(outputs),
                };
                split::compute(convolution.as_ref(), input, &output, out, threads);
            }
        }
    }

    /// A few dot products, which are not worth a second thread.
    fn logits(&self, input: &[u8], out: &mut [i32]) {
        if let Kernel::Dense(dense) = &self.kernel {
            dense.sums(input, 0, out);
        }
    }
}

fn kernel(
    layer: &Layer,
    parameters: &Parameters,
    largest_input: u8,
    instructions: Instructions,
) -> Kernel {
    let (Window::Three { border }, Finish::Activations { limit, pool }) =
        (layer.window, layer.finish)
    else {
        return Kernel::Dense(dense::Dense::new(layer, parameters, instructions));
    };
    let shape = Shape {
        size: usize::from(layer.size),
        inputs: usize::from(layer.inputs),
        outputs: usize::from(layer.outputs),
        border,
        limit,
        pool,
    };
    #[cfg(target_arch = "x86_64")]
    if instructions == Instructions::Avx512Vnni {
        return Kernel::Convolution(
            match bytes::Winograd::new(&shape, parameters, largest_input) {
                Some(winograd) => Box::new(winograd),
                None => Box::new(bytes::Direct::new(&shape, parameters)),
            },
        );
    }
    Kernel::Convolution(words::convolution(&shape, parameters, largest_input, instructions))
}

/// The shape of a convolution.
#[derive(Clone, Copy, Debug)]
struct Shape {
    size: usize,
    inputs: usize,
    outputs: usize,
    border: u8,
    limit: u8,
    pool: bool,
}
