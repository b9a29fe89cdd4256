mod amount;
mod compat;
mod errors;
mod metadata;
mod proof;
mod upgrade;
