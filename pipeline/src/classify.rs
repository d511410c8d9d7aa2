//! What kind of hit a click was. Pure, so that a better rule can label the past again.
//!
//! Half of the answer is in the request, the other half in its user agent. The second is kept in
//! the table `user_agents` and not with each click: see `reclassify`.

use contract::user_agent::AgentKind;
use contract::{Click, Method};

/// The kind of a hit. Every hit that reaches us is kept; only [`Kind::Click`] is counted as a
/// click, the others beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody followed the link.
    Click,
    /// A program did.
    Bot,
    /// A chat or a social network looked for a picture to show.
    Preview,
    /// A browser fetched ahead of a decision that its user may never take.
    Prefetch,
    /// Somebody asked where the link leads.
    Head,
    /// A search for holes, or a mail filter that tries links before their reader does.
    Scanner,
}

impl Kind {
    /// How the kind is called in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::Bot => "bot",
            Self::Preview => "preview",
            Self::Prefetch => "prefetch",
            Self::Head => "head",
            Self::Scanner => "scanner",
        }
    }
}

/// What the request says of itself: a HEAD, a prefetch, or else a click. A HEAD that is also a
/// prefetch is a HEAD: it cannot become a visit.
pub fn by_request(click: &Click<'_>) -> Kind {
    if click.method == Method::Head {
        Kind::Head
    } else if click.is_prefetch {
        Kind::Prefetch
    } else {
        Kind::Click
    }
}

/// The whole truth, given who is behind it. The request is believed first: a person's HEAD is no
/// visit either. The view `classified_clicks` says the same in SQL.
pub fn classify(click: &Click<'_>, agent: AgentKind) -> Kind {
    match (by_request(click), agent) {
        (Kind::Click, AgentKind::Person) => Kind::Click,
        (Kind::Click, AgentKind::Bot) => Kind::Bot,
        (Kind::Click, AgentKind::PreviewFetch) => Kind::Preview,
        (Kind::Click, AgentKind::Scanner) => Kind::Scanner,
        (by_request, _) => by_request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    #[test]
    fn a_click_is_a_get_that_a_person_meant() {
        let kind = |method, is_prefetch, agent| {
            let click = Click {
                method,
                is_prefetch,
                ..example::click(0)
            };
            classify(&click, agent).as_str()
        };
        for (agent, expected) in [
            (AgentKind::Person, "click"),
            (AgentKind::Bot, "bot"),
            (AgentKind::PreviewFetch, "preview"),
            (AgentKind::Scanner, "scanner"),
        ] {
            assert_eq!(kind(Method::Get, false, agent), expected);
            assert_eq!(kind(Method::Get, true, agent), "prefetch");
            assert_eq!(kind(Method::Head, false, agent), "head");
            assert_eq!(kind(Method::Head, true, agent), "head");
        }
    }
}
