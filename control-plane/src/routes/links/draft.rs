//! A link that is about to be made.

use axum::http::StatusCode;
use contract::{Code, Domain, LinkId, LinkOptions, RedirectStatus};
use time::OffsetDateTime;
use uuid::Uuid;

use super::codes::{folded, free_code_like, generate_code};
use super::options::OptionFields;
use super::{CreateLink, Link, fields};
use crate::db::{self, LinkRow, NewLink};
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
use crate::once::Once;
use crate::state::AppState;

/// A generated code is taken once in 10⁸ tries with a million links; ten in a row mean that
/// something else is wrong.
const GENERATE_ATTEMPTS: usize = 10;

/// A link whose fields are in order.
pub(super) struct Draft {
    pub(super) domain: Domain,
    code: Option<Code>,
    original_url: String,
    title: Option<String>,
    is_enabled: bool,
    expires_at: Option<OffsetDateTime>,
    redirect_status: RedirectStatus,
    options: LinkOptions,
    /// In clear text until it is hashed, before anything is written.
    pub(super) password: Option<String>,
}

impl Draft {
    pub(super) fn check(body: CreateLink, state: &AppState) -> Result<Self> {
        let own = &state.config.default_domain;
        let mut check = FieldCheck::new(state);
        let original_url = check.url("original_url", &body.original_url);
        let code = body.code.and_then(|text| fields::code(&text, &mut check));
        let title = body.title.and_then(|text| fields::title(&text, &mut check));
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
        // Whose it is, the transaction looks.
        let domain = match body.domain {
            Some(text) => text.parse().map_err(|_| Error::NotFound("domain"))?,
            None => own.clone(),
        };
        Ok(Self {
            domain,
            code,
            original_url: original_url.ok_or_else(|| Error::internal("a target got lost"))?,
            title,
            is_enabled: body.enabled,
            expires_at,
            redirect_status,
            options,
            password,
        })
    }

    pub(super) async fn insert(
        self,
        state: &AppState,
        workspace_id: Uuid,
        once: &Once,
    ) -> Result<LinkRow> {
        let now = state.now();
        let mut transaction = state.pool.begin().await?;
        once.begin(&mut transaction).await?;
        let is_lower = db::hold_case(&mut transaction, &self.domain).await?;
        if self.domain != state.config.default_domain
            && !db::owns_domain(&mut transaction, workspace_id, &self.domain).await?
        {
            return Err(Error::NotFound("domain"));
        }
        for _ in 0..GENERATE_ATTEMPTS {
            let code = match &self.code {
                Some(code) => folded(code, is_lower)?,
                None => generate_code(is_lower),
            };
            let link = NewLink {
                id: LinkId(Uuid::now_v7()),
                workspace_id,
                domain: &self.domain,
                code: &code,
                original_url: &self.original_url,
                title: self.title.as_deref(),
                is_enabled: self.is_enabled,
                expires_at: self.expires_at,
                redirect_status: self.redirect_status,
                options: &self.options,
                password_hash: self.password.as_deref(),
                created_at: now,
            };
            if db::insert_link(&mut transaction, &link).await? {
                let row = db::log_change(&mut transaction, link.id.0, now).await?;
                let location = Link::location(link.id);
                let fresh = Link::fresh(row.clone(), state);
                let kept = once.keep(
                    &mut transaction,
                    StatusCode::CREATED,
                    Some(&location),
                    &fresh,
                );
                kept.await?;
                transaction.commit().await?;
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
