//! The REST API: one endpoint, one file.

pub mod audit;
mod cursor;
pub mod domains;
pub mod imports;
pub mod invitations;
pub mod keys;
pub mod links;
pub mod members;
pub mod orphans;
mod paging;
pub mod qr_logo;
mod query;
pub mod reports;
pub mod session;
pub mod sessions;
pub mod tags;
pub mod utm_templates;
pub mod webhooks;
pub mod workspaces;

pub use links::Together;
pub(crate) use links::short_url;
pub use query::{Query, QueryFields};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use contract::{Domain, LinkId};

use crate::auth::id::{
    ApiKeyId, InvitationId, SessionId, UserId, UtmTemplateId, WebhookId, WorkspaceId,
};
use crate::error::{Error, Result};

/// The id in the path. A malformed one names nothing, like a foreign one: 404.
pub struct LinkPath(pub LinkId);

impl<S: Send + Sync> FromRequestParts<S> for LinkPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let id = path
            .ok()
            .and_then(|axum::extract::Path(text)| text.parse().ok());
        id.map(Self).ok_or(Error::NotFound("link"))
    }
}

/// What another system calls a link, in the path. Text that could not be one names nothing.
pub struct ExternalId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for ExternalId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let text = path
            .ok()
            .map(|axum::extract::Path(text)| text.trim().to_owned());
        let is_name = |text: &String| {
            (1..=255).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        text.filter(is_name)
            .map(Self)
            .ok_or(Error::NotFound("link"))
    }
}

/// The same for a link that may have to be made: then what cannot be a name is refused.
pub struct NewExternalId(pub String);

impl<S: Send + Sync> FromRequestParts<S> for NewExternalId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let given = ExternalId::from_request_parts(parts, state).await;
        given.map(|ExternalId(text)| Self(text)).map_err(|_| {
            let message = "an external id has 1 to 255 characters, and no control characters";
            Error::invalid("external_id", "invalid_external_id", message)
        })
    }
}

/// What an id in a path names, for when it names nothing.
pub trait Named: std::str::FromStr {
    /// In a word.
    const WHAT: &'static str;
}

impl Named for ApiKeyId {
    const WHAT: &'static str = "key";
}

impl Named for UserId {
    const WHAT: &'static str = "member";
}

impl Named for InvitationId {
    const WHAT: &'static str = "invitation";
}

impl Named for WorkspaceId {
    const WHAT: &'static str = "workspace";
}

impl Named for WebhookId {
    const WHAT: &'static str = "webhook";
}

impl Named for UtmTemplateId {
    const WHAT: &'static str = "UTM template";
}

impl Named for SessionId {
    const WHAT: &'static str = "session";
}

/// The id in the path of something that is no link. The same goes for malformed ones.
pub struct IdPath<T>(pub T);

impl<S: Send + Sync, T: Named> FromRequestParts<S> for IdPath<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let id = path
            .ok()
            .and_then(|axum::extract::Path(text)| text.parse().ok());
        id.map(Self).ok_or(Error::NotFound(T::WHAT))
    }
}

/// The domain in the path. As with links, a malformed one names nothing.
pub struct DomainPath(pub Domain);

impl<S: Send + Sync> FromRequestParts<S> for DomainPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let domain = path
            .ok()
            .and_then(|axum::extract::Path(text)| text.parse().ok());
        domain.map(Self).ok_or(Error::NotFound("domain"))
    }
}
