//! The file `cache.snap`: a head, then records, each with its length and checksum.
//!
//! ```text
//! "LPSNAP\0\x01"   8 bytes: what it is, and the version of this layout
//! head             one entry, JSON
//! record…          entries, each the JSON of a contract::Record
//! ```
//! An entry is a `u32` length, the `u32` CRC-32 of its bytes, and the bytes; integers are
//! little-endian. The file is written whole under another name, made durable, and renamed, so a
//! kill leaves the old one. Damage is found by the checksums: what comes before it is used.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use contract::{Record, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the file begins with.
const MAGIC: [u8; 8] = *b"LPSNAP\0\x01";

/// No entry is longer: records are a few hundred bytes, with many rules some ten thousand. Bytes.
const LONGEST_ENTRY: u32 = 1024 * 1024;

/// What the records in a file are worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The history that `applied` counts in; `None` if the feed was never joined.
    pub(crate) epoch: Option<Uuid>,
    /// All changes up to this one are in the records.
    pub(crate) applied: u64,
    /// When it was last known that nothing was missing.
    pub(crate) fresh_at: Timestamp,
}

/// Why there is nothing to start with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is not ours, or damaged at its beginning.
    #[error("not a snapshot of this version, or damaged")]
    Unreadable,
}

/// Writes all records to `path`, durably, and returns their number.
pub(super) fn write(
    path: &Path,
    head: &Head,
    records: impl Iterator<Item = String>,
) -> io::Result<u64> {
    let unfinished = path.with_extension("tmp");
    let mut file = BufWriter::with_capacity(256 * 1024, File::create(&unfinished)?);
    file.write_all(&MAGIC)?;
    write_entry(&mut file, serde_json::to_string(head)?.as_bytes())?;
    let mut count = 0;
    for record in records {
        write_entry(&mut file, record.as_bytes())?;
        count += 1;
    }
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    // The rename is durable when the folder is.
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(count)
}

fn write_entry(file: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    file.write_all(&length.to_le_bytes())?;
    file.write_all(&crc32fast::hash(bytes).to_le_bytes())?;
    file.write_all(bytes)
}

/// Reads a file: its head, and every record up to the first damage into `take`. `Ok(None)`: there
/// is no file.
///
/// # Errors
/// When the file or its beginning cannot be read; nothing was taken then.
pub(crate) fn read(
    path: &Path,
    mut take: impl FnMut(Record),
) -> Result<Option<Head>, SnapshotError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut file = BufReader::with_capacity(256 * 1024, file);
    let mut magic = [0; MAGIC.len()];
    let is_ours = file.read_exact(&mut magic).is_ok() && magic == MAGIC;
    let mut entry = Vec::new();
    if !is_ours || !read_entry(&mut file, &mut entry)? {
        return Err(SnapshotError::Unreadable);
    }
    let head = serde_json::from_slice(&entry).map_err(|_| SnapshotError::Unreadable)?;
    while read_entry(&mut file, &mut entry)? {
        match Record::decode(&entry) {
            Ok(record) => take(record),
            // A release that knew more has written it: the sources will tell.
            Err(error) => tracing::warn!(%error, "a record of the snapshot is left out"),
        }
    }
    Ok(Some(head))
}

/// Reads the next entry; false at the end, and at damage.
fn read_entry(file: &mut impl Read, entry: &mut Vec<u8>) -> io::Result<bool> {
    let (mut length, mut checksum) = ([0; 4], [0; 4]);
    match file.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
        Err(error) => return Err(error),
    }
    let length = u32::from_le_bytes(length);
    if length > LONGEST_ENTRY {
        tracing::error!("the snapshot is damaged: what follows is not used");
        return Ok(false);
    }
    entry.resize(length as usize, 0);
    let is_whole = file.read_exact(&mut checksum).is_ok()
        && file.read_exact(entry).is_ok()
        && u32::from_le_bytes(checksum) == crc32fast::hash(entry);
    if !is_whole {
        tracing::error!("the snapshot is damaged: what follows is not used");
    }
    Ok(is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{LinkId, LinkRecord, LinkState, RedirectStatus};
    use proptest::prelude::*;

    fn record(number: u128) -> Record {
        Record::Link(LinkRecord {
            link_id: LinkId(Uuid::from_u128(number)),
            domain: "localhost".parse().unwrap(),
            code: format!("code-{number}").parse().unwrap(),
            revision: 1,
            state: LinkState::Active,
            original_url: "https://example.com/".into(),
            status: RedirectStatus::Found,
            expires_at: None,
            options: None,
        })
    }

    fn head() -> Head {
        Head {
            epoch: Some(Uuid::from_u128(5)),
            applied: 7,
            fresh_at: Timestamp::from_micros(9),
        }
    }

    fn written(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("cache.snap");
        let records = (0..20).map(|number| record(number).encode());
        assert_eq!(write(&path, &head(), records).unwrap(), 20);
        path
    }

    fn read_all(path: &Path) -> (Result<Option<Head>, SnapshotError>, Vec<Record>) {
        let mut records = Vec::new();
        let head = read(path, |record| records.push(record));
        (head, records)
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let (found, records) = read_all(&path);
        assert_eq!(found.unwrap(), Some(head()));
        assert_eq!(records, (0..20).map(record).collect::<Vec<_>>());
        assert!(matches!(read_all(&folder.path().join("none")).0, Ok(None)));
    }

    proptest! {
        /// Whatever happens to the file, no record comes out that did not go in.
        #[test]
        fn damage_is_noticed(position in 0_usize..4_000, bit in 0_u8..8, cut: bool) {
            let folder = tempfile::tempdir().unwrap();
            let path = written(folder.path());
            let mut bytes = std::fs::read(&path).unwrap();
            let position = position % bytes.len();
            if cut {
                bytes.truncate(position);
            } else {
                bytes[position] ^= 1 << bit;
            }
            std::fs::write(&path, bytes).unwrap();
            let (found, records) = read_all(&path);
            match found {
                Ok(found) => prop_assert_eq!(found, Some(head())),
                Err(error) => prop_assert!(matches!(error, SnapshotError::Unreadable)),
            }
            prop_assert!(records.len() < 20 || cut);
            let first: Vec<_> = (0..20).map(record).take(records.len()).collect();
            prop_assert_eq!(records, first);
        }
    }
}
