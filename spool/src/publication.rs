//! The one moment that matters: a record is there when its word is, and not before.
//!
//! The only module with unsafe code. Under `--features loom` the first two functions are checked
//! under every interleaving of a writer and a reader.

#[cfg(feature = "loom")]
use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(feature = "loom"))]
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes everything that was written before visible to whoever sees the word.
#[inline]
pub fn publish(word: &AtomicU64, bits: u64) {
    word.store(bits.to_le(), Ordering::Release);
}

/// The word, and with it everything that was written before.
#[inline]
pub fn observe(word: &AtomicU64) -> u64 {
    u64::from_le(word.load(Ordering::Acquire))
}

/// Publishes a word in a file that is mapped into memory.
///
/// # Panics
/// When the position is not that of a word in the map. Whoever calls has looked.
#[cfg(not(feature = "loom"))]
#[inline]
pub(crate) fn publish_in(map: &mut memmap2::MmapMut, position: usize, bits: u64) {
    let bytes = &mut map[position..position + 8];
    let pointer = bytes.as_mut_ptr().cast::<u64>();
    assert!(pointer.is_aligned());
    // SAFETY: the pointer is aligned and to 8 bytes that nobody else refers to while `map` is
    // borrowed mutably. Other processes and the reader see the file through system calls.
    #[allow(unsafe_code)]
    let word = unsafe { AtomicU64::from_ptr(pointer) };
    publish(word, bits);
}

/// Maps a file into memory, writable and shared with the file.
///
/// # Errors
/// When the system refuses.
#[cfg(not(feature = "loom"))]
pub(crate) fn map(file: &std::fs::File, length: usize) -> std::io::Result<memmap2::MmapMut> {
    let mut options = memmap2::MmapOptions::new();
    // SAFETY: nobody makes the file shorter while it is mapped. It is ours by its lock, all its room
    // was taken on the disk, and what is in the map is only ever written through it.
    #[allow(unsafe_code)]
    let map = unsafe { options.len(length).map_mut(file)? };
    // Now, not while a visitor waits.
    map.advise(memmap2::Advice::PopulateWrite)?;
    Ok(map)
}

/// Writes a part of a file to the disk itself, and returns when it is there. What is written to it
/// through other maps is meant, too.
///
/// # Errors
/// When the disk refuses.
#[cfg(not(feature = "loom"))]
pub(crate) fn flush(file: &std::fs::File, from: u64, until: u64) -> std::io::Result<()> {
    let length = usize::try_from(until - from).map_err(std::io::Error::other)?;
    let mut options = memmap2::MmapOptions::new();
    // SAFETY: nobody looks into this map, and the file is not made shorter, as in `map`.
    #[allow(unsafe_code)]
    let map = unsafe { options.offset(from).len(length).map_mut(file)? };
    map.flush()
}
