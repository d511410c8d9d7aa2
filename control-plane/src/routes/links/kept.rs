//! A link with all that it has, as a workspace's file keeps it.

use contract::{Domain, LinkId, LinkOptions, Timestamp};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::fields;
use super::options::{ClickCap, OptionFields, Rule, SocialPreview, Split};
use crate::auth::is_password_hash;
use crate::db::LinkRow;
use crate::error::{Error, Result};
use crate::field_check::FieldCheck;
use crate::state::AppState;

/// Longest name of who made a link: `usr_…` or `key_…`. Characters.
const MAX_MAKER: usize = 100;

/// A link. What other links have as well is written as the API writes it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptLink {
    id: String,
    /// `None`: the installation's own, whatever it is called.
    domain: Option<String>,
    code: String,
    original_url: String,
    title: Option<String>,
    notes: Option<String>,
    tags: Vec<String>,
    enabled: bool,
    archived: bool,
    external_id: Option<String>,
    expires_at: Option<String>,
    redirect_status: u16,
    starts_at: Option<String>,
    expired_url: Option<String>,
    click_cap: Option<ClickCap>,
    /// argon2id, PHC string format: without it, a protected link would be of no use, or open.
    password_hash: Option<String>,
    rules: Vec<Rule>,
    split: Option<Split>,
    social_preview: Option<SocialPreview>,
    passes_query: bool,
    passes_path: bool,
    strict: bool,
    indexable: bool,
    max_age: u32,
    /// Taken down.
    blocked: bool,
    created_at: String,
    created_by: Option<String>,
    updated_at: String,
    deleted_at: Option<String>,
}

impl KeptLink {
    /// What is kept of a link.
    pub(crate) fn of(row: LinkRow, own: &Domain) -> Result<Self> {
        let options = row.options();
        let starts_at = options.starts_at.and_then(Timestamp::to_datetime);
        Ok(Self {
            id: LinkId(row.id).to_string(),
            domain: Some(row.domain).filter(|name| name != own.as_str()),
            code: row.code,
            original_url: row.original_url,
            title: row.title,
            notes: row.notes,
            tags: row.tags,
            enabled: row.is_enabled,
            archived: row.is_archived,
            external_id: row.external_id,
            expires_at: row.expires_at.map(kept_moment).transpose()?,
            redirect_status: row.redirect_status.unsigned_abs(),
            starts_at: starts_at.map(kept_moment).transpose()?,
            expired_url: options.expired_url,
            click_cap: options.click_cap.map(Into::into),
            password_hash: row.password_hash,
            rules: options.rules.into_iter().map(Into::into).collect(),
            split: options.split.map(Into::into),
            social_preview: options.social_preview.map(Into::into),
            passes_query: options.passes_query,
            passes_path: options.passes_path,
            strict: options.is_strict,
            indexable: options.is_indexable,
            max_age: options.max_age,
            blocked: row.is_blocked,
            created_at: kept_moment(row.created_at)?,
            created_by: row.created_by,
            updated_at: kept_moment(row.updated_at)?,
            deleted_at: row.deleted_at.map(kept_moment).transpose()?,
        })
    }

    /// The link, if it could have been made here once. Not numbered yet, and a click cap begins anew.
    ///
    /// # Errors
    /// All fields that are refused.
    pub(crate) fn check(self, state: &AppState, workspace_id: Uuid) -> Result<LinkRow> {
        // A link in the bin is looked at when it comes out.
        let leads_nowhere = self.blocked || self.deleted_at.is_some();
        let mut check = FieldCheck::of_restored(state, leads_nowhere);
        let check_all = &mut check;
        let id = self.id.parse::<LinkId>();
        // No link has the id of zeroes: whoever goes through all of them begins there.
        if !id.as_ref().is_ok_and(|id| !id.0.is_nil()) {
            check_all.refuse("id", "invalid_id", "this is no link's id");
        }
        let domain = match &self.domain {
            None => Some(state.config.default_domain.clone()),
            Some(name) => name.parse::<Domain>().ok(),
        };
        if domain.is_none() {
            check_all.refuse("domain", "invalid_domain", "this is no domain");
        }
        let code = fields::code(&self.code, check_all);
        let original_url = check_all.url("original_url", &self.original_url);
        let title = self.title.and_then(|text| fields::title(&text, check_all));
        let notes = self.notes.and_then(|text| fields::notes(&text, check_all));
        let tags = fields::tags(&self.tags, check_all);
        let external_id = self
            .external_id
            .and_then(|text| fields::external_id(&text, check_all));
        let redirect_status = fields::redirect_status(self.redirect_status, check_all);
        let mut moment = |field, text: Option<String>| check_all.moment(field, text.as_deref()?);
        // Also one that has passed: it has expired, and stays so.
        let expires_at = moment("expires_at", self.expires_at);
        let created_at = moment("created_at", Some(self.created_at));
        let updated_at = moment("updated_at", Some(self.updated_at));
        let deleted_at = moment("deleted_at", self.deleted_at);
        let created_by = self
            .created_by
            .and_then(|text| check_all.text("created_by", &text, MAX_MAKER));
        let hash = self.password_hash;
        if hash.as_deref().is_some_and(|hash| !is_password_hash(hash)) {
            let message = "this is not the hash of a password, as we make them";
            check_all.refuse("password_hash", "invalid_hash", message);
        }
        let mut options = LinkOptions::default();
        let given = OptionFields {
            starts_at: Some(self.starts_at),
            expired_url: Some(self.expired_url),
            click_cap: Some(self.click_cap),
            rules: Some(Some(self.rules)),
            split: Some(self.split),
            social_preview: Some(self.social_preview),
            passes_query: Some(self.passes_query),
            passes_path: Some(self.passes_path),
            strict: Some(self.strict),
            indexable: Some(self.indexable),
            max_age: Some(Some(self.max_age.into())),
        };
        given.check(check_all).apply(&mut options, 0);
        if let Some(status) = redirect_status {
            fields::together(status, &options, expires_at, check_all);
        }
        check.finish()?;
        let lost = || Error::internal("a field of a kept link got lost");
        let mut row = LinkRow {
            id: id.map_err(|_| lost())?.0,
            workspace_id,
            domain: domain.ok_or_else(lost)?.to_string(),
            code: code.ok_or_else(lost)?.to_string(),
            original_url: original_url.ok_or_else(lost)?,
            title,
            notes,
            tags,
            is_enabled: self.enabled,
            is_archived: self.archived,
            external_id,
            expires_at,
            created_at: created_at.ok_or_else(lost)?,
            created_by,
            updated_at: updated_at.ok_or_else(lost)?,
            deleted_at,
            revision: 0,
            redirect_status: redirect_status.ok_or_else(lost)?.as_u16() as i16,
            options: None,
            password_hash: None,
            password_changed: 0,
            is_blocked: self.blocked,
            // Read again, from there.
            page: None,
        };
        row.set_options(options);
        row.set_password(hash);
        Ok(row)
    }
}

/// A moment as the API writes it.
pub(crate) fn kept_moment(moment: OffsetDateTime) -> Result<String> {
    moment.format(&Rfc3339).map_err(Error::internal)
}
