use contract::Timestamp;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

/// SHA-256 of an entry and of all before it.
pub type Hash = [u8; 32];

/// What the first entry of a workspace is hashed over.
pub const BEGINNING: Hash = [0; 32];

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Whose log.
    pub workspace_id: Uuid,
    /// From 1 on.
    pub number: i64,
    /// When.
    pub at: OffsetDateTime,
    /// Who.
    pub actor: &'a str,
    /// What was done.
    pub action: &'a str,
    /// To what.
    pub subject: &'a str,
    /// What it is like since, in JSON.
    pub state: &'a str,
}

impl Entry<'_> {
    /// Texts carry their length, so that no two entries give the same bytes.
    pub fn hash(&self, before: &Hash) -> Hash {
        let mut hash = Sha256::new();
        hash.update(before);
        hash.update(self.workspace_id.as_bytes());
        hash.update(self.number.to_be_bytes());
        hash.update(Timestamp::from(self.at).as_micros().to_be_bytes());
        for text in [self.actor, self.action, self.subject, self.state] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_an_entry_changes_its_hash() {
        let entry = Entry {
            workspace_id: Uuid::from_u128(1),
            number: 1,
            at: OffsetDateTime::UNIX_EPOCH,
            actor: "usr_1",
            action: "link.created",
            subject: "lnk_1",
            state: "{}",
        };
        let mut hashes = vec![entry.hash(&BEGINNING), entry.hash(&[1; 32])];
        let mut other = |change: fn(&mut Entry<'_>)| {
            let mut entry = entry.clone();
            change(&mut entry);
            hashes.push(entry.hash(&BEGINNING));
        };
        other(|entry| entry.workspace_id = Uuid::from_u128(2));
        other(|entry| entry.number = 2);
        other(|entry| entry.at += time::Duration::MICROSECOND);
        other(|entry| entry.actor = "usr_2");
        other(|entry| entry.action = "link.deleted");
        other(|entry| entry.subject = "lnk_2");
        other(|entry| entry.state = "[]");
        other(|entry| (entry.subject, entry.state) = ("lnk_1{", "}"));
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }
}
