mod amount;
mod errors;
mod metadata;
