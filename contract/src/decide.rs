//! What a link record means for one visit: the rule of the product, in one pure function.
//!
//! No clock, no I/O, nothing of HTTP but a status code.

use crate::link::{LinkRecord, LinkState, RedirectStatus};
use crate::{Method, Timestamp};

/// The facts of a request that a decision may depend on.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// When the request arrived.
    pub now: Timestamp,
    /// GET or HEAD.
    pub method: Method,
}

/// What the visitor gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// Send the visitor on.
    Redirect {
        /// Which kind of redirect.
        status: RedirectStatus,
        /// The target, exactly as stored.
        location: &'a str,
    },
    /// 410: there was something here, and now there is not.
    Gone(Gone),
}

/// Why a link answers 410.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// Deleted by its owner.
    Deleted,
    /// Switched off by its owner.
    Disabled,
    /// Past `expires_at`.
    Expired,
}

/// Decides. Total: every record and visit has an outcome. The first reason that applies wins.
pub fn decide<'a>(record: &'a LinkRecord, visit: &Visit) -> Outcome<'a> {
    match record.state {
        LinkState::Deleted => return Outcome::Gone(Gone::Deleted),
        LinkState::Disabled => return Outcome::Gone(Gone::Disabled),
        LinkState::Active => {}
    }
    if record
        .expires_at
        .is_some_and(|expires_at| visit.now >= expires_at)
    {
        return Outcome::Gone(Gone::Expired);
    }
    Outcome::Redirect {
        status: record.status,
        location: &record.original_url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(state: LinkState, expires_at: Option<i64>) -> LinkRecord {
        LinkRecord {
            link_id: crate::LinkId(uuid::Uuid::nil()),
            domain: "localhost".parse().unwrap(),
            code: "abc".parse().unwrap(),
            revision: 1,
            state,
            original_url: "https://example.com/".into(),
            status: RedirectStatus::Found,
            expires_at: expires_at.map(Timestamp::from_micros),
        }
    }

    fn visit(now: i64) -> Visit {
        Visit {
            now: Timestamp::from_micros(now),
            method: Method::Get,
        }
    }

    #[test]
    fn an_active_link_redirects_until_the_moment_it_expires() {
        let link = record(LinkState::Active, Some(100));
        assert!(matches!(
            decide(&link, &visit(99)),
            Outcome::Redirect { .. }
        ));
        assert_eq!(decide(&link, &visit(100)), Outcome::Gone(Gone::Expired));
    }

    fn any_state() -> impl Strategy<Value = LinkState> {
        prop_oneof![
            Just(LinkState::Active),
            Just(LinkState::Disabled),
            Just(LinkState::Deleted)
        ]
    }

    proptest! {
        #[test]
        fn deleted_and_disabled_win_over_everything(state in any_state(), expires: Option<i64>, now: i64) {
            let link = record(state, expires);
            let expected = match state {
                LinkState::Deleted => Outcome::Gone(Gone::Deleted),
                LinkState::Disabled => Outcome::Gone(Gone::Disabled),
                LinkState::Active if expires.is_some_and(|at| now >= at) => Outcome::Gone(Gone::Expired),
                LinkState::Active => Outcome::Redirect {
                    status: RedirectStatus::Found,
                    location: "https://example.com/",
                },
            };
            prop_assert_eq!(decide(&link, &visit(now)), expected);
        }
    }
}
