//! The ports over medchain-client and medchain-vision.

mod answers;
mod cipher;
mod decoder;
mod model;
mod node;
mod store;

pub use answers::AnswerFiles;
pub use cipher::KeyCipher;
pub use decoder::{decode_if_asked, DecoderProcess, Limits};
pub use model::{LoadError, Unfit, VisionModel};
pub use node::NodeRequests;
pub use store::ContentStore;
