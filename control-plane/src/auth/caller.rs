//! The authenticated caller: a handler that takes one is authenticated by construction.

use std::fmt::{self, Display, Formatter};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::id::{ApiKeyId, UserId};
use super::{ApiKey, SessionToken};
use crate::db::{self, SessionRow};
use crate::error::{Error, Result};
use crate::state::AppState;

/// Who asks, and for which workspace.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Everything they may see belongs to this workspace.
    pub workspace_id: Uuid,
    /// Person or program.
    pub identity: Identity,
    /// What they may do.
    pub role: Role,
}

/// Person or program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// Signed in to the console.
    User(Uuid),
    /// An API key.
    ApiKey(Uuid),
}

impl Display for Identity {
    /// `usr_…` or `key_…`: as the audit log and links name who did something.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => UserId(*id).fmt(formatter),
            Self::ApiKey(id) => ApiKeyId(*id).fmt(formatter),
        }
    }
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but the workspace itself.
    Admin,
    /// Links.
    Editor,
    /// Look.
    Viewer,
}

impl Caller {
    /// Refuses callers who may only look.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for viewers.
    pub fn may_edit(&self) -> Result<()> {
        if self.role == Role::Viewer {
            Err(Error::Forbidden)
        } else {
            Ok(())
        }
    }

    /// Refuses callers who may not change what the whole workspace depends on.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for all but owners and admins, so for API keys as well.
    pub fn may_administer(&self) -> Result<()> {
        match self.role {
            Role::Owner | Role::Admin => Ok(()),
            Role::Editor | Role::Viewer => Err(Error::Forbidden),
        }
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        if let Some(authorization) = parts.headers.get(header::AUTHORIZATION) {
            let text = authorization.to_str().map_err(|_| Error::Unauthenticated)?;
            return by_api_key(state, text).await;
        }
        let SessionCaller(session) = SessionCaller::from_request_parts(parts, state).await?;
        Ok(Self {
            workspace_id: session.workspace_id,
            identity: Identity::User(session.user_id),
            role: Role::parse(&session.role)?,
        })
    }
}

/// A caller with a session cookie, for what concerns the session itself.
#[derive(Debug)]
pub struct SessionCaller(pub SessionRow);

impl FromRequestParts<AppState> for SessionCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let token = SessionToken::from_headers(&parts.headers).ok_or(Error::Unauthenticated)?;
        refuse_cross_site(&parts.method, &parts.headers)?;
        let session = db::find_session(&state.pool, &token.hash(), state.now()).await?;
        session.map(Self).ok_or(Error::Unauthenticated)
    }
}

impl Role {
    fn parse(text: &str) -> Result<Self> {
        match text {
            "owner" => Ok(Self::Owner),
            "admin" => Ok(Self::Admin),
            "editor" => Ok(Self::Editor),
            "viewer" => Ok(Self::Viewer),
            other => Err(Error::internal(format!("unknown role {other:?}"))),
        }
    }
}

async fn by_api_key(state: &AppState, authorization: &str) -> Result<Caller> {
    let (scheme, credential) = authorization
        .split_once(' ')
        .ok_or(Error::Unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::Unauthenticated);
    }
    let key = ApiKey::parse(credential.trim()).ok_or(Error::Unauthenticated)?;
    let hash = key.hash();
    let row = db::find_api_key(&state.pool, &hash, state.now()).await?;
    let row = row.ok_or(Error::Unauthenticated)?;
    // The index compared already, in its own time; this comparison is the one that counts.
    if !bool::from(row.key_hash.as_slice().ct_eq(&hash)) {
        return Err(Error::Unauthenticated);
    }
    db::touch_api_key(&state.pool, row.id, state.now()).await?;
    Ok(Caller {
        workspace_id: row.workspace_id,
        identity: Identity::ApiKey(row.id),
        role: Role::Editor,
    })
}

/// Browsers attach cookies to requests that other sites cause. None of those can carry a header
/// of its own without our consent (CORS), and we give none.
fn refuse_cross_site(method: &Method, headers: &HeaderMap) -> Result<()> {
    if method.is_safe() {
        return Ok(());
    }
    let is_ours = headers
        .get("x-requested-with")
        .is_some_and(|value| value == "linkpulse");
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    let is_same_site = site.is_none_or(|site| site == "same-origin" || site == "none");
    if is_ours && is_same_site {
        Ok(())
    } else {
        Err(Error::CrossSite)
    }
}
