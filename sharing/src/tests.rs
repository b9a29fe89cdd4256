//! What honest people do works; what attackers do is refused.

mod custodian;
mod dealer;
mod encoding;
mod replay;
mod round_trip;
mod secrecy;
mod times;
mod vectors;
mod world;
