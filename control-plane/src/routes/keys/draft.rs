use contract::Domain;
use time::OffsetDateTime;
use uuid::Uuid;

use super::CreateApiKey;
use crate::auth::{ApiKey, Scope};
use crate::db::KeyRow;
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;

/// Keys that a workspace may have at a time. A list shows them all.
pub(super) const MOST_KEYS: i64 = 200;

const LONGEST_NAME: usize = 100;
const RATE_LIMITS: std::ops::RangeInclusive<i64> = 1..=1_000_000;

/// A key whose fields are in order. Its domain is not known yet to be one of the workspace.
pub(super) struct Draft {
    name: String,
    scopes: Vec<Scope>,
    pub(super) domain: Option<Domain>,
    tag: Option<String>,
    expires_at: Option<OffsetDateTime>,
    rate_limit: Option<i32>,
}

impl Draft {
    pub(super) fn check(body: CreateApiKey, mut check: FieldCheck<'_>) -> Result<Self> {
        let name = check.text("name", &body.name, LONGEST_NAME);
        if body.name.trim().is_empty() {
            check.refuse("name", "required", "say what the key is for");
        }
        let mut scopes = Vec::new();
        for scope in body.scopes {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        check.length("scopes", scopes.len(), 1..=Scope::ALL.len());
        let domain = body.domain.and_then(|text| {
            let domain = text.parse::<Domain>();
            domain
                .map_err(|reason| check.refuse("domain", "invalid_domain", reason))
                .ok()
        });
        let tag = body.tag.and_then(|text| check.tag("tag", &text));
        if domain.is_some() && tag.is_some() {
            let message = "a key is restricted to a domain or to a tag, not to both";
            check.refuse("tag", "not_with_domain", message);
        }
        if (domain.is_some() || tag.is_some()) && scopes.contains(&Scope::Admin) {
            let message = "a key for one domain or tag cannot administer the workspace";
            check.refuse("scopes", "too_mighty", message);
        }
        let expires_at = body
            .expires_at
            .and_then(|text| check.moment("expires_at", &text));
        if expires_at.is_some_and(|moment| moment <= check.now()) {
            let message = "the key would have expired already";
            check.refuse("expires_at", "in_the_past", message);
        }
        let rate_limit = body
            .rate_limit
            .and_then(|number| check.number("rate_limit", number, RATE_LIMITS));
        check.finish()?;
        Ok(Self {
            name: name.ok_or_else(|| Error::internal("a name got lost"))?,
            scopes,
            domain,
            tag,
            expires_at,
            rate_limit,
        })
    }

    pub(super) fn into_row(self, key: &ApiKey, now: OffsetDateTime) -> KeyRow {
        KeyRow {
            id: Uuid::now_v7(),
            name: self.name,
            prefix: key.shown_prefix().to_owned(),
            scopes: self
                .scopes
                .iter()
                .map(|scope| scope.as_str().to_owned())
                .collect(),
            domain: self.domain.map(String::from),
            tag: self.tag,
            rate_limit: self.rate_limit,
            replaces: None,
            created_at: now,
            expires_at: self.expires_at,
            last_used_at: None,
        }
    }
}
