//! Lists of stores as people write them.

use std::{
    path::{self, Path, PathBuf},
    sync::Arc,
};

use super::{address::Address, Store, StoreError};

/// How many stores a list may name.
pub const MAX_STORES: usize = 8;

/// Opens the stores of a comma-separated list with `open`.
pub fn stores(
    list: &str,
    open: impl Fn(&str) -> Result<Arc<dyn Store>, StoreError>,
) -> Result<Vec<Arc<dyn Store>>, StoreError> {
    let refused = |reason: String| Err(StoreError::InvalidList { reason });
    let entries: Vec<&str> = list.split(',').map(str::trim).collect();
    if entries.len() > MAX_STORES {
        return refused(format!(
            "it has {} entries; at most {MAX_STORES} are allowed",
            entries.len()
        ));
    }
    if let Some(at) = entries.iter().position(|entry| entry.is_empty()) {
        return refused(format!("entry {} is empty", at + 1));
    }
    // `http://me:my,secret@host` would be split into a wrong host and a folder.
    let bare = entries.iter().position(|entry| entry.contains("://") && !entry.contains('@'));
    let is_rest = |entry: &&str| !entry.contains("://") && entry.contains('@');
    if bare.is_some_and(|at| entries.iter().skip(at).any(is_rest)) {
        return refused(
            "write a comma in a password as %2C, and a folder with an @ as file:///…".into(),
        );
    }
    let mut opened: Vec<(PathBuf, Arc<dyn Store>)> = Vec::new();
    for entry in entries {
        let store = open(entry)?;
        let place = place(entry, store.as_ref());
        if let Some(first) = opened.iter().position(|(other, _)| *other == place) {
            let (second, name) = (opened.len() + 1, store.describe());
            return refused(format!("entries {} and {second} are both {name}", first + 1));
        }
        opened.push((place, store));
    }
    Ok(opened.into_iter().map(|(_, store)| store).collect())
}

/// Equal for entries that name the same store in two ways.
fn place(entry: &str, store: &dyn Store) -> PathBuf {
    let Ok(Address::Folder(folder)) = Address::read(entry) else {
        return store.describe().into();
    };
    let whole = path::absolute(&folder).unwrap_or_else(|_| Path::new(&folder).to_owned());
    // Without doubled slashes and one at the end.
    whole.components().collect()
}
