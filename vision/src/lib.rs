//! From the bytes of a chest X-ray to a quantised VGG-16 prediction.
//!
//! ```text
//! bytes ── decode ──> GreyImage ── Preprocessing ──> tensor ── Model ──> Prediction
//! ```
//!
//! Every step up to the tensor is integer arithmetic or one table lookup, so
//! that Python (which trained the model) and every worker compute the same
//! tensor. The same code serves the worker, `medchain predict` and
//! `medchain replay`.
//!
//! Not for clinical use.

mod decode;
mod model;
mod preprocess;
mod synthetic;

pub use decode::{decode, DecodeError, GreyImage, MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE};
pub use model::{Model, ModelError, PredictError, Prediction, Timings};
pub use preprocess::{
    square, Crop, Mask, Preprocessing, Resampling, SpecError, Square, SQUARE_ID, SQUARE_SIDE,
};
pub use synthetic::{synthetic_radiograph, synthetic_radiograph_png};
