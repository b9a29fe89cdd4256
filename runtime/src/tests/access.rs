//! Access control: the runtime with the compiled reference policy against an independent model of
//! the table in ARCHITECTURE.md.

mod attacks;
mod conformance;
mod costs;
mod model;
mod random;
mod table;
