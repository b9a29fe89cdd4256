mod amount;
mod compat;
mod errors;
mod log;
mod metadata;
mod proof;
mod submit;
mod upgrade;
