//! A link as it is stored.

use contract::{LinkId, LinkOptions, LinkRecord, LinkState, RedirectStatus};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::blocklist::Hosts;
use crate::unfurl::TargetPage;
use crate::{Error, Result};

/// A row of `links`.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkRow {
    /// Identity.
    pub id: Uuid,
    /// Owner.
    pub workspace_id: Uuid,
    /// Host.
    pub domain: String,
    /// Short part.
    pub code: String,
    /// Target.
    pub original_url: String,
    /// What its owner calls it.
    pub title: Option<String>,
    /// What its owner notes about it.
    pub notes: Option<String>,
    /// In lower case, ascending, each once.
    pub tags: Vec<String>,
    /// False: switched off by its owner.
    pub is_enabled: bool,
    /// Out of the way, but in service.
    pub is_archived: bool,
    /// What another system calls it.
    pub external_id: Option<String>,
    /// When it stops redirecting.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Who made it; `None` if that was not noted then.
    pub created_by: Option<String>,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// When it was put into the bin.
    pub deleted_at: Option<OffsetDateTime>,
    /// Number of its last change.
    pub revision: i64,
    /// 301, 302, 307 or 308.
    pub redirect_status: i16,
    /// What it has beyond that, without its password. `None`: nothing.
    pub options: Option<Json<LinkOptions>>,
    /// PHC string. `None`: everybody may follow it.
    pub password_hash: Option<String>,
    /// Which password that is.
    pub password_changed: i64,
    /// Taken down.
    pub is_blocked: bool,
    /// What the page it leads to says of itself. `None`: nothing, or nobody has read it yet.
    pub page: Option<Json<TargetPage>>,
}

impl LinkRow {
    /// What the edge needs to know about this link.
    pub fn to_record(&self) -> Result<LinkRecord> {
        let unreadable =
            |what| Error::internal(format!("links.{what} of {} is not in its form", self.id));
        Ok(LinkRecord {
            link_id: LinkId(self.id),
            domain: self.domain.parse().map_err(|_| unreadable("domain"))?,
            code: self.code.parse().map_err(|_| unreadable("code"))?,
            revision: self
                .revision
                .try_into()
                .map_err(|_| unreadable("revision"))?,
            state: match (self.deleted_at, self.is_enabled, self.is_blocked) {
                (Some(_), _, _) => LinkState::Deleted,
                (None, false, _) => LinkState::Disabled,
                (None, true, true) => LinkState::Blocked,
                (None, true, false) => LinkState::Active,
            },
            original_url: self.original_url.clone(),
            status: self.redirect_status()?,
            expires_at: self.expires_at.map(Into::into),
            options: self.record_options()?.map(Box::new),
        })
    }

    /// Which redirect it answers with.
    pub fn redirect_status(&self) -> Result<RedirectStatus> {
        let number = u16::try_from(self.redirect_status).unwrap_or_default();
        RedirectStatus::try_from(number).map_err(Error::internal)
    }

    /// Its options, as far as they are stored together.
    pub fn options(&self) -> LinkOptions {
        self.options
            .as_ref()
            .map(|options| options.0.clone())
            .unwrap_or_default()
    }

    /// Stores options. A plain link has none. While it is taken down it is strict whatever they say, so
    /// that a proxy which is cut off does not go on leading there.
    pub fn set_options(&mut self, options: LinkOptions) {
        self.options = stored_options(LinkOptions {
            is_strict: options.is_strict || self.is_blocked,
            ..options
        });
    }

    /// Whether it leads to one of these hosts, by whichever of its addresses.
    pub fn leads_to(&self, hosts: &Hosts) -> bool {
        let options = self.options.as_ref().map(|options| &options.0);
        hosts.contain_any(&self.original_url, options)
    }

    /// Takes it down.
    pub fn take_down(&mut self) {
        self.is_blocked = true;
        self.set_options(self.options());
    }

    /// Sets the password by its hash, or removes it.
    pub fn set_password(&mut self, hash: Option<String>) {
        if hash.is_some() {
            self.password_changed += 1;
        }
        self.password_hash = hash;
    }

    /// Which password visitors need; `None` if they need none.
    pub fn password(&self) -> Result<Option<u64>> {
        let number = || u64::try_from(self.password_changed).map_err(Error::internal);
        self.password_hash.as_ref().map(|_| number()).transpose()
    }

    fn record_options(&self) -> Result<Option<LinkOptions>> {
        let options = LinkOptions {
            password: self.password()?,
            ..self.options()
        };
        Ok(Some(options).filter(|options| *options != LinkOptions::default()))
    }
}

/// Options as they are stored: without the password, which has columns of its own.
fn stored_options(options: LinkOptions) -> Option<Json<LinkOptions>> {
    let options = LinkOptions {
        password: None,
        ..options
    };
    Some(Json(options)).filter(|options| options.0 != LinkOptions::default())
}
