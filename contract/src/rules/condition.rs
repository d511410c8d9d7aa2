//! What a rule can ask.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::hours::Hours;
use crate::Timestamp;
use crate::user_agent::{Browser, Device, Os};

/// One condition. `{"country": ["DE", "AT"], "not": true}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What is asked.
    #[serde(flatten)]
    pub test: Test,
    /// The answer must be no.
    #[serde(default, rename = "not", skip_serializing_if = "std::ops::Not::not")]
    pub is_negated: bool,
}

/// A question about a visit. Lists mean "one of". What is not known is none of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// The visitor's country.
    Country(Vec<Country>),
    /// The visitor's continent: AF, AN, AS, EU, NA, OC, SA.
    Continent(Vec<Country>),
    /// The visitor's region, without regard to case: its ISO 3166-2 code or its name, whichever
    /// the geo database has.
    Region(Vec<String>),
    /// The visitor's city in English, without regard to case.
    City(Vec<String>),
    /// The kind of device.
    Device(Vec<Device>),
    /// The operating system.
    Os(Vec<Os>),
    /// The browser.
    Browser(Vec<Browser>),
    /// The language preferred: `de` holds for `de-AT`, not the other way round.
    Language(Vec<Language>),
    /// A parameter of the query.
    Query {
        /// Its name as it is sent.
        name: String,
        /// What it must be.
        value: QueryValue,
    },
    /// The site that the visitor comes from: a host, its subdomains included.
    Referrer(Vec<String>),
    /// The visitor's address.
    Address(Vec<IpNet>),
    /// Earlier than this moment.
    Before(Timestamp),
    /// At this moment or later.
    After(Timestamp),
    /// Days of the week and hours.
    Hours(Hours),
}

/// What a query parameter must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryValue {
    /// There, with any value.
    Present,
    /// There, with this value as it is sent: percent encoding and all.
    Equals(String),
}

/// Two ASCII letters in upper case, as ISO 3166-1 alpha-2 has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(pub [u8; 2]);

/// A language tag, or the beginning of some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(pub String);

impl TryFrom<String> for Country {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        match *text.as_bytes() {
            [first, second] if text.bytes().all(|byte| byte.is_ascii_alphabetic()) => Ok(Self([
                first.to_ascii_uppercase(),
                second.to_ascii_uppercase(),
            ])),
            _ => Err("expected two letters"),
        }
    }
}

impl From<Country> for String {
    fn from(Country(letters): Country) -> Self {
        letters.map(char::from).iter().collect()
    }
}

impl Language {
    /// Whether a tag is this language or a variety of it.
    pub(super) fn covers(&self, tag: &str) -> bool {
        let Some((head, rest)) = tag.split_at_checked(self.0.len()) else {
            return false;
        };
        head.eq_ignore_ascii_case(&self.0) && (rest.is_empty() || rest.starts_with('-'))
    }
}

/// Whether an address is in a network. One of IPv4 is also meant when it came in IPv6's clothes.
pub(super) fn contains(network: &IpNet, address: IpAddr) -> bool {
    network.contains(&address.to_canonical())
}
