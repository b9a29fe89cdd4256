//! Whoever ran the network never loses, whatever the other does.

mod liars;
mod network;
mod opening;
mod rounds;
mod world;
