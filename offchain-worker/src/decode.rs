//! The program `medchain-decode`: decodes one film for `medchain-worker`, which starts it.

use std::process::ExitCode;

use medchain_worker::prediction::adapters::decode_if_asked;

fn main() -> ExitCode {
    decode_if_asked().unwrap_or_else(|| {
        eprintln!("error: medchain-worker starts this program, for each film that it decodes");
        ExitCode::FAILURE
    })
}
