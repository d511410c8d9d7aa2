//! Which version of a thing a client has: `ETag`, `If-None-Match`, `If-Match`.
//!
//! An entity tag is `"revision-checksum"`. The checksum is of the whole body, which also has what
//! changes by itself (clicks, or having expired), so 304 is right. Edits compare the revision only:
//! a click is no reason to refuse one. What has no number that grows with each change has one that is
//! made of its fields ([`revision_of`]).

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// JSON of something that has a revision, with its `ETag`.
pub struct Versioned<T>(pub i64, pub T);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let body = match serde_json::to_vec(&self.1) {
            Ok(body) => body,
            Err(error) => return Error::internal(error).into_response(),
        };
        tagged(self.0, "application/json", body)
    }
}

/// Bytes of something that has a revision, with their `ETag`.
pub fn tagged(revision: i64, content_type: &'static str, body: Vec<u8>) -> Response {
    let tag = format!("\"{revision}-{:08x}\"", crc32fast::hash(&body));
    let mut response = Body::from(body).into_response();
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_static(content_type);
    headers.insert(header::CONTENT_TYPE, content_type);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// A revision of what has none: a number made of all that an edit can change. The same fields have the
/// same one, which is as good: an edit that was meant for them does no harm.
pub fn revision_of(fields: &impl Serialize) -> Result<i64> {
    let fields = serde_json::to_vec(fields).map_err(Error::internal)?;
    Ok(revision_of_bytes(&fields))
}

/// The same of what is no JSON.
pub fn revision_of_bytes(bytes: &[u8]) -> i64 {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let (first, _) = hash.split_first_chunk().unwrap_or((&[0; 8], &[]));
    // Without the sign, which would end the number in the tag.
    i64::from_be_bytes(*first) & i64::MAX
}

/// Answers 304 to those who have it already.
pub async fn not_modified(request: Request, next: Next) -> Response {
    let known = match request.method().is_safe() {
        true => tags(request.headers(), &header::IF_NONE_MATCH),
        false => None,
    };
    let response = next.run(request).await;
    let (Some(known), Some(tag)) = (known, response.headers().get(header::ETAG)) else {
        return response;
    };
    let has_it = known.iter().any(|known| {
        let known = known.strip_prefix("W/").unwrap_or(known);
        known == "*" || known.as_bytes() == tag.as_bytes()
    });
    if response.status() != StatusCode::OK || !has_it {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::empty())
}

/// The versions that a client is willing to change: any, without `If-Match` and `If-None-Match`.
#[derive(Debug, Clone, Default)]
pub struct IfMatch {
    /// One of these.
    one_of: Option<Vec<String>>,
    /// None of these.
    none_of: Option<Vec<String>>,
}

impl IfMatch {
    /// Refuses to change another version. To be asked when the thing is locked.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn check(&self, revision: i64) -> Result<()> {
        let revision = revision.to_string();
        let is_it = |tag: &String| {
            let inside = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            let tagged = inside.and_then(|inside| inside.split('-').next());
            tagged == Some(revision.as_str())
        };
        // It means anything only where it stands alone.
        let is_any = |tags: &[String]| matches!(tags, [any] if any == "*");
        let names_it = |tags: &Vec<String>| is_any(tags) || tags.iter().any(is_it);
        let is_stale = self.one_of.as_ref().is_some_and(|tags| !names_it(tags))
            || self.none_of.as_ref().is_some_and(names_it);
        match is_stale {
            false => Ok(()),
            true => Err(Error::Stale),
        }
    }

    /// Refuses to make what the client means to change: there is no version of it.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn check_absent(&self) -> Result<()> {
        match self.one_of {
            Some(_) => Err(Error::Stale),
            None => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self {
            one_of: tags(&parts.headers, &header::IF_MATCH),
            none_of: tags(&parts.headers, &header::IF_NONE_MATCH),
        })
    }
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<String>> {
    if !headers.contains_key(name) {
        return None;
    }
    // What is not text names no version.
    let lines = headers.get_all(name).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let tags = lines.flat_map(|line| line.split(','));
    Some(tags.map(|tag| tag.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_fields_are_another_revision_that_a_tag_can_hold() {
        let all: std::collections::HashSet<_> = (0..1_000)
            .map(|number| revision_of(&("name", number)).unwrap())
            .collect();
        assert_eq!(all.len(), 1_000);
        assert!(all.iter().all(|revision| *revision >= 0));
        assert_eq!(revision_of(&"a").unwrap(), revision_of_bytes(b"\"a\""));
    }

    #[test]
    fn only_the_version_that_is_named_may_be_changed() {
        for (value, expected) in [
            ("\"7-0a1b2c3d\"", true),
            ("\"7\"", true),
            ("*", true),
            ("\"6-0a1b2c3d\", \"7-ffffffff\"", true),
            ("\"6-0a1b2c3d\"", false),
            ("W/\"7-0a1b2c3d\"", false),
            ("7", false),
            ("\"77-0a1b2c3d\"", false),
            ("", false),
            ("*, \"6\"", false),
            ("*, \"7\"", true),
        ] {
            let headers = HeaderMap::from_iter([(header::IF_MATCH, value.parse().unwrap())]);
            let named = tags(&headers, &header::IF_MATCH);
            let if_match = IfMatch {
                one_of: named.clone(),
                none_of: None,
            };
            assert_eq!(if_match.check(7).is_ok(), expected, "{value}");
            let if_none_match = IfMatch {
                one_of: None,
                none_of: named,
            };
            assert_eq!(if_none_match.check(7).is_ok(), !expected, "{value}");
            assert!(if_none_match.check_absent().is_ok(), "{value}");
        }
        assert!(IfMatch::default().check(7).is_ok());
        assert!(IfMatch::default().check_absent().is_ok());
        let any = IfMatch {
            one_of: Some(vec!["*".into()]),
            none_of: None,
        };
        assert!(any.check_absent().is_err());
    }
}
