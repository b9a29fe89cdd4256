//! Blocks of encrypted content, for the page.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Path, State},
    http::{header, HeaderMap, HeaderValue, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use cid::Cid;

use crate::{
    keepers::is_keeper,
    store::{verify, Missed},
    Shared,
};

/// Says of a block that it is the root of content, which is to be kept.
const ROOT: &str = "root=true";
/// The header in which a page names the keeper of what it stores, or shows the keeper's secret.
const KEEPER: &str = "x-medchain-keeper";

/// Answers with a block. The page verifies it, and so does the store's adapter.
pub async fn fetch(State(shared): State<Arc<Shared>>, Path(text): Path<String>) -> Response {
    let Some(cid) = read(&text) else { return not_a_cid() };
    match shared.store.get(&cid).await {
        Ok(block) => {
            let headers = [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::CONTENT_DISPOSITION, "attachment"),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, block).into_response()
        }
        Err(Missed::NotFound) => (StatusCode::NOT_FOUND, "no store has it").into_response(),
        Err(Missed::Failed(why)) => (StatusCode::BAD_GATEWAY, why).into_response(),
    }
}

/// Stores a block under the CID that its bytes have, and no other.
pub async fn keep(
    State(shared): State<Arc<Shared>>,
    Path(text): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    block: Bytes,
) -> Response {
    let Some(cid) = read(&text) else { return not_a_cid() };
    if !verify(&cid, &block) {
        return (StatusCode::BAD_REQUEST, "the bytes are not those of the CID").into_response();
    }
    let is_root = uri.query() == Some(ROOT);
    let keeper = headers.get(KEEPER).and_then(|value| value.to_str().ok());
    let keeper = keeper.filter(|text| is_keeper(text));
    // Nothing is removed meanwhile.
    let _storing = shared.removing.read().await;
    // Asked only where it matters.
    let was_there = keeper.is_none() || shared.store.has(&cid, is_root).await;
    // Before it is there: a page that goes away meanwhile, and a store that fails late, may have
    // stored it all the same.
    shared.keepers().stored(cid, is_root, keeper, was_there, Instant::now());
    match shared.store.put(&cid, block, is_root).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => (StatusCode::BAD_GATEWAY, why).into_response(),
    }
}

/// Removes a block for the page that has stored it, where nobody else needs it. What no store has,
/// as of an upload that stopped halfway, is removed for whoever asks.
pub async fn remove(
    State(shared): State<Arc<Shared>>,
    Path(text): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let Some(cid) = read(&text) else { return not_a_cid() };
    let secret = headers.get(KEEPER).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_root = uri.query() == Some(ROOT);
    let is_theirs = || shared.keepers().may_remove(&cid, is_root, secret, Instant::now());
    // Before uploads have to wait, which nobody else may bring about.
    if !is_theirs() {
        return match shared.store.has(&cid, is_root).await {
            true => not_theirs(),
            false => StatusCode::NO_CONTENT.into_response(),
        };
    }
    // Nothing is stored meanwhile, which might be the same block.
    let _removing = shared.removing.write().await;
    // Another may have stored it since.
    if !is_theirs() {
        return not_theirs();
    }
    match shared.store.remove(&cid, is_root).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => (StatusCode::BAD_GATEWAY, why).into_response(),
    }
}

/// Reads a CID of a kind that MedChain stores.
fn read(text: &str) -> Option<Cid> {
    let cid = Cid::try_from(text).ok()?;
    let is_known = matches!(cid.codec(), 0x55 | 0x70)
        && cid.version() == cid::Version::V1
        && cid.hash().code() == 0x12
        && cid.hash().size() == 32;
    (is_known && cid.to_string() == text).then_some(cid)
}

fn not_a_cid() -> Response {
    (StatusCode::BAD_REQUEST, "this is not a CID that MedChain takes").into_response()
}

fn not_theirs() -> Response {
    let why = "this block is another's, or was stored too long ago";
    (StatusCode::FORBIDDEN, why).into_response()
}

#[cfg(test)]
mod tests;
