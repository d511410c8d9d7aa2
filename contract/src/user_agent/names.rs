//! The four answers and their names.
//!
//! Rules and analytics keep the names, so a name may be added but never changed.

use serde::{Deserialize, Serialize};

/// Declares an enum whose variants have one name each: in JSON, in rules, in analytics.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// All there are, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name, the same as in JSON.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

named! {
    /// Who is behind a request.
    AgentKind {
        /// Somebody with a browser, be it the one inside an app.
        Person = "person",
        /// A crawler, a monitor, a feed reader, an HTTP library: a program on its own.
        Bot = "bot",
        /// A chat or a social network that draws a small picture of the page for its readers.
        PreviewFetch = "preview_fetch",
        /// Looks for holes in servers, or tries links on behalf of a mail filter.
        Scanner = "scanner",
    }
}

named! {
    /// What the screen is.
    Device {
        /// A computer with a keyboard. An iPad says so too when it asks for desktop pages.
        Desktop = "desktop",
        /// A telephone.
        Mobile = "mobile",
        /// A tablet, or an electronic book.
        Tablet = "tablet",
        /// A television, or a box or stick that feeds one.
        Tv = "tv",
        /// A game console, in the hand or below a television.
        Console = "console",
        /// Anything else, or not said.
        Other = "other",
    }
}

named! {
    /// The operating system.
    Os {
        /// Windows on a computer. 11 says that it is 10.
        Windows = "windows",
        /// macOS.
        MacOs = "macos",
        /// iOS and iPadOS: what a rule that leads to the App Store asks for.
        Ios = "ios",
        /// Android, with what is built on it (Fire OS, HarmonyOS up to 4).
        Android = "android",
        /// Linux on a computer.
        Linux = "linux",
        /// ChromeOS.
        ChromeOs = "chromeos",
        /// Anything else, or not said.
        Other = "other",
    }
}

named! {
    /// The browser.
    Browser {
        /// Chrome, Chromium, and what does not tell itself apart from them (Brave).
        Chrome = "chrome",
        /// Safari on a device of Apple's.
        Safari = "safari",
        /// Firefox.
        Firefox = "firefox",
        /// Edge.
        Edge = "edge",
        /// Opera, Opera GX, Opera Mini.
        Opera = "opera",
        /// Samsung Internet.
        Samsung = "samsung",
        /// The browser inside an app: Instagram, Facebook, TikTok, any web view.
        InApp = "in_app",
        /// Any other, or not said.
        Other = "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use std::fmt::Debug;

    fn same_in_json<T>(all: &[T], as_str: fn(T) -> &'static str)
    where
        T: Copy + Debug + PartialEq + Serialize + DeserializeOwned,
    {
        for &value in all {
            let json = serde_json::to_value(value).unwrap();
            assert_eq!(json, as_str(value));
            assert_eq!(serde_json::from_value::<T>(json).unwrap(), value);
        }
    }

    #[test]
    fn a_name_is_the_same_in_json() {
        same_in_json(AgentKind::ALL, AgentKind::as_str);
        same_in_json(Device::ALL, Device::as_str);
        same_in_json(Os::ALL, Os::as_str);
        same_in_json(Browser::ALL, Browser::as_str);
    }
}
