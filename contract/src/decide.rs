//! What a link record means for one visit: the rule of the product, in one pure function.
//!
//! No clock, no I/O, nothing of HTTP but a status code. The edge, the explanation in the API and
//! the tests ask the same function.

use std::borrow::Cow;

use crate::link::{LinkRecord, LinkState, RedirectStatus};
use crate::options::{LinkOptions, SocialPreview};
use crate::rules::{Action, Refusal, first_match};
use crate::target::{with_path, with_query};
use crate::user_agent::AgentKind;
use crate::visit::{CapState, Visit};

/// What the visitor gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// Send the visitor on.
    Redirect(Redirect<'a>),
    /// Say no.
    Refuse {
        /// Why.
        reason: Reason,
        /// The rule that said so, from 1; 0 when none did.
        rule: u8,
    },
    /// Ask for the link's password.
    AskPassword,
    /// Show where the link leads.
    Preview,
    /// Show a chat what it is to show.
    SocialPreview(&'a SocialPreview),
}

/// Where to, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect<'a> {
    /// Which kind of redirect.
    pub status: RedirectStatus,
    /// The target: as stored, or with what the visitor brought along.
    pub location: Cow<'a, str>,
    /// Number of the split target, from 1; 0 when the link has no split.
    pub variant: u8,
    /// Number of the rule that decided, from 1; 0 when none did.
    pub rule: u8,
    /// Seconds for which the browser may remember it. 0: not at all.
    pub max_age: u32,
    /// The variant is to be put into a cookie.
    pub sets_cookie: bool,
    /// Whether this is where the link leads, and not where it leads instead.
    pub is_target: bool,
}

/// Why a link says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// 404: it has not begun yet.
    NotYetActive,
    /// 404: something follows the code, and the link does not pass it on.
    ExtraPath,
    /// 404, because a rule says so.
    NotFound,
    /// 410: deleted by its owner.
    Deleted,
    /// 410: switched off by its owner.
    Disabled,
    /// 410: past `expires_at`.
    Expired,
    /// 410: visited as often as it may be.
    UsedUp,
    /// 410, because a rule says so.
    Gone,
    /// 451: taken down.
    Blocked,
    /// 451, because a rule says so.
    Unavailable,
    /// 503: nobody can say how often it was visited.
    Uncounted,
}

impl Reason {
    /// The status code.
    pub const fn status(self) -> u16 {
        match self {
            Self::NotYetActive | Self::ExtraPath | Self::NotFound => 404,
            Self::Deleted | Self::Disabled | Self::Expired | Self::UsedUp | Self::Gone => 410,
            Self::Blocked | Self::Unavailable => 451,
            Self::Uncounted => 503,
        }
    }
}

/// Decides. Total: every record and visit has an outcome. The first reason that applies wins.
pub fn decide<'a>(record: &'a LinkRecord, visit: &Visit<'_>) -> Outcome<'a> {
    let Some(options) = record.options.as_deref() else {
        return decide_plain(record, visit);
    };
    if options.starts_at.is_some_and(|start| visit.now < start) {
        return refuse(Reason::NotYetActive);
    }
    if let Some(reason) = out_of_service(record) {
        return refuse(reason);
    }
    // Before all that leads somewhere else: what was taken down leads nowhere.
    if record.state == LinkState::Blocked {
        return refuse(Reason::Blocked);
    }
    if is_expired(record, visit) {
        return instead(&options.expired_url, Reason::Expired);
    }
    if let Some(cap) = &options.click_cap {
        match visit.cap {
            CapState::UsedUp => return instead(&cap.used_up_url, Reason::UsedUp),
            CapState::Unknown if !cap.redirects_uncounted => return refuse(Reason::Uncounted),
            CapState::Open | CapState::Unknown => {}
        }
    }
    // The owner's own words, also for a link with a password: a chat cannot type one in.
    if let Some(preview) = &options.social_preview
        && !visit.wants_preview
        && visit.agent().kind == AgentKind::PreviewFetch
    {
        return Outcome::SocialPreview(preview);
    }
    if options.password.is_some() && !visit.is_unlocked {
        return Outcome::AskPassword;
    }
    if visit.wants_preview {
        return Outcome::Preview;
    }
    choose_target(record, options, visit)
}

/// The way of nearly all links.
fn decide_plain<'a>(record: &'a LinkRecord, visit: &Visit<'_>) -> Outcome<'a> {
    if let Some(reason) = out_of_service(record) {
        return refuse(reason);
    }
    if record.state == LinkState::Blocked {
        return refuse(Reason::Blocked);
    }
    if is_expired(record, visit) {
        return refuse(Reason::Expired);
    }
    if visit.wants_preview {
        return Outcome::Preview;
    }
    if !visit.extra_path.is_empty() {
        return refuse(Reason::ExtraPath);
    }
    Outcome::Redirect(Redirect {
        status: record.status,
        location: Cow::Borrowed(&record.original_url),
        variant: 0,
        rule: 0,
        max_age: 0,
        sets_cookie: false,
        is_target: true,
    })
}

fn out_of_service(record: &LinkRecord) -> Option<Reason> {
    match record.state {
        LinkState::Deleted => Some(Reason::Deleted),
        LinkState::Disabled => Some(Reason::Disabled),
        LinkState::Active | LinkState::Blocked => None,
    }
}

fn is_expired(record: &LinkRecord, visit: &Visit<'_>) -> bool {
    record
        .expires_at
        .is_some_and(|expires_at| visit.now >= expires_at)
}

fn refuse<'a>(reason: Reason) -> Outcome<'a> {
    Outcome::Refuse { reason, rule: 0 }
}

/// To another place than the link's own, if there is one. Never remembered by browsers: the link
/// may come back.
fn instead(url: &Option<String>, reason: Reason) -> Outcome<'_> {
    let Some(url) = url else {
        return refuse(reason);
    };
    Outcome::Redirect(Redirect {
        status: RedirectStatus::Found,
        location: Cow::Borrowed(url),
        variant: 0,
        rule: 0,
        max_age: 0,
        sets_cookie: false,
        is_target: false,
    })
}

/// Rules, then the split, then the default; then what the visitor brought along.
fn choose_target<'a>(
    record: &'a LinkRecord,
    options: &'a LinkOptions,
    visit: &Visit<'_>,
) -> Outcome<'a> {
    if !visit.extra_path.is_empty() && !options.passes_path {
        return refuse(Reason::ExtraPath);
    }
    let (mut rule, mut variant, mut sets_cookie) = (0, 0, false);
    let target = match first_match(&options.rules, visit) {
        Some((number, matching)) => {
            rule = number;
            match &matching.action {
                Action::Url(url) => url,
                Action::Refuse(refusal) => {
                    let reason = match refusal {
                        Refusal::NotFound => Reason::NotFound,
                        Refusal::Gone => Reason::Gone,
                        Refusal::Unavailable => Reason::Unavailable,
                    };
                    return Outcome::Refuse { reason, rule };
                }
            }
        }
        None => {
            let split = options.split.as_ref();
            let cookie = visit.variant_cookie;
            match split.and_then(|split| split.choose(record.link_id, visit.sticky, cookie)) {
                Some((number, chosen)) => {
                    variant = number;
                    sets_cookie =
                        split.is_some_and(|split| split.uses_cookie) && cookie != Some(number);
                    &chosen.url
                }
                None => &record.original_url,
            }
        }
    };
    let Some(mut location) = with_path(target, visit.extra_path) else {
        return refuse(Reason::ExtraPath);
    };
    if options.passes_query {
        location = with_query(location, visit.query);
    }
    Outcome::Redirect(Redirect {
        status: record.status,
        location,
        variant,
        rule,
        max_age: max_age(record, options, visit),
        sets_cookie,
        is_target: true,
    })
}

/// How long the answer stays true for this visitor, unless the owner edits the link. Where the
/// next visit may end elsewhere, or must be counted, that is not at all.
fn max_age(record: &LinkRecord, options: &LinkOptions, visit: &Visit<'_>) -> u32 {
    let depends_on_visit = !options.rules.is_empty()
        || options.split.is_some()
        || options.click_cap.is_some()
        || options.password.is_some()
        || options.is_strict;
    if depends_on_visit {
        return 0;
    }
    let Some(expires_at) = record.expires_at else {
        return options.max_age;
    };
    let left = expires_at.as_micros().saturating_sub(visit.now.as_micros()) / 1_000_000;
    u32::try_from(left).unwrap_or(u32::MAX).min(options.max_age)
}
