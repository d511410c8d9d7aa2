//! An edit of a link that is about to be written.

use std::mem::take;

use contract::{LinkId, RedirectStatus};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::options::{OptionEdits, OptionFields};
use super::{UpdateLink, fields, utm};
use crate::audit::{Action, Cause};
use crate::auth::Caller;
use crate::db::{self, LinkRow};
use crate::error::Result;
use crate::field_check::FieldCheck;
use crate::state::AppState;
use crate::utm::UtmEdits;
use crate::versions::IfMatch;

/// An edit whose fields are in order. The outer `None` leaves a field alone.
#[derive(Clone)]
pub(super) struct Edit {
    original_url: Option<String>,
    utm: Option<UtmEdits>,
    title: Option<Option<String>>,
    notes: Option<Option<String>>,
    tags: Option<Vec<String>>,
    is_archived: Option<bool>,
    external_id: Option<Option<String>>,
    expires_at: Option<Option<OffsetDateTime>>,
    is_enabled: Option<bool>,
    redirect_status: Option<RedirectStatus>,
    /// In clear text until it is hashed, before anything is written.
    password: Option<Option<String>>,
    options: OptionEdits,
}

impl Edit {
    pub(super) fn check(body: UpdateLink, mut check: FieldCheck<'_>) -> Result<Self> {
        let original_url = body
            .original_url
            .and_then(|text| check.url("original_url", &text));
        let utm = utm::check(body.utm, body.utm_template.as_deref(), &mut check);
        let title = body.title.map(|title| fields::title(&title?, &mut check));
        let notes = body.notes.map(|notes| fields::notes(&notes?, &mut check));
        let tags = body.tags.map(|tags| fields::tags(&tags, &mut check));
        let external_id = body
            .external_id
            .map(|text| fields::external_id(&text?, &mut check));
        let expires_at = body
            .expires_at
            .map(|moment| fields::expires_at(&moment?, &mut check));
        let redirect_status = body
            .redirect_status
            .and_then(|number| fields::redirect_status(number, &mut check));
        let password = body
            .password
            .map(|password| fields::password(password?, &mut check));
        let given = OptionFields {
            starts_at: body.starts_at,
            expired_url: body.expired_url,
            click_cap: body.click_cap,
            rules: body.rules,
            split: body.split,
            social_preview: body.social_preview,
            passes_query: body.passes_query,
            passes_path: body.passes_path,
            strict: body.strict,
            indexable: body.indexable,
            max_age: body.max_age,
        };
        let options = given.check(&mut check);
        check.finish()?;
        Ok(Self {
            original_url,
            utm,
            title,
            notes,
            tags,
            is_archived: body.archived,
            external_id,
            expires_at,
            is_enabled: body.enabled,
            redirect_status,
            password,
            options,
        })
    }

    /// From here on, the password is a hash.
    pub(super) async fn hash_password(&mut self, state: &AppState) -> Result<()> {
        if let Some(Some(password)) = &mut self.password {
            *password = state.link_passwords.hash(take(password)).await?;
        }
        Ok(())
    }

    pub(super) async fn write(
        self,
        state: &AppState,
        caller: &Caller,
        id: LinkId,
        if_match: &IfMatch,
    ) -> Result<LinkRow> {
        let mut transaction = db::begin(&state.pool).await?;
        let link = db::lock_link(&mut transaction, caller.workspace_id, id).await?;
        if_match.check(link.revision)?;
        let link = self.write_locked(&mut transaction, state, caller, link);
        let link = link.await?;
        db::commit(transaction).await?;
        Ok(link)
    }

    /// Edits a link that the transaction has locked. Must be its last statements. An edit that changes nothing
    /// is none: others still have the newest version.
    pub(super) async fn write_locked(
        self,
        connection: &mut PgConnection,
        state: &AppState,
        caller: &Caller,
        mut link: LinkRow,
    ) -> Result<LinkRow> {
        if self.external_id.is_some() {
            db::hold_names(connection).await?;
        }
        caller.must_see(&link)?;
        let before = link.clone();
        let mut check = FieldCheck::new(state);
        self.apply(&mut link, &mut check);
        if let Some(tag) = &caller.only_tag {
            fields::add_tag(&mut link.tags, tag, &mut check);
        }
        let status = link.redirect_status()?;
        fields::together(status, &link.options(), link.expires_at, &mut check);
        check.finish()?;
        if link == before {
            return Ok(link);
        }
        db::update_link(connection, &link).await?;
        let cause = Cause {
            action: Action::Updated,
            actor: &caller.identity.to_string(),
            at: state.now(),
        };
        db::log_change(connection, &link, &cause).await
    }

    pub(super) fn apply(self, link: &mut LinkRow, check: &mut FieldCheck<'_>) {
        if let Some(original_url) = self.original_url {
            link.original_url = original_url;
        }
        let target = take(&mut link.original_url);
        link.original_url = utm::tagged(target, self.utm.as_ref(), check).unwrap_or_default();
        if let Some(title) = self.title {
            link.title = title;
        }
        if let Some(notes) = self.notes {
            link.notes = notes;
        }
        if let Some(tags) = self.tags {
            link.tags = tags;
        }
        if let Some(is_archived) = self.is_archived {
            link.is_archived = is_archived;
        }
        if let Some(external_id) = self.external_id {
            link.external_id = external_id;
        }
        if let Some(expires_at) = self.expires_at {
            link.expires_at = expires_at;
        }
        if let Some(is_enabled) = self.is_enabled {
            link.is_enabled = is_enabled;
        }
        if let Some(status) = self.redirect_status {
            link.redirect_status = status.as_u16() as i16;
        }
        if let Some(hash) = self.password {
            link.set_password(hash);
        }
        let mut options = link.options();
        self.options
            .apply(&mut options, link.revision.unsigned_abs());
        link.set_options(options);
    }
}
