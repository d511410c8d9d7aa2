//! The authenticated caller: a handler that takes one is authenticated by construction.

use std::fmt::{self, Display, Formatter};

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use contract::Domain;
use subtle::ConstantTimeEq;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::id::{ApiKeyId, UserId};
use super::{ApiKey, Permission, Role, Scope, SessionToken, is_from_our_page};
use crate::audit::Deed;
use crate::db::{self, LinkRow, SessionRow};
use crate::error::{Error, Result};
use crate::pages::asked_host;
use crate::state::AppState;

/// How exact `last_used_at` of a key is: a busy key must not write all day.
const TOUCH_EVERY: Duration = Duration::minutes(1);

/// The same for a sign-in.
const TOUCH_SESSION_EVERY: Duration = Duration::minutes(5);

/// Who asks, and for which workspace.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Everything they may see belongs to this workspace.
    pub workspace_id: Uuid,
    /// Person or program.
    pub identity: Identity,
    /// What they may do; of a key, what comes closest.
    pub role: Role,
    /// What a key may do; of people, the role decides.
    pub scopes: Option<Vec<Scope>>,
    /// The only domain whose links they see.
    pub only_domain: Option<Domain>,
    /// The tag without which they see no link.
    pub only_tag: Option<String>,
    /// Requests a minute, if they have a limit of their own.
    pub rate_limit: Option<u32>,
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

impl Caller {
    /// Whose credential this is.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] without a good one, [`Error::CrossSite`] for a cookie that
    /// another site could have sent.
    pub async fn authenticate(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let mut given = parts.headers.get_all(header::AUTHORIZATION).iter();
        if let Some(authorization) = given.next() {
            // Which of two is meant?
            if given.next().is_some() {
                return Err(Error::Unauthenticated);
            }
            let text = authorization.to_str().map_err(|_| Error::Unauthenticated)?;
            return by_api_key(state, text).await;
        }
        Self::of_session(parts, state).await
    }

    /// Whose session this is. It is left among the extensions.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate).
    pub async fn of_session(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let session = find_session(parts, state).await?;
        parts.extensions.insert(session.clone());
        Ok(Self {
            workspace_id: session.workspace_id,
            identity: Identity::User(session.user_id),
            role: Role::parse(&session.role)?,
            scopes: None,
            only_domain: None,
            only_tag: None,
            rate_limit: None,
        })
    }

    /// Something that they do now, for the audit log.
    pub fn deed<'a>(&self, actor: &'a str, action: &'a str, at: OffsetDateTime) -> Deed<'a> {
        Deed {
            workspace_id: self.workspace_id,
            actor,
            action,
            at,
        }
    }

    /// Refuses what the caller has no permission for.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for people, [`Error::MissingScope`] for keys.
    pub fn may(&self, permission: Permission) -> Result<()> {
        let Some(scopes) = &self.scopes else {
            return match self.role.allows(permission) {
                true => Ok(()),
                false => Err(Error::Forbidden),
            };
        };
        if scopes.iter().any(|scope| scope.allows(permission)) {
            return Ok(());
        }
        let needed = Scope::for_permission(permission).ok_or(Error::Forbidden)?;
        Err(Error::MissingScope(needed.as_str()))
    }

    /// Refuses callers who may only look.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for viewers.
    pub fn may_edit(&self) -> Result<()> {
        match self.role {
            Role::Viewer => Err(Error::Forbidden),
            _ => Ok(()),
        }
    }

    /// Refuses callers who may not change what the whole workspace depends on.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for all but owners and admins, and keys that may the same.
    pub fn may_administer(&self) -> Result<()> {
        self.may(Permission::Administer)
    }

    /// Whether links of this domain are there for the caller, as far as that depends on the key.
    pub fn sees_domain(&self, domain: &str) -> bool {
        let only = self.only_domain.as_ref();
        only.is_none_or(|only| only.as_str() == domain)
    }

    /// Whether a link is there for the caller, as far as that depends on the key.
    pub fn sees(&self, domain: &str, tags: &[String]) -> bool {
        let only = self.only_tag.as_ref();
        self.sees_domain(domain) && only.is_none_or(|only| tags.contains(only))
    }

    /// The same of a link that is locked: it may have lost its tag since the gate looked.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is not there.
    pub fn must_see(&self, link: &LinkRow) -> Result<()> {
        match self.sees(&link.domain, &link.tags) {
            true => Ok(()),
            false => Err(Error::NotFound("link")),
        }
    }

    /// Why a route that concerns more than a link is not for the caller's key; `None` if it is.
    pub fn restriction(&self) -> Option<Error> {
        match (&self.only_domain, &self.only_tag) {
            (Some(_), _) => Some(Error::OneDomainOnly),
            (None, Some(_)) => Some(Error::OneTagOnly),
            (None, None) => None,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    /// Whom the [gate](crate::gate) let in. A route that is not behind it fails.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Error::internal("a route is missing in `access`"))
    }
}

/// A caller with a session cookie, for what concerns the session itself.
#[derive(Debug)]
pub struct SessionCaller(pub SessionRow);

impl<S: Send + Sync> FromRequestParts<S> for SessionCaller {
    type Rejection = Error;

    /// Whom the [gate](crate::gate) let in. A route that is not behind it fails.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let session = parts.extensions.get::<SessionRow>().cloned();
        let session = session.ok_or_else(|| Error::internal("a route is missing in `access`"))?;
        Ok(Self(session))
    }
}

async fn find_session(parts: &Parts, state: &AppState) -> Result<SessionRow> {
    let token = SessionToken::from_headers(&parts.headers).ok_or(Error::Unauthenticated)?;
    refuse_cross_site(parts, state)?;
    let now = state.now();
    let session = db::find_session(&state.pool, &token.hash(), now).await?;
    let session = session.ok_or(Error::Unauthenticated)?;
    if session
        .last_used_at
        .is_none_or(|used| used < now - TOUCH_SESSION_EVERY)
    {
        db::touch_session(&state.pool, session.id, now).await?;
    }
    Ok(session)
}

async fn by_api_key(state: &AppState, authorization: &str) -> Result<Caller> {
    let (scheme, credential) = authorization
        .split_once(' ')
        .ok_or(Error::Unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::Unauthenticated);
    }
    let key = ApiKey::parse(credential.trim()).ok_or(Error::Unauthenticated)?;
    let (hash, now) = (key.hash(), state.now());
    let row = db::find_api_key(&state.pool, &hash, now).await?;
    let row = row.ok_or(Error::Unauthenticated)?;
    // The index compared already, in its own time; this comparison is the one that counts.
    if !bool::from(row.key_hash.as_slice().ct_eq(&hash)) {
        return Err(Error::Unauthenticated);
    }
    if row.last_used_at.is_none_or(|used| used < now - TOUCH_EVERY) {
        db::touch_api_key(&state.pool, row.id, now).await?;
    }
    let scopes = row.scopes.iter().map(|text| Scope::parse(text));
    let scopes = scopes.collect::<Result<Vec<_>>>()?;
    let allows = |permission| scopes.iter().any(|scope| scope.allows(permission));
    let role = match (allows(Permission::Administer), allows(Permission::Create)) {
        (true, _) => Role::Admin,
        (false, true) => Role::Editor,
        (false, false) => Role::Viewer,
    };
    let domain = row.domain.map(|text| text.parse()).transpose();
    Ok(Caller {
        workspace_id: row.workspace_id,
        identity: Identity::ApiKey(row.id),
        role,
        scopes: Some(scopes),
        only_domain: domain.map_err(Error::internal)?,
        only_tag: row.tag,
        rate_limit: row.rate_limit.map(i32::unsigned_abs),
    })
}

/// Browsers attach cookies to requests that other sites cause. None of those can carry a header
/// of its own without our consent (CORS), and we give none.
fn refuse_cross_site(parts: &Parts, state: &AppState) -> Result<()> {
    if parts.method.is_safe() {
        return Ok(());
    }
    let header = parts.headers.get("x-requested-with");
    if header.is_none_or(|value| value != "linkpulse") {
        return Err(Error::CrossSite);
    }
    refuse_other_pages(parts, state)
}

/// Refuses a change that a page of another site caused, as far as browsers say so.
///
/// # Errors
/// [`Error::CrossSite`].
pub fn refuse_other_pages(parts: &Parts, state: &AppState) -> Result<()> {
    let hosts = [
        asked_host(&parts.headers),
        state.config.public_url.authority(),
    ];
    match parts.method.is_safe() || is_from_our_page(&parts.headers, &hosts) {
        true => Ok(()),
        false => Err(Error::CrossSite),
    }
}
