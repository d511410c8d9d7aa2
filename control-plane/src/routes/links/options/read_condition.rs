//! A condition from its form in the API.

use std::net::IpAddr;

use contract::Domain;
use contract::place::continent_of;
use contract::rules::{self, Country, Language, Test};
use ipnet::IpNet;
use url::Host;

use super::{Condition, QueryTest, QueryValue, names};
use crate::field_check::{FieldCheck, MAX_TEXT};

/// Most entries of a list.
const MAX_LIST: usize = 100;

/// What there is besides countries.
const CONTINENTS: [&str; 7] = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"];

/// Longest language tag. Longer than any in use, and RFC 5646 asks for 35 at least.
const MAX_LANGUAGE: usize = 35;

/// What is said of an entry that cannot be read: code and message.
type Refused = (&'static str, &'static str);

const COUNTRY: Refused = (
    "unknown_country",
    "countries are two letters of ISO 3166-1, as DE or GB",
);
const CONTINENT: Refused = (
    "unknown_continent",
    "continents are AF, AN, AS, EU, NA, OC and SA",
);
const NAME: Refused = ("required", "a name must not be empty");
const KIND: Refused = (
    "unknown_value",
    "this is not known here; the API's description lists what is",
);
const LANGUAGE: Refused = ("invalid_language", "languages are written as de or pt-BR");
const SITE: Refused = ("invalid_host", "a site is a host name such as example.com");
const NETWORK: Refused = (
    "invalid_network",
    "addresses are written as 192.0.2.1, networks as 192.0.2.0/24",
);

impl Condition {
    pub(super) fn check(self, field: &str, check: &mut FieldCheck<'_>) -> Option<rules::Condition> {
        let mut read = Reader { field, check };
        let questions = [
            self.country.map(|list| {
                let list = read.list("country", &list, country, COUNTRY);
                list.map(Test::Country)
            }),
            self.continent.map(|list| {
                let list = read.list("continent", &list, continent, CONTINENT);
                list.map(Test::Continent)
            }),
            self.region
                .map(|list| read.list("region", &list, name, NAME).map(Test::Region)),
            self.city
                .map(|list| read.list("city", &list, name, NAME).map(Test::City)),
            self.device.map(|list| {
                let list = read.list("device", &list, names::read, KIND);
                list.map(Test::Device)
            }),
            self.os.map(|list| {
                let list = read.list("os", &list, names::read, KIND);
                list.map(Test::Os)
            }),
            self.browser.map(|list| {
                let list = read.list("browser", &list, names::read, KIND);
                list.map(Test::Browser)
            }),
            self.language.map(|list| {
                let list = read.list("language", &list, language, LANGUAGE);
                list.map(Test::Language)
            }),
            self.query.map(|query| read.query(query)),
            self.referrer.map(|list| {
                let list = read.list("referrer", &list, site, SITE);
                list.map(Test::Referrer)
            }),
            self.address.map(|list| {
                let list = read.list("address", &list, network, NETWORK);
                list.map(Test::Address)
            }),
            self.before
                .map(|text| read.moment("before", &text).map(Test::Before)),
            self.after
                .map(|text| read.moment("after", &text).map(Test::After)),
            self.hours.map(|hours| {
                let hours = hours.check(&read.path("hours"), read.check);
                hours.map(Test::Hours)
            }),
        ];
        let mut asked = questions.into_iter().flatten();
        match (asked.next(), asked.next()) {
            (Some(test), None) => Some(rules::Condition {
                test: test?,
                is_negated: self.not,
            }),
            _ => {
                let message = "a condition asks exactly one question; use several conditions";
                check.refuse(field, "not_one_question", message);
                None
            }
        }
    }
}

/// Reads the parts of a condition.
struct Reader<'r, 'c> {
    /// Where the condition is.
    field: &'r str,
    check: &'r mut FieldCheck<'c>,
}

impl Reader<'_, '_> {
    fn path(&self, part: &str) -> String {
        format!("{}.{part}", self.field)
    }

    fn list<T>(
        &mut self,
        part: &str,
        texts: &[String],
        read: impl Fn(&str) -> Option<T>,
        (code, message): Refused,
    ) -> Option<Vec<T>> {
        let list = self.path(part);
        if !self.check.length(&list, texts.len(), 1..=MAX_LIST) {
            return None;
        }
        let mut entries = Vec::with_capacity(texts.len());
        for (number, text) in texts.iter().enumerate() {
            let field = format!("{list}[{number}]");
            let text = self.check.text(&field, text, MAX_TEXT);
            match text.and_then(|text| read(&text)) {
                Some(entry) => entries.push(entry),
                None => self.check.refuse(&field, code, message),
            }
        }
        Some(entries)
    }

    fn moment(&mut self, part: &str, text: &str) -> Option<contract::Timestamp> {
        self.check.moment(&self.path(part), text).map(Into::into)
    }

    fn query(&mut self, query: QueryTest) -> Option<Test> {
        let name = self.parameter("query.name", query.name, "&=#");
        let value = match query.value {
            QueryValue::Present => Some(rules::QueryValue::Present),
            // Nothing may stand behind the `=`.
            QueryValue::Equals(text) if text.is_empty() => Some(rules::QueryValue::Equals(text)),
            QueryValue::Equals(text) => self
                .parameter("query.value.equals", text, "&#")
                .map(rules::QueryValue::Equals),
        };
        Some(Test::Query {
            name: name?,
            value: value?,
        })
    }

    /// A part of a query as browsers send it. Anything else would never be found in one.
    fn parameter(&mut self, part: &str, text: String, separators: &str) -> Option<String> {
        let field = self.path(part);
        if text.chars().count() > MAX_TEXT {
            let message = format!("at most {MAX_TEXT} characters are allowed here");
            self.check.refuse(&field, "too_long", message);
            return None;
        }
        let is_sent = |letter: char| letter.is_ascii_graphic() && !separators.contains(letter);
        if text.is_empty() || !text.chars().all(is_sent) {
            let message = "write it as it is sent: one character at least, the others as %20";
            self.check.refuse(&field, "forbidden_character", message);
            return None;
        }
        Some(text)
    }
}

fn country(text: &str) -> Option<Country> {
    let country = Country::try_from(text.to_owned()).ok()?;
    continent_of(country.0).map(|_| country)
}

fn continent(text: &str) -> Option<Country> {
    let continent = Country::try_from(text.to_owned()).ok()?;
    let is_known = CONTINENTS.contains(&names::show(&continent).as_str());
    is_known.then_some(continent)
}

fn name(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn language(text: &str) -> Option<Language> {
    let is_subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let first = text.split('-').next().unwrap_or_default();
    let begins_well = first.len() >= 2 && first.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_tag = text.len() <= MAX_LANGUAGE && begins_well && text.split('-').all(is_subtag);
    is_tag.then(|| Language(text.to_owned()))
}

/// As browsers send it: international names in punycode.
fn site(text: &str) -> Option<String> {
    let host = Host::parse(text).ok()?.to_string();
    let domain: Domain = host.parse().ok()?;
    Some(domain.to_string())
}

fn network(text: &str) -> Option<IpNet> {
    let network: Option<IpNet> = text.parse().ok();
    let network = network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    Some(network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_into_one_form() {
        assert_eq!(country("de"), Some(Country(*b"DE")));
        assert_eq!(country("UK"), None, "it is GB");
        assert_eq!(continent("eu"), Some(Country(*b"EU")));
        assert_eq!(continent("DE"), None);
        assert_eq!(
            site("Bücher.Example").as_deref(),
            Some("xn--bcher-kva.example")
        );
        assert_eq!(site("https://a.example"), None);
        assert_eq!(network("192.0.2.7/24"), "192.0.2.0/24".parse().ok());
        assert_eq!(network("2001:db8::1"), "2001:db8::1/128".parse().ok());
        assert_eq!(network("192.0.2.0/33"), None);
        for tag in ["de", "pt-BR", "zh-Hant-TW", "sr-Latn"] {
            assert!(language(tag).is_some(), "{tag}");
        }
        for nonsense in ["", "d", "-", "de-", "de_AT", "*", "de,en", &"a".repeat(9)] {
            assert!(language(nonsense).is_none(), "{nonsense:?}");
        }
    }
}
