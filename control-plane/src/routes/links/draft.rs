//! A link that is about to be made.

use std::mem::take;

use axum::http::StatusCode;
use contract::{Code, Domain, LinkId, LinkOptions, RedirectStatus};
use time::OffsetDateTime;
use uuid::Uuid;

use super::codes::{folded, free_code_like, generate_code};
use super::options::OptionFields;
use super::{CreateLink, Link, fields, utm};
use crate::audit::{Action, Cause};
use crate::auth::Caller;
use crate::db::{self, LinkRow};
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
use crate::once::Once;
use crate::state::AppState;

/// A generated code is taken once in 10⁸ tries with a million links; ten in a row mean that
/// something else is wrong.
const GENERATE_ATTEMPTS: usize = 10;

/// Whose the link will be, and who makes it: `usr_…` or `key_…`.
pub(super) type Maker<'a> = (Uuid, &'a str);

/// A link whose fields are in order.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) domain: Domain,
    is_domain_given: bool,
    is_on_default_domain: bool,
    code: Option<Code>,
    original_url: String,
    title: Option<String>,
    notes: Option<String>,
    tags: Vec<String>,
    is_archived: bool,
    external_id: Option<String>,
    is_enabled: bool,
    expires_at: Option<OffsetDateTime>,
    redirect_status: RedirectStatus,
    options: LinkOptions,
    /// In clear text until it is hashed, before anything is written.
    password: Option<String>,
}

impl Draft {
    pub(super) fn check(
        body: CreateLink,
        state: &AppState,
        mut check: FieldCheck<'_>,
    ) -> Result<Self> {
        let own = &state.config.default_domain;
        let utm = utm::check(body.utm, body.utm_template.as_deref(), &mut check);
        let original_url = check
            .url("original_url", &body.original_url)
            .and_then(|target| utm::tagged(target, utm.as_ref(), &mut check));
        let code = body.code.and_then(|text| fields::code(&text, &mut check));
        let title = body.title.and_then(|text| fields::title(&text, &mut check));
        let notes = body.notes.and_then(|text| fields::notes(&text, &mut check));
        let tags = fields::tags(&body.tags, &mut check);
        let external_id = body
            .external_id
            .and_then(|text| fields::external_id(&text, &mut check));
        let expires_at = body
            .expires_at
            .and_then(|text| fields::expires_at(&text, &mut check));
        let redirect_status = body
            .redirect_status
            .and_then(|number| fields::redirect_status(number, &mut check))
            .unwrap_or_default();
        let password = body
            .password
            .and_then(|text| fields::password(text, &mut check));
        let mut options = LinkOptions::default();
        let given = OptionFields {
            starts_at: Some(body.starts_at),
            expired_url: Some(body.expired_url),
            click_cap: Some(body.click_cap),
            rules: Some(body.rules),
            split: Some(body.split),
            social_preview: Some(body.social_preview),
            passes_query: Some(body.passes_query),
            passes_path: Some(body.passes_path),
            strict: Some(body.strict),
            indexable: Some(body.indexable),
            max_age: Some(body.max_age),
        };
        given.check(&mut check).apply(&mut options, 0);
        fields::together(redirect_status, &options, expires_at, &mut check);
        check.finish()?;
        let is_domain_given = body.domain.is_some();
        // Whose it is, the transaction looks.
        let domain = match body.domain {
            Some(text) => text.parse().map_err(|_| Error::NotFound("domain"))?,
            None => own.clone(),
        };
        Ok(Self {
            is_domain_given,
            is_on_default_domain: domain == *own,
            domain,
            code,
            original_url: original_url.ok_or_else(|| Error::internal("a target got lost"))?,
            title,
            notes,
            tags,
            is_archived: body.archived,
            external_id,
            is_enabled: body.enabled,
            expires_at,
            redirect_status,
            options,
            password,
        })
    }

    /// Gives it the tag that the caller's key is restricted to, and its domain if none is named. On another
    /// one it cannot be made.
    pub(super) fn restrict(&mut self, caller: &Caller, state: &AppState) -> Result<()> {
        if let (Some(only), false) = (&caller.only_domain, self.is_domain_given) {
            self.is_on_default_domain = *only == state.config.default_domain;
            self.domain = only.clone();
        }
        if !caller.sees_domain(self.domain.as_str()) {
            return Err(Error::NotFound("domain"));
        }
        let mut check = FieldCheck::new(state);
        if let Some(tag) = &caller.only_tag {
            fields::add_tag(&mut self.tags, tag, &mut check);
        }
        check.finish()
    }

    /// From here on, the password is a hash.
    pub(super) async fn hash_password(&mut self, state: &AppState) -> Result<()> {
        if let Some(password) = &mut self.password {
            *password = state.link_passwords.hash(take(password)).await?;
        }
        Ok(())
    }

    /// Host.
    pub(super) fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The code that was asked for.
    pub(super) fn code(&self) -> Option<&Code> {
        self.code.as_ref()
    }

    /// Where it leads.
    pub(super) fn original_url(&self) -> &str {
        &self.original_url
    }

    /// What another system calls it.
    pub(super) fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }

    /// A link of it under this code, not numbered yet.
    pub(super) fn row(&self, code: &Code, maker: Maker<'_>, now: OffsetDateTime) -> LinkRow {
        let (workspace_id, actor) = maker;
        let mut row = LinkRow {
            id: Uuid::now_v7(),
            workspace_id,
            domain: self.domain.to_string(),
            code: code.to_string(),
            original_url: self.original_url.clone(),
            title: self.title.clone(),
            notes: self.notes.clone(),
            tags: self.tags.clone(),
            is_enabled: self.is_enabled,
            is_archived: self.is_archived,
            external_id: self.external_id.clone(),
            expires_at: self.expires_at,
            created_at: now,
            created_by: Some(actor.to_owned()),
            updated_at: now,
            deleted_at: None,
            revision: 0,
            redirect_status: self.redirect_status.as_u16() as i16,
            options: None,
            password_hash: None,
            password_changed: 0,
            is_blocked: false,
            page: None,
        };
        row.set_options(self.options.clone());
        row.set_password(self.password.clone());
        row
    }

    pub(super) async fn insert(
        &self,
        state: &AppState,
        maker: Maker<'_>,
        once: &Once,
    ) -> Result<LinkRow> {
        let (workspace_id, actor) = maker;
        let cause = Cause {
            action: Action::Created,
            actor,
            at: state.now(),
        };
        let mut transaction = db::begin(&state.pool).await?;
        once.begin(&mut transaction).await?;
        let is_lower = db::hold_case(&mut transaction, &self.domain).await?;
        if !self.is_on_default_domain
            && !db::owns_domain(&mut transaction, workspace_id, &self.domain).await?
        {
            return Err(Error::NotFound("domain"));
        }
        for _ in 0..GENERATE_ATTEMPTS {
            let code = match &self.code {
                Some(code) => folded(code, is_lower)?,
                None => generate_code(is_lower),
            };
            let row = self.row(&code, maker, cause.at);
            if db::insert_link(&mut transaction, &row).await? {
                let row = db::log_change(&mut transaction, &row, &cause).await?;
                let location = Link::location(LinkId(row.id));
                let fresh = Link::fresh(row.clone(), state);
                let status = StatusCode::CREATED;
                let kept = once.keep(&mut transaction, status, Some(&location), &fresh);
                kept.await?;
                db::commit(transaction).await?;
                return Ok(row);
            }
            if self.code.is_some() {
                transaction.rollback().await?;
                let suggestion = free_code_like(state, &self.domain, &code, is_lower).await?;
                return Err(Error::CodeTaken {
                    code: code.to_string(),
                    suggestion,
                });
            }
        }
        Err(Error::internal("no free code found"))
    }
}
