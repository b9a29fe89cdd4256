mod amount;
mod errors;
mod metadata;
mod proof;
