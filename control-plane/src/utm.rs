//! UTM parameters: what analytics of a target read of where its visitors come from. They are written
//! into a link's target, and kept nowhere else.

use url::form_urlencoded;

/// The parameters, in the order in which they are written.
const NAMES: [&str; 5] = [
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
];

/// What becomes of each parameter, in the order of [`NAMES`]. The outer `None` leaves one alone, the
/// inner takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UtmEdits(pub [Option<Option<String>>; 5]);

impl UtmEdits {
    /// A target, which was checked, with its parameters changed. All else stays as it is, byte for
    /// byte; what is set comes last, each once.
    pub fn apply(&self, target: &str) -> String {
        let (page, fragment) = match target.find('#') {
            Some(place) => target.split_at(place),
            None => (target, ""),
        };
        let (page, query) = page.split_once('?').unwrap_or((page, ""));
        let kept = query
            .split('&')
            .filter(|parameter| !query.is_empty() && !self.concerns(parameter))
            .map(str::to_owned);
        let set = NAMES.iter().zip(&self.0);
        let set = set.filter_map(|(name, value)| Some((name, value.as_ref()?.as_ref()?)));
        let set = set.map(|(name, value)| {
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            format!("{name}={value}")
        });
        let parameters: Vec<String> = kept.chain(set).collect();
        match parameters.is_empty() {
            true => format!("{page}{fragment}"),
            false => format!("{page}?{}{fragment}", parameters.join("&")),
        }
    }

    /// Whether a parameter is one of those that are changed, however it is spelled: who reads it
    /// decodes its name.
    fn concerns(&self, parameter: &str) -> bool {
        let pair = form_urlencoded::parse(parameter.as_bytes()).next();
        let Some((name, _)) = pair else {
            return false;
        };
        let mut changed = NAMES.iter().zip(&self.0);
        changed.any(|(other, value)| value.is_some() && name == *other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edits(source: Option<Option<&str>>, campaign: Option<Option<&str>>) -> UtmEdits {
        let own = |value: Option<Option<&str>>| value.map(|value| value.map(str::to_owned));
        UtmEdits([own(source), None, own(campaign), None, None])
    }

    #[test]
    fn parameters_are_replaced_and_all_else_stays() {
        let both = edits(Some(Some("news letter")), Some(Some("a&b=ü#")));
        let set = "utm_source=news+letter&utm_campaign=a%26b%3D%C3%BC%23";
        for (target, expected) in [
            (
                "https://example.com/",
                format!("https://example.com/?{set}"),
            ),
            (
                "https://example.com/?",
                format!("https://example.com/?{set}"),
            ),
            (
                "https://example.com/#a?b",
                format!("https://example.com/?{set}#a?b"),
            ),
            (
                "https://example.com/?a=%20&&b&utm_medium=x#utm_source=y",
                format!("https://example.com/?a=%20&&b&utm_medium=x&{set}#utm_source=y"),
            ),
            (
                "https://example.com/?utm_source=old&a=1&utm%5Fsource=old&utm_campaign",
                format!("https://example.com/?a=1&{set}"),
            ),
            (
                "https://example.com/?UTM_SOURCE=a&xutm_source=b&a=utm_source=c",
                format!("https://example.com/?UTM_SOURCE=a&xutm_source=b&a=utm_source=c&{set}"),
            ),
        ] {
            assert_eq!(both.apply(target), expected, "{target}");
            assert_eq!(both.apply(&expected), expected, "a second time");
        }
    }

    #[test]
    fn a_parameter_can_be_taken_away() {
        let none = edits(Some(None), None);
        for (target, expected) in [
            ("https://example.com/?utm_source=a", "https://example.com/"),
            (
                "https://example.com/?utm_source=a#b",
                "https://example.com/#b",
            ),
            (
                "https://example.com/?utm_campaign=c&utm_source=a",
                "https://example.com/?utm_campaign=c",
            ),
        ] {
            assert_eq!(none.apply(target), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_to_change_changes_nothing(rest in "[a-z0-9=&#?%_/]{0,40}") {
            let target = format!("https://example.com/{rest}");
            // An empty query is none.
            prop_assume!(!target.ends_with('?') && !target.contains("?#"));
            prop_assert_eq!(UtmEdits::default().apply(&target), target);
        }

        #[test]
        fn what_is_set_is_what_is_read(value in "\\PC{1,30}", rest in "[a-z0-9=&?]{0,20}") {
            let target = format!("https://example.com/?{rest}");
            let tagged = edits(Some(Some(&value)), None).apply(&target);
            let url = url::Url::parse(&tagged).unwrap();
            let mut found = url.query_pairs().filter(|(name, _)| name == "utm_source");
            prop_assert_eq!(found.next().map(|(_, value)| value.into_owned()), Some(value));
            prop_assert_eq!(found.next(), None);
        }
    }
}
