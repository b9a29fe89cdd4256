//! Access control: the runtime with the compiled reference policy against an independent model of
//! the table in ARCHITECTURE.md.

mod attacks;
mod conformance;
mod costs;
mod custody;
mod delegates;
mod emergencies;
mod model;
mod random;
mod table;
mod versions;
mod workers;
mod world;
