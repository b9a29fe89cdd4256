//! Access is decided in one place: the table of ARCHITECTURE.md, written down a
//! second time as a model, against the runtime with the real policy contract.

mod attacks;
mod conformance;
mod costs;
mod model;
mod random;
mod table;
