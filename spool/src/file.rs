//! A segment's file, held by one process at a time.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use contract::SegmentId;
use rustix::fs::{FallocateFlags, FlockOperation, fallocate, flock};
use rustix::io::Errno;

use crate::layout::{ACKED_AT, HEADER, Header, HeaderError, Kind};
use crate::publication::flush;

/// How segments end.
pub const EXTENSION: &str = "spool";

/// How segments end that are just being made.
const UNFINISHED: &str = "new";

/// How segments end of which some blocks could not be read.
const DAMAGED: &str = "damaged";

/// A segment's file. Whoever has it has its lock, which the system takes back from a process that
/// is killed.
#[derive(Debug)]
pub struct SegmentFile {
    file: File,
    path: PathBuf,
    header: Header,
    /// Blocks that were sealed by this process. Raised by the writer, after the seal; read by the
    /// reader, which need not look at the file as long as it has seen them all.
    sealed: AtomicU64,
    /// Bytes that were written so far, from the beginning. Raised by the writer, when they are there.
    written: AtomicU64,
    /// Of these, the ones that are on the disk itself.
    synced: AtomicU64,
    /// Nothing more may be written. Set by the reader, asked by the writer.
    is_given_up: AtomicBool,
}

/// What there is to a file that somebody left behind.
#[derive(Debug)]
pub enum Found {
    /// Its blocks are ours now.
    Ours(SegmentFile),
    /// Somebody has it, or has just removed it.
    Taken,
    /// Nobody here can read it, yet or ever. It stays where it is.
    Unreadable(HeaderError),
}

impl SegmentFile {
    /// Makes the file of a new segment, with all its room on disk: a full disk is noticed here, and
    /// not by a signal when a page is written.
    ///
    /// It gets its name last, so that a file with that name is whole.
    ///
    /// # Errors
    /// When the disk has no room, or refuses.
    pub(crate) fn create(folder: &Path, header: Header) -> io::Result<Self> {
        let path = folder.join(format!("{}.{EXTENSION}", header.id));
        let unfinished = path.with_extension(UNFINISHED);
        let made = Self::prepare(&unfinished, &path, header);
        if made.is_err() {
            // It may never have been there.
            let _ = fs::remove_file(&unfinished);
        }
        made
    }

    fn prepare(unfinished: &Path, path: &Path, header: Header) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true);
        let file = file.open(unfinished)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        fallocate(&file, FallocateFlags::empty(), 0, header.size)?;
        file.write_all_at(&header.encode(), 0)?;
        fs::rename(unfinished, path)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            header,
            sealed: AtomicU64::new(0),
            written: AtomicU64::new(HEADER as u64),
            synced: AtomicU64::new(0),
            is_given_up: AtomicBool::new(false),
        })
    }

    /// Takes a file that somebody left behind.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn adopt(path: &Path) -> io::Result<Found> {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Taken),
            Err(error) => return Err(error),
        };
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(Found::Taken),
            Err(error) => return Err(error.into()),
        }
        // Whoever had it may have removed it before we had the lock.
        if file.metadata()?.nlink() == 0 {
            return Ok(Found::Taken);
        }
        match read_header(&file)? {
            Ok(header) => Ok(Found::Ours(Self {
                file,
                path: path.to_owned(),
                header,
                sealed: AtomicU64::new(0),
                written: AtomicU64::new(0),
                synced: AtomicU64::new(0),
                is_given_up: AtomicBool::new(false),
            })),
            Err(error) => Ok(Found::Unreadable(error)),
        }
    }

    /// Names its blocks.
    pub fn id(&self) -> SegmentId {
        self.header.id
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.header.size
    }

    /// What is in it.
    pub(crate) fn kind(&self) -> Kind {
        self.header.kind
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn raw(&self) -> &File {
        &self.file
    }

    /// Reads as much of `buffer` as there is at an offset.
    pub(crate) fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        read_at(&self.file, buffer, offset)
    }

    pub(crate) fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    /// Writes to the disk itself what was written so far, and returns when it is there. Not the empty
    /// rest: each of its pages would be written twice, and be slow to write into for the first time.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn sync(&self) -> io::Result<()> {
        if self.kind() == Kind::Counts {
            // Written to anywhere.
            return self.file.sync_data();
        }
        let written = self.written.load(Ordering::Acquire);
        let synced = self.synced.load(Ordering::Relaxed);
        if written > synced {
            flush(&self.file, synced, written)?;
            self.synced.fetch_max(written, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Takes note that everything before this position is written.
    pub(crate) fn set_written(&self, position: usize) {
        self.written.store(position as u64, Ordering::Release);
    }

    pub(crate) fn sealed(&self) -> u64 {
        self.sealed.load(Ordering::Acquire)
    }

    pub(crate) fn count_seal(&self) {
        self.sealed.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }

    /// Keeps the writer from putting more into a file that cannot be read.
    pub(crate) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    /// How many of the first blocks need not be sent again.
    pub(crate) fn acked_below(&self) -> io::Result<u64> {
        acked_below(&self.file)
    }

    /// Keeps how many of the first blocks need not be sent again. What is lost of that in a crash
    /// costs sending some of them again.
    pub(crate) fn set_acked_below(&self, number: u64) -> io::Result<()> {
        self.write(&number.to_le_bytes(), ACKED_AT)
    }

    /// Removes it: all of its blocks are safe elsewhere.
    pub(crate) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    /// Keeps it, under a name that nobody adopts, for somebody to look at.
    pub(crate) fn quarantine(&self) -> io::Result<PathBuf> {
        let path = self.path.with_extension(DAMAGED);
        fs::rename(&self.path, &path)?;
        Ok(path)
    }
}

/// What a file says of itself, whoever has it.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn read_header(file: &File) -> io::Result<Result<Header, HeaderError>> {
    let mut bytes = [0; HEADER];
    if read_at(file, &mut bytes, 0)? < HEADER {
        return Ok(Err(HeaderError::Damaged("is shorter than its header")));
    }
    let header = match Header::decode(&bytes) {
        Ok(header) => header,
        Err(error) => return Ok(Err(error)),
    };
    if file.metadata()?.len() != header.size {
        return Ok(Err(HeaderError::Damaged("has another length than it says")));
    }
    Ok(Ok(header))
}

pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The segments in a folder. Removes what was never finished by a process that is gone.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(EXTENSION) => paths.push(path),
            Some(UNFINISHED) => remove_unfinished(&path),
            _ => {}
        }
    }
    paths.sort();
    Ok(paths)
}

/// How many of the first blocks of a segment need not be sent again.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn acked_below(file: &File) -> io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes, ACKED_AT)?;
    Ok(u64::from_le_bytes(bytes))
}

fn remove_unfinished(path: &Path) {
    let is_abandoned = File::open(path)
        .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok());
    // Between making and locking it, another process may take it for abandoned: then that one
    // fails to rename it, and tries again with another.
    if is_abandoned && let Err(error) = fs::remove_file(path) {
        tracing::warn!(%error, path = %path.display(), "an unfinished segment could not be removed");
    }
}
