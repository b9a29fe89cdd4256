//! The built program, run without a node.

mod arguments;
mod certificate;
mod contracts;
mod deaf;
mod images;
mod keys;
mod png;
mod predict;
mod program;
mod report;
mod rooms;
mod several;
mod terminal;
mod tiny_model;
