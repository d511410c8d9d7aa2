//! What kind of hit a click was. Pure, so that a better rule can label the past again.

use contract::{Click, Method};

/// The kind of a hit. Every hit that reaches us is kept; only [`Kind::Click`] is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody followed the link.
    Click,
    /// Somebody asked where the link leads.
    Head,
    /// A browser fetched ahead of a decision that its user may never take.
    Prefetch,
}

impl Kind {
    /// How the kind is called in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::Head => "head",
            Self::Prefetch => "prefetch",
        }
    }
}

/// Classifies a hit by what the click says of itself. A HEAD that is also a prefetch is a HEAD:
/// it cannot become a visit.
pub fn classify(click: &Click<'_>) -> Kind {
    if click.method == Method::Head {
        Kind::Head
    } else if click.is_prefetch {
        Kind::Prefetch
    } else {
        Kind::Click
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    #[test]
    fn a_click_is_a_get_that_somebody_meant() {
        let kind = |method, is_prefetch| {
            classify(&Click {
                method,
                is_prefetch,
                ..example::click(0)
            })
        };
        assert_eq!(kind(Method::Get, false), Kind::Click);
        assert_eq!(kind(Method::Get, true), Kind::Prefetch);
        assert_eq!(kind(Method::Head, false), Kind::Head);
        assert_eq!(kind(Method::Head, true), Kind::Head);
    }
}
