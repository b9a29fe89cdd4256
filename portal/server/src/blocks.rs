//! Blocks of encrypted content, for the page.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{header, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use cid::Cid;

use crate::{
    store::{verify, Missed},
    Shared,
};

/// Says of a block that it is the root of content, which is to be kept.
const ROOT: &str = "root=true";

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
    block: Bytes,
) -> Response {
    let Some(cid) = read(&text) else { return not_a_cid() };
    if !verify(&cid, &block) {
        return (StatusCode::BAD_REQUEST, "the bytes are not those of the CID").into_response();
    }
    match shared.store.put(&cid, block, uri.query() == Some(ROOT)).await {
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
