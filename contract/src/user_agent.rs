//! What a `User-Agent` text says of whoever sends a request.
//!
//! It says, it does not prove: anybody may send any text. Four things it cannot tell. An iPad asks
//! for desktop pages as a Mac. Brave and Arc are Chrome. Windows 11 says 10. Mail filters that try
//! links before a reader does mostly pass themselves off as a common browser.

mod kinds;
mod names;
mod traits;
mod words;

pub use names::{AgentKind, Browser, Device, Os};

/// Rises whenever a user agent may be read in another way than before, so that `linkpulse doctor`
/// can tell that the past was labelled by an older release. A test compares the tables.
pub const CLASSIFIER_VERSION: i32 = 1;

/// What a user agent says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Agent {
    /// Who is behind the request.
    pub kind: AgentKind,
    /// What the screen is. Also said by programs: Google's crawler comes as a telephone, too.
    pub device: Device,
    /// The operating system.
    pub os: Os,
    /// The browser.
    pub browser: Browser,
}

impl Agent {
    /// Reads a `User-Agent` value. Total: what says nothing is a [`Bot`](AgentKind::Bot), for
    /// every browser says something.
    pub fn parse(user_agent: &str) -> Self {
        let found = words::find(user_agent);
        let mut agent = Self {
            kind: found.kind.unwrap_or(AgentKind::Bot),
            device: found.device.unwrap_or(Device::Other),
            os: found.os.unwrap_or(Os::Other),
            browser: found.browser.unwrap_or(Browser::Other),
        };
        // "Mozilla/5.0" alone is what scripts send. A browser names its machine.
        if agent.kind == AgentKind::Person && found.device.is_none() {
            agent.kind = AgentKind::Bot;
        }
        // An iPad that asks for desktop pages, given away by the app around it.
        if agent.os == Os::MacOs && agent.device == Device::Mobile {
            agent.os = Os::Ios;
            agent.device = Device::Tablet;
        }
        // All of WebKit's children say "Safari".
        let is_apple = matches!(agent.os, Os::MacOs | Os::Ios);
        if agent.browser == Browser::Safari && !is_apple {
            agent.browser = Browser::Other;
        }
        agent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    /// The user agents of `examples.txt`, each with what is expected of it.
    fn examples() -> Vec<(&'static str, &'static str)> {
        let mut expected = "";
        let mut examples = Vec::new();
        for line in include_str!("user_agent/examples.txt").lines() {
            if line.starts_with(' ') {
                examples.push((line.trim_start(), expected));
            } else if !line.starts_with('#') && !line.is_empty() {
                expected = line;
            }
        }
        examples
    }

    fn described(user_agent: &str) -> String {
        let agent = Agent::parse(user_agent);
        [
            agent.kind.as_str(),
            agent.device.as_str(),
            agent.os.as_str(),
            agent.browser.as_str(),
        ]
        .join(" ")
    }

    #[test]
    fn the_examples_are_what_they_are_said_to_be() {
        assert!(examples().len() > 60);
        let wrong: Vec<_> = examples()
            .into_iter()
            .filter(|(user_agent, expected)| described(user_agent) != *expected)
            .map(|(user_agent, expected)| {
                let found = described(user_agent);
                format!("{user_agent}\n  is not {expected}\n  but    {found}")
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_name_has_an_example() {
        let expected: Vec<_> = examples()
            .into_iter()
            .flat_map(|(_, expected)| expected.split(' '))
            .collect();
        let mut names: Vec<_> = AgentKind::ALL.iter().map(|name| name.as_str()).collect();
        names.extend(Device::ALL.iter().map(|name| name.as_str()));
        names.extend(Os::ALL.iter().map(|name| name.as_str()));
        names.extend(Browser::ALL.iter().map(|name| name.as_str()));
        for name in names {
            assert!(expected.contains(&name), "{name}");
        }
    }

    #[test]
    fn a_change_of_the_tables_is_a_new_version() {
        let tables = format!(
            "{:?}{:?}{:?}{:?}",
            kinds::KINDS,
            traits::BROWSERS,
            traits::SYSTEMS,
            traits::DEVICES
        );
        let found = (CLASSIFIER_VERSION, crc32fast::hash(tables.as_bytes()));
        assert_eq!(
            found,
            (1, 3_958_454_841),
            "raise CLASSIFIER_VERSION, then put both here"
        );
    }

    #[test]
    fn who_says_nothing_is_a_program() {
        for nothing in ["", " ", "-", "\u{0}", "🦊"] {
            assert_eq!(described(nothing), "bot other other other", "{nothing:?}");
        }
    }

    proptest! {
        #[test]
        fn letter_case_does_not_matter((example, _) in select(examples()), upper: Vec<bool>) {
            let mut upper = upper.into_iter();
            let recased: String = example
                .chars()
                .map(|letter| match upper.next() {
                    Some(true) => letter.to_ascii_uppercase(),
                    Some(false) => letter.to_ascii_lowercase(),
                    None => letter,
                })
                .collect();
            prop_assert_eq!(Agent::parse(&recased), Agent::parse(example));
        }

        /// What is kept of a long one ends anywhere.
        #[test]
        fn has_an_answer_for_every_beginning((example, _) in select(examples()), length in 0..512usize) {
            Agent::parse(&example[..example.floor_char_boundary(length)]);
        }

        #[test]
        fn has_an_answer_for_every_text(text: String) {
            Agent::parse(&text);
        }

        /// A name of a preview's fetcher decides, whatever surrounds it.
        #[test]
        fn what_stands_around_a_network_does_not_matter(before in "[ -~]{0,60}", after in "[ -~]{0,60}") {
            let kind = Agent::parse(&format!("{before} facebookexternalhit/1.1 {after}")).kind;
            prop_assert_eq!(kind, AgentKind::PreviewFetch);
        }
    }
}
