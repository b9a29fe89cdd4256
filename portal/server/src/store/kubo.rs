//! A node that speaks the Kubo RPC (`/api/v0`).

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cid::Cid;
use reqwest::{
    multipart::{Form, Part},
    redirect::Policy,
    Client, Response, StatusCode, Url,
};

use super::Missed;
use crate::MAX_BLOCK;

/// How long the node may search for one block.
const SEARCH: Duration = Duration::from_secs(30);
/// The node's own timeout should fire first.
const PATIENCE: Duration = Duration::from_secs(35);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A Kubo node, reached over its RPC.
pub struct Kubo {
    client: Client,
    base: Url,
}

impl Kubo {
    /// The node at an address such as `http://127.0.0.1:5001`.
    pub fn open(url: &str) -> Result<Self, String> {
        let mut base = Url::parse(url).map_err(|error| error.to_string())?;
        base.set_query(None);
        base.set_fragment(None);
        // A proxy or a redirect would send records to a machine that nobody named.
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(PATIENCE)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, base })
    }

    fn method(&self, name: &str, query: &str) -> Url {
        let mut url = self.base.clone();
        let path = self.base.path().trim_end_matches('/');
        let path = path.strip_suffix("/api/v0").unwrap_or(path);
        url.set_path(&format!("{path}/api/v0/{name}"));
        url.set_query(Some(query));
        url
    }

    /// The block's bytes, not verified.
    pub async fn get(&self, cid: &Cid) -> Result<Bytes, Missed> {
        // Without `timeout=` a node searches for a missing block for ever.
        let query = format!("arg={cid}&timeout={}s", SEARCH.as_secs());
        let sent = self.client.post(self.method("block/get", &query)).send().await;
        let mut response = sent.map_err(|_| Missed::Failed(UNREACHABLE.into()))?;
        match response.status() {
            status if status.is_success() => {}
            // Of what it does not find, a node says no more.
            StatusCode::INTERNAL_SERVER_ERROR => return Err(Missed::NotFound),
            status => {
                let why = format!("the IPFS node refused to give the block ({status})");
                return Err(Missed::Failed(why));
            }
        }
        let mut bytes = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok(bytes.freeze()),
                Err(_) => return Err(Missed::Failed(UNREACHABLE.into())),
            }
            if bytes.len() > MAX_BLOCK {
                return Err(Missed::Failed("the IPFS node sent more than a block".into()));
            }
        }
    }

    /// Stores a block, and pins what hangs on a root.
    pub async fn put(&self, cid: &Cid, block: Bytes, is_root: bool) -> Result<(), String> {
        let codec = if cid.codec() == 0x55 { "raw" } else { "dag-pb" };
        let query = format!("cid-codec={codec}&mhtype=sha2-256&allow-big-block=true");
        let part = Part::stream(block)
            .file_name("block")
            .mime_str("application/octet-stream")
            .map_err(|error| error.to_string())?;
        let form = Form::new().part("file", part);
        let put = self.client.post(self.method("block/put", &query)).multipart(form);
        accepted(put.send().await)?;
        if is_root {
            let pin = self.method("pin/add", &format!("arg={cid}&recursive=true"));
            accepted(self.client.post(pin).send().await)?;
        }
        Ok(())
    }
}

impl Kubo {
    /// Whether the node keeps what hangs on a root; its other blocks go with that.
    pub async fn has(&self, cid: &Cid, is_root: bool) -> bool {
        if !is_root {
            return false;
        }
        let pinned = self.method("pin/ls", &format!("arg={cid}&type=recursive"));
        match self.client.post(pinned).send().await {
            Ok(response) if !response.status().is_success() => !is_not_pinned(response).await,
            // Pinned, or nobody knows.
            _ => true,
        }
    }

    /// Unpins what hangs on a root.
    pub async fn remove(&self, cid: &Cid, is_root: bool) -> Result<(), String> {
        if !is_root {
            return Ok(());
        }
        let unpin = self.method("pin/rm", &format!("arg={cid}&recursive=true"));
        let response = self.client.post(unpin).send().await.map_err(|_| UNREACHABLE.to_owned())?;
        let status = response.status();
        if status.is_success() || is_not_pinned(response).await {
            return Ok(());
        }
        Err(format!("the IPFS node did not unpin the content ({status})"))
    }
}

/// Whether a node refused because there is no such pin. Kubo: "not pinned or pinned indirectly";
/// js-ipfs: "… is not pinned".
async fn is_not_pinned(response: Response) -> bool {
    response.text().await.is_ok_and(|text| text.contains("not pinned"))
}

const UNREACHABLE: &str = "the IPFS node does not answer";

fn accepted(sent: reqwest::Result<Response>) -> Result<(), String> {
    let response = sent.map_err(|_| UNREACHABLE.to_owned())?;
    let status = response.status();
    let refused = || format!("the IPFS node refused the block ({status})");
    status.is_success().then_some(()).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_asked_at_its_rpc_however_its_address_ends() {
        for address in
            ["http://127.0.0.1:5001", "http://127.0.0.1:5001/", "http://127.0.0.1:5001/api/v0/"]
        {
            let node = Kubo::open(address).expect("it is an address");
            let asked = node.method("block/get", "arg=x");
            assert_eq!(asked.as_str(), "http://127.0.0.1:5001/api/v0/block/get?arg=x");
        }
    }
}
