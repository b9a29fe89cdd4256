//! The lies.

use clap::ValueEnum;

/// How the worker lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lie {
    /// It runs a network with one wrong weight.
    Weight,
    /// It changes a value that the first layer gave.
    First,
    /// It changes a value in the first layer that pools.
    Pooled,
    /// It changes a value in the first fully connected layer, and sums to match.
    Dense,
    /// It changes the logits.
    Logits,
    /// It answers with other probabilities than the logits give.
    Softmax,
    /// It answers with bytes that are no seal.
    Seal,
    /// It answers wrongly, and makes no move in a dispute.
    Silent,
    /// As `Pooled`, and from some round on it makes no move: from the first about the requests 0,
    /// 5, and so on, from the second about 1, 6, and so on.
    Fading,
}
