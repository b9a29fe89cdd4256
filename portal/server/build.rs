//! Makes the table of the page's files, which the server has in itself.

use std::{env, fmt::Write as _, fs, io, path::Path};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-env-changed=MEDCHAIN_PORTAL_DIST");
    let built = env::var("MEDCHAIN_PORTAL_DIST").unwrap_or_else(|_| "../dist".into());
    println!("cargo:rerun-if-changed={built}");
    let mut table = String::from("&[\n");
    if let Ok(folder) = fs::canonicalize(&built) {
        list(&folder, "", &mut table)?;
    }
    table.push_str("]\n");
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("files.rs"), table)
}

/// Lists a folder: each file by its path in the page, with its bytes.
fn list(folder: &Path, prefix: &str, table: &mut String) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = format!("{prefix}/{}", name.to_string_lossy());
        if path.is_dir() {
            list(&path, &name, table)?;
        } else {
            println!("cargo:rerun-if-changed={}", path.display());
            let path = path.to_string_lossy().into_owned();
            writeln!(table, "    ({name:?}, include_bytes!({path:?})),")
                .map_err(io::Error::other)?;
        }
    }
    Ok(())
}
