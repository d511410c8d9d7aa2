//! What is of use in a record of a database, however it is laid out.
//!
//! GeoLite2, GeoIP2 and DB-IP nest their values: `country.iso_code`, `city.names.en`. Others are
//! flat: `country_code`, `state1`, `city` (ip-location-db). A reader of the one finds nothing in the
//! other, and no error either. So each value is taken as it comes, nested or not.

use std::fmt;

use contract::Place;
use contract::place::continent_of;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// One record. Texts are borrowed from the database.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Record<'a> {
    continent: Entry<'a>,
    continent_code: Entry<'a>,
    country: Entry<'a>,
    country_code: Entry<'a>,
    subdivisions: Entry<'a>,
    region_code: Entry<'a>,
    region: Entry<'a>,
    state1: Entry<'a>,
    city: Entry<'a>,
}

/// A text; a map with a code or names; or a list of these, of which the first counts.
#[derive(Default, Clone, Copy)]
struct Entry<'a> {
    code: &'a str,
    name: &'a str,
}

#[derive(Deserialize)]
struct Names<'a> {
    #[serde(borrow, default)]
    en: &'a str,
}

impl<'a> Record<'a> {
    /// The place. What is no country (`ZZ`, `EU`) is unknown.
    pub(super) fn place(&self) -> Place<'a> {
        let country = [self.country, self.country_code]
            .into_iter()
            .filter_map(|entry| two_letters(entry.code))
            .find(|country| continent_of(*country).is_some());
        let continent = [self.continent, self.continent_code]
            .into_iter()
            .find_map(|entry| two_letters(entry.code));
        let region = [
            self.subdivisions,
            self.region_code,
            self.region,
            self.state1,
        ]
        .into_iter()
        .flat_map(|entry| [entry.code, entry.name])
        .find(|text| !text.is_empty());
        Place {
            country,
            continent: continent.or_else(|| continent_of(country?)),
            region: region.unwrap_or_default(),
            city: self.city.name,
        }
    }
}

fn two_letters(text: &str) -> Option<[u8; 2]> {
    let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
    letters
        .iter()
        .all(u8::is_ascii_alphabetic)
        .then(|| letters.map(|letter| letter.to_ascii_uppercase()))
}

impl<'de: 'a, 'a> Deserialize<'de> for Entry<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, a map or a list")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Entry {
            code: text,
            name: text,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entry = Entry::default();
        while let Some(key) = map.next_key::<&str>()? {
            match key {
                "iso_code" | "code" => entry.code = map.next_value()?,
                // A code comes first, by the alphabet, and is enough: names are most of a record.
                "names" if entry.code.is_empty() => {
                    entry.name = map.next_value::<Names<'de>>()?.en;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(entry)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let first = list.next_element()?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first.unwrap_or_default())
    }
}
