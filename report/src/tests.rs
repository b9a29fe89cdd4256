//! Reports of every kind, drawn and read back.

mod golden;
mod hostile;
mod reading;
mod samples;
mod structure;
