use contract::LinkId;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::Address;
use crate::audit::{Action, COMMAND_LINE, Cause};
use crate::blocklist::Hosts;
use crate::db::{self, LinkCase, LinkRow, TakedownRow};
use crate::error::{Error, Result};
use crate::routes::links::LinkStatus;

/// Longest reason. Characters.
const MAX_REASON: usize = 1_000;

/// A link, and what there is to know of it.
#[derive(Debug)]
pub struct Found {
    /// The link.
    pub link: LinkRow,
    /// The rest.
    pub case: LinkCase,
    /// What a visitor meets: `active`, `blocked` …
    pub status: &'static str,
}

/// The link of this name, whoever owns it, also from the bin.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find_link(pool: &PgPool, address: &Address, now: OffsetDateTime) -> Result<Found> {
    let link = named(pool, address).await?;
    Ok(Found {
        case: db::link_case(pool, LinkId(link.id)).await?,
        status: LinkStatus::of(&link, now).as_str(),
        link,
    })
}

/// Takes a link down so that its workspace cannot put it up again, or changes why it is down. The reason
/// is for its owners.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] for a reason that is none.
pub async fn take_down(
    pool: &PgPool,
    address: &Address,
    reason: Option<&str>,
    now: OffsetDateTime,
) -> Result<LinkRow> {
    let takedown = TakedownRow {
        reason: reason.map(checked).transpose()?,
        taken_down_at: now,
    };
    let id = LinkId(named(pool, address).await?.id);
    let mut transaction = db::begin(pool).await?;
    let link = db::lock_any_link(&mut transaction, id).await?;
    let mut link = link.ok_or(Error::NotFound("link"))?;
    db::put_takedown(&mut transaction, id, &takedown).await?;
    link.take_down();
    let cause = cause(Action::Blocked, now);
    db::write_links(&mut transaction, std::slice::from_ref(&link), &cause).await?;
    db::commit(transaction).await?;
    Ok(link)
}

/// Puts a link up again, whoever took it down, unless it leads to one of these hosts.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] when it is not down, or leads there.
pub async fn put_up(
    pool: &PgPool,
    address: &Address,
    listed: &Hosts,
    now: OffsetDateTime,
) -> Result<LinkRow> {
    let id = LinkId(named(pool, address).await?.id);
    let mut transaction = db::begin(pool).await?;
    let link = db::lock_any_link(&mut transaction, id).await?;
    let mut link = link.ok_or(Error::NotFound("link"))?;
    if !link.is_blocked {
        return Err(Error::Conflict("the link is not taken down"));
    }
    if link.leads_to(listed) {
        return Err(Error::Conflict(
            "the link leads to a host that is on the blocklist",
        ));
    }
    db::delete_takedown(&mut transaction, id).await?;
    link.is_blocked = false;
    let cause = cause(Action::Unblocked, now);
    db::write_links(&mut transaction, std::slice::from_ref(&link), &cause).await?;
    db::commit(transaction).await?;
    Ok(link)
}

async fn named(pool: &PgPool, address: &Address) -> Result<LinkRow> {
    let link = match address {
        Address::Id(id) => db::find_any_link(pool, *id).await?,
        Address::Short(domain, code) => db::find_link_as_asked(pool, domain, code).await?,
    };
    link.ok_or(Error::NotFound("link"))
}

/// A sentence, as the table takes it.
fn checked(reason: &str) -> Result<String> {
    let reason = reason.trim();
    let is_long = reason.chars().count() > MAX_REASON;
    if reason.is_empty() || is_long || reason.chars().any(char::is_control) {
        return Err(Error::invalid(
            "reason",
            "invalid_text",
            format!("a reason is one line of 1 to {MAX_REASON} characters"),
        ));
    }
    Ok(reason.to_owned())
}

fn cause(action: Action, at: OffsetDateTime) -> Cause<'static> {
    Cause {
        action,
        actor: COMMAND_LINE,
        at,
    }
}
