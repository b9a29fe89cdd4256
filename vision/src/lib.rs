//! From the bytes of a chest X-ray to a quantised VGG-16 prediction.
//!
//! ```text
//! bytes ── decode ──> GreyImage ── Preprocessing ──> square ── Model ──> Prediction
//! ```
//!
//! Every step up to the square of greys is integer arithmetic, so that Python (which
//! trained the model) and every worker compute the same bytes. An exact network goes on
//! in integers (`medchain-exact`), and then the answer is the same bytes everywhere too.
//! A network of floats is run by tract. The same code serves the worker, `medchain
//! predict` and `medchain replay`.
//!
//! Not for clinical use.

mod decode;
mod deidentify;
#[cfg(feature = "exact")]
mod exact_file;
#[cfg(feature = "network")]
mod model;
mod preprocess;
mod synthetic;

pub use decode::{
    decode, DecodeError, GreyImage, MAX_DECODE_BYTES, MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE,
};
pub use deidentify::{attributes, deidentify, Attribute, Deidentified, DeidentifyError};
#[cfg(feature = "exact")]
pub use exact_file::{exact_network, ExactFileError};
#[cfg(feature = "network")]
pub use model::{Engine, Model, ModelError, PredictError, Prediction, Timings};
pub use preprocess::{
    square, Crop, Mask, Preprocessing, Resampling, SpecError, Square, SQUARE_ID, SQUARE_SIDE,
};
pub use synthetic::{synthetic_radiograph, synthetic_radiograph_png};
