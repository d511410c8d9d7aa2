use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::{Error, Result};

const HEADER: &str = "idempotency-key";

/// Longest name of a request. Bytes.
const LONGEST: usize = 255;

/// The name that a client gave a request; `None` if it gave none.
pub(super) fn given(headers: &HeaderMap) -> Result<Option<&[u8]>> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let name = value.as_bytes();
    let is_good =
        (1..=LONGEST).contains(&name.len()) && name.iter().all(|byte| (b' '..=b'~').contains(byte));
    match is_good && values.next().is_none() {
        true => Ok(Some(name)),
        false => Err(Error::InvalidIdempotencyKey),
    }
}

/// Under what the name is stored.
pub(super) fn hash(workspace_id: Uuid, name: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(workspace_id.as_bytes());
    hash.update(name);
    hash.finalize().into()
}
