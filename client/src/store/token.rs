//! The tokens of stores that ask for one.

use std::{env, fmt, path::Path};

use reqwest::Url;
use zeroize::Zeroizing;

use super::{shown, StoreError};
use crate::keys::read_private;

/// The environment variable that names the file of tokens.
///
/// Each line of it is the address of a store, a space, and its token, such as
/// `https://kubo.example.org eyJhbGciOi…`. Only its owner may be able to read it. Lines that
/// begin with `#` are comments.
pub const TOKENS_VARIABLE: &str = "MEDCHAIN_STORE_TOKENS";

/// What a store is shown.
#[derive(Clone)]
pub(super) struct Token(Zeroizing<String>);

impl Token {
    /// A token as a file has it.
    #[cfg(test)]
    pub fn of(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The token of the store at this address; none without a file, or without a line for it.
///
/// Errors: [`StoreError::InvalidUrl`] where the file cannot be read or is not private, and where
/// the token would travel in the clear.
pub(super) fn token_for(url: &Url) -> Result<Option<Token>, StoreError> {
    match env::var_os(TOKENS_VARIABLE) {
        Some(file) if !file.is_empty() => token_in(Path::new(&file), url),
        _ => Ok(None),
    }
}

pub(super) fn token_in(file: &Path, url: &Url) -> Result<Option<Token>, StoreError> {
    let invalid = |reason: String| StoreError::InvalidUrl { url: shown(url.as_str()), reason };
    let bytes = read_private(file).map_err(|error| {
        invalid(format!("its token ({TOKENS_VARIABLE}) is unreadable: {error}"))
    })?;
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let mut found = None;
    for line in lines.filter(|line| !line.is_empty()) {
        // Neither the line nor its token belongs into an error.
        let Some((address, token)) = line.split_once(char::is_whitespace) else {
            return Err(invalid(format!(
                "a line of {} is not an address, a space, and a token",
                file.display()
            )));
        };
        if Url::parse(address).is_ok_and(|address| is_same(&address, url)) {
            found = Some(Token(Zeroizing::new(token.trim().to_owned())));
        }
    }
    let is_open = url.scheme() != "https" && !is_own_machine(url);
    if found.is_some() && is_open {
        return Err(invalid(
            "its token would be readable on the way there; give the address as https://…".into(),
        ));
    }
    Ok(found)
}

fn is_same(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

fn is_own_machine(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn each_store_gets_its_own_token_and_none_in_the_clear() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        let write = |text: &str, mode: u32| {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        };
        let of = |url: &str| token_in(&file, &Url::parse(url).unwrap());
        let token = |url: &str| of(url).unwrap().map(|token| token.as_str().to_owned());
        write(
            "# stores\nhttps://one.example.org first-secret\n\nhttp://127.0.0.1:5001 second\n\
             http://two.example.org third-secret\n",
            0o600,
        );
        assert_eq!(token("https://one.example.org/api/v0").as_deref(), Some("first-secret"));
        assert_eq!(token("https://one.example.org:443").as_deref(), Some("first-secret"));
        assert_eq!(token("http://127.0.0.1:5001").as_deref(), Some("second"));
        assert_eq!(token("https://one.example.org:8443"), None);
        assert_eq!(token("https://other.example.org"), None);
        let error = of("http://two.example.org").unwrap_err().to_string();
        assert!(error.contains("https://") && !error.contains("secret"), "{error}");
        assert_eq!(format!("{:?}", of("https://one.example.org").unwrap().unwrap()), "Token(…)");
        write("https://one.example.org first-secret", 0o644);
        let error = of("https://one.example.org").unwrap_err().to_string();
        assert!(error.contains("chmod") && !error.contains("secret"), "{error}");
        write("first-secret", 0o600);
        let error = of("https://one.example.org").unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
        fs::remove_file(&file).unwrap();
        assert!(of("https://one.example.org").is_err());
    }
}
