//! `polkadot`: a relay chain validator, as thin as the program of that name in
//! polkadot-sdk. It knows no native runtime: chains come from a file.

use medchain_rocksdb_compat as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    polkadot_cli::run()?;
    Ok(())
}
