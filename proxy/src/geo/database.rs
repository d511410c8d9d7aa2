//! One database, read into memory.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use contract::Place;
use maxminddb::{MaxMindDbError, Reader};

use super::record::Record;

/// Larger files are refused rather than read: memory is for links. The largest in use, of cities
/// with everything around them, have some hundred megabytes.
const LARGEST: u64 = 1 << 30;

/// About how many records are tried before a database is taken. All six million of DB-IP's would
/// take 1.4 s.
const TRIED: usize = 100_000;

/// Read whole, not mapped: a mapped file that somebody cuts short kills the process.
pub(super) struct Database {
    reader: Reader<Vec<u8>>,
}

/// Which state of which file this is. Another one means that it is worth reading again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    #[error("cannot read it: {0}")]
    Unreadable(#[from] io::Error),
    #[error("not a file")]
    NotAFile,
    #[error("larger than 1 GiB")]
    TooLarge,
    #[error("it is being written")]
    BeingWritten,
    #[error(transparent)]
    Damaged(#[from] MaxMindDbError),
    #[error("no country in it: not a database of places")]
    NoPlaces,
}

impl Stamp {
    /// Of what is at the path now.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        std::fs::metadata(path).map(|metadata| Self::from(&metadata))
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            // Copies may keep the time of modification; this one nobody can set.
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Database {
    /// Reads and tries the file.
    pub(super) fn load(path: &Path) -> Result<Self, LoadError> {
        // A named pipe would keep us waiting as soon as it is opened.
        if !std::fs::metadata(path)?.is_file() {
            return Err(LoadError::NotAFile);
        }
        let file = File::open(path)?;
        let before = file.metadata()?;
        if before.size() > LARGEST {
            return Err(LoadError::TooLarge);
        }
        let mut bytes = Vec::with_capacity(before.size() as usize);
        (&file).take(LARGEST).read_to_end(&mut bytes)?;
        if Stamp::from(&before) != Stamp::from(&file.metadata()?) {
            return Err(LoadError::BeingWritten);
        }
        let database = Self {
            reader: Reader::from_source(bytes)?,
        };
        database.try_out()?;
        Ok(database)
    }

    /// The place of an address, if it is in here.
    pub(super) fn find(&self, address: IpAddr) -> Option<Place<'_>> {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return None;
        }
        let record: Record<'_> = self.reader.lookup(address).ok()?.decode().ok()??;
        Some(record.place()).filter(|place| *place != Place::default())
    }

    /// What it says of itself, for the log.
    pub(super) fn kind(&self) -> &str {
        &self.reader.metadata().database_type
    }

    /// When it was made, in seconds since 1970.
    pub(super) fn built_at(&self) -> u64 {
        self.reader.metadata().build_epoch
    }

    /// Looks at records from all over the database. The library's own check is of no use here: it
    /// refuses databases without a description, which all of ip-location-db's are.
    fn try_out(&self) -> Result<(), LoadError> {
        let networks = self.reader.networks(Default::default())?;
        let nodes = self.reader.metadata().node_count as usize;
        let mut has_places = false;
        for network in networks.step_by(1 + nodes / TRIED) {
            let record: Option<Record<'_>> = network?.decode()?;
            has_places |= record.is_some_and(|record| record.place().country.is_some());
        }
        if has_places {
            Ok(())
        } else {
            Err(LoadError::NoPlaces)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::written;
    use serde_json::{Value, json};

    /// The layout of GeoLite2, as MaxMind writes it.
    const NESTED: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/GeoLite2-City-Test.mmdb"
    );

    fn load(bytes: &[u8]) -> Result<Database, LoadError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Database::load(file.path())
    }

    fn find<'a>(database: &'a Database, address: &str) -> Option<Place<'a>> {
        database.find(address.parse().unwrap())
    }

    fn place<'a>(
        country: &[u8; 2],
        continent: &[u8; 2],
        region: &'a str,
        city: &'a str,
    ) -> Place<'a> {
        Place {
            country: Some(*country),
            continent: Some(*continent),
            region,
            city,
        }
    }

    #[test]
    fn nested_records_are_read() {
        let database = Database::load(Path::new(NESTED)).unwrap();
        assert_eq!(database.kind(), "GeoLite2-City");
        for (address, expected) in [
            ("2.125.160.216", place(b"GB", b"EU", "ENG", "Boxford")),
            ("81.2.69.142", place(b"GB", b"EU", "ENG", "London")),
            ("216.160.83.56", place(b"US", b"NA", "WA", "Milton")),
            ("67.43.156.1", place(b"BT", b"AS", "", "")),
            ("2001:218::1", place(b"JP", b"AS", "", "")),
        ] {
            assert_eq!(find(&database, address), Some(expected), "{address}");
        }
        for address in [
            "127.0.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "::1",
            "2001:db8::1",
        ] {
            assert_eq!(find(&database, address), None, "{address}");
        }
    }

    /// As in ip-location-db.
    fn flat(country: &str, state: &str, city: &str) -> Value {
        json!({
            "country_code": country, "state1": state, "state2": "", "city": city, "postcode": "",
            "latitude": 0, "longitude": 0, "timezone": "",
        })
    }

    #[test]
    fn flat_records_are_read() {
        let bytes = written::database(
            4,
            &[
                ("203.0.113.0/25", flat("DE", "Bavaria", "Munich")),
                ("203.0.113.128/25", json!({ "country_code": "br" })),
                ("198.51.100.7/32", flat("ZZ", "", "")),
            ],
        );
        let database = load(&bytes).unwrap();
        for (address, expected) in [
            (
                "203.0.113.127",
                Some(place(b"DE", b"EU", "Bavaria", "Munich")),
            ),
            ("203.0.113.128", Some(place(b"BR", b"SA", "", ""))),
            ("198.51.100.7", None),
            ("198.51.100.8", None),
            // Only IPv4 is in here.
            ("2001:db8::1", None),
        ] {
            assert_eq!(find(&database, address), expected, "{address}");
        }
    }

    #[test]
    fn both_kinds_of_addresses_may_be_in_one_file() {
        let bytes = written::database(
            6,
            &[
                ("203.0.113.0/24", flat("DE", "Bavaria", "Munich")),
                ("2001:db8::/32", flat("JP", "Tokyo", "Tokyo")),
            ],
        );
        let database = load(&bytes).unwrap();
        for (address, expected) in [
            (
                "203.0.113.1",
                Some(place(b"DE", b"EU", "Bavaria", "Munich")),
            ),
            ("2001:db8:1::1", Some(place(b"JP", b"AS", "Tokyo", "Tokyo"))),
            ("2001:db9::1", None),
        ] {
            assert_eq!(find(&database, address), expected, "{address}");
        }
    }

    #[test]
    fn other_layouts_are_understood_as_far_as_they_go() {
        let germany = place(b"DE", b"EU", "", "");
        for (record, expected) in [
            // DB-IP nests, and has no codes of regions.
            (
                json!({
                    "continent": { "code": "EU", "geoname_id": 1, "names": { "en": "Europe" } },
                    "country": { "iso_code": "DE", "is_in_european_union": 1 },
                    "subdivisions": [{ "names": { "de": "Bayern", "en": "Bavaria" } }],
                    "city": { "names": { "de": "München", "en": "Munich" } },
                }),
                place(b"DE", b"EU", "Bavaria", "Munich"),
            ),
            // IPinfo's are flat, with words where others have codes.
            (
                json!({ "country": "Germany", "country_code": "DE", "continent": "Europe" }),
                germany,
            ),
            (
                json!({ "country": "DE", "region": "Bavaria", "region_code": "BY", "city": "Munich" }),
                place(b"DE", b"EU", "BY", "Munich"),
            ),
            // Nothing of what is known, but the country of the provider.
            (
                json!({ "registered_country": { "iso_code": "FR" } }),
                Place::default(),
            ),
            (json!({ "subdivisions": [], "country_code": "DE" }), germany),
        ] {
            let places = [
                ("203.0.113.0/24", record),
                ("198.51.100.0/24", flat("AQ", "", "")),
            ];
            let database = load(&written::database(4, &places)).unwrap();
            let found = find(&database, "203.0.113.1").unwrap_or_default();
            assert_eq!(found, expected, "{}", places[0].1);
        }
    }

    #[test]
    fn what_is_no_database_of_places_is_refused() {
        let record = json!({ "autonomous_system_number": 64496 });
        let bytes = written::database(4, &[("203.0.113.0/24", record)]);
        let refused = load(&bytes).err().unwrap();
        assert!(matches!(refused, LoadError::NoPlaces), "{refused}");

        let refused = Database::load(Path::new("/does/not/exist")).err().unwrap();
        assert!(matches!(refused, LoadError::Unreadable(_)), "{refused}");
        let refused = Database::load(Path::new("/dev/zero")).err().unwrap();
        assert!(matches!(refused, LoadError::NotAFile), "{refused}");
    }

    #[test]
    fn damaged_files_are_refused_or_give_no_places_and_never_panic() {
        let whole = std::fs::read(NESTED).unwrap();
        for length in (0..whole.len()).step_by(997) {
            let refused = load(&whole[..length]).err();
            assert!(refused.is_some(), "cut after {length} bytes");
        }
        // A search tree of noise, and records of noise.
        for hole in (0..whole.len()).step_by(500) {
            let mut damaged = whole.clone();
            let end = (hole + 500).min(whole.len());
            let mut noise = hole as u32;
            for byte in &mut damaged[hole..end] {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = (noise >> 24) as u8;
            }
            if let Ok(database) = load(&damaged) {
                for address in ["2.125.160.216", "81.2.69.142", "2001:218::1"] {
                    find(&database, address);
                }
            }
        }
    }
}
