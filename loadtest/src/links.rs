//! The links that are asked for: the same for every server in a run, and for every run with the
//! same seed.

use std::collections::HashSet;
use std::fmt::Write;

use contract::{Code, Domain, LinkId, LinkRecord, LinkState, RedirectStatus};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use crate::variant::Variant;

/// Where they live. No address of this machine: a host that is compared with the default domain
/// and found equal is the ordinary case.
pub(crate) const DOMAIN: &str = "go.example.com";

/// As many characters as generated codes have.
const CODE_LENGTH: usize = 8;

/// nginx compares the keys of a `map` without regard to case, so no two codes may differ in it
/// alone.
const CODE_ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Pages of the targets, so that they differ in length as real ones do: about 60 bytes.
const PAGES: [&str; 4] = ["articles", "shop/shoes/winter", "about/people", "p"];

/// A link as a client knows it.
#[derive(Debug)]
pub(crate) struct Link {
    /// Its short part.
    pub(crate) code: String,
    /// Where it may lead; any of these is right.
    pub(crate) targets: Vec<String>,
    record: LinkRecord,
}

/// Links in the order they were made.
#[derive(Debug)]
pub(crate) struct Links(Vec<Link>);

impl Links {
    /// Makes `count` links.
    pub(crate) fn make(count: usize, variant: Variant, seed: u64) -> anyhow::Result<Self> {
        let domain: Domain = DOMAIN.parse()?;
        let mut random = StdRng::seed_from_u64(seed);
        let mut known = HashSet::with_capacity(count);
        let mut links = Vec::with_capacity(count);
        while links.len() < count {
            let code = code(&mut random);
            let parsed: Code = code.parse()?;
            if parsed.is_reserved() || !known.insert(code.clone()) {
                continue;
            }
            let mut record = LinkRecord {
                link_id: LinkId(Uuid::from_u128(random.random())),
                domain: domain.clone(),
                code: parsed,
                revision: 1 + links.len() as u64,
                state: LinkState::Active,
                original_url: target(&mut random),
                status: RedirectStatus::Found,
                expires_at: None,
                options: None,
            };
            let targets = variant.equip(&mut record);
            links.push(Link {
                code,
                targets,
                record,
            });
        }
        Ok(Self(links))
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// One by its place.
    pub(crate) fn get(&self, index: usize) -> &Link {
        &self.0[index]
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Link> {
        self.0.iter()
    }

    /// Mean length of the targets, in bytes.
    pub(crate) fn mean_target_length(&self) -> usize {
        let bytes: usize = self.iter().map(|link| link.targets[0].len()).sum();
        bytes / self.len().max(1)
    }
}

impl Link {
    /// As the edge knows it.
    pub(crate) fn record(&self) -> &LinkRecord {
        &self.record
    }
}

fn code(random: &mut StdRng) -> String {
    let mut code = String::with_capacity(CODE_LENGTH);
    for _ in 0..CODE_LENGTH {
        let index = random.random_range(0..CODE_ALPHABET.len());
        code.push(CODE_ALPHABET[index].into());
    }
    code
}

fn target(random: &mut StdRng) -> String {
    let page = PAGES[random.random_range(0..PAGES.len())];
    let shop = random.random_range(0..1_000);
    let mut target = format!("https://www.example-{shop:03}.com/{page}/");
    // Writing into a text cannot fail.
    let _ = write!(target, "{:012x}", random.random::<u64>() >> 16);
    target.push_str("?ref=mail");
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_links() {
        let text = |seed| {
            let links = Links::make(100, Variant::Plain, seed).unwrap();
            let text = |link: &Link| format!("{} {}", link.code, link.record.encode());
            links.iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn targets_are_about_as_long_as_real_ones() {
        let links = Links::make(1_000, Variant::Plain, 1).unwrap();
        let length = links.mean_target_length();
        assert!((55..=65).contains(&length), "{length}");
    }
}
