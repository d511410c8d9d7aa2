//! Where clicks go in: from any thread, without a lock that is waited for and without a system call.

use std::cell::Cell;
use std::collections::VecDeque;
use std::hint::spin_loop;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use contract::{Click, SegmentId};
use uuid::Uuid;

use crate::file::SegmentFile;
use crate::layout::Header;
use crate::options::{Options, Sync};
use crate::segment::Segment;

/// Segments that lie ready. The second is for the moment in which several threads fill theirs.
const SPARES: usize = 2;

/// What became of a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is in the spool, and survives the process.
    Kept,
    /// There was no room for it.
    NoRoom,
}

/// The writing side of the spool.
pub struct Writer {
    options: Options,
    /// One for each thread, and some more. Only ever tried, never waited for: a thread whose slot
    /// is taken goes on to the next. So nobody can be asleep at one, and neither taking one nor
    /// giving it back is a system call.
    slots: Box<[Mutex<Slot>]>,
    /// Oldest first.
    spares: Mutex<VecDeque<Segment>>,
    /// Segments that readers have not heard of yet. Filled when a segment is made, emptied by the
    /// outbox.
    made: Mutex<Vec<Arc<SegmentFile>>>,
    /// All of them, as long as somebody has them.
    files: Mutex<Vec<Weak<SegmentFile>>>,
    /// Bytes of all segments on disk. Raised here, lowered by the outbox.
    used: Arc<AtomicU64>,
    is_closed: AtomicBool,
}

#[derive(Default)]
struct Slot {
    segment: Option<Segment>,
    /// The encoded click. Kept for its room.
    body: Vec<u8>,
    /// Records were open at the last look already.
    was_open: bool,
}

impl Writer {
    /// Without segments yet.
    pub(crate) fn new(options: Options, used: Arc<AtomicU64>) -> Self {
        let slots = options.threads.max(1) + 1;
        Self {
            slots: (0..slots).map(|_| Mutex::default()).collect(),
            spares: Mutex::default(),
            made: Mutex::default(),
            files: Mutex::default(),
            used,
            is_closed: AtomicBool::new(false),
            options,
        }
    }

    /// Takes a click. When this returns `Kept`, it survives the end of the process, and with
    /// [`Sync::Always`] that of the machine.
    pub fn record(&self, click: &Click<'_>) -> Recorded {
        self.with_slot(|slot| {
            let mut body = std::mem::take(&mut slot.body);
            body.clear();
            click.encode_into(&mut body);
            let recorded = self.append(slot, &body);
            slot.body = body;
            recorded
        })
    }

    /// Calls `work` with a slot that nobody else has.
    fn with_slot<T>(&self, work: impl FnOnce(&mut Slot) -> T) -> T {
        let first = thread_index();
        let mut attempt = 0;
        loop {
            let slot = &self.slots[(first + attempt) % self.slots.len()];
            match slot.try_lock() {
                Ok(mut slot) => return work(&mut slot),
                Err(TryLockError::Poisoned(slot)) => return work(&mut slot.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
            attempt += 1;
            if attempt % self.slots.len() == 0 {
                spin_loop();
            }
        }
    }

    fn append(&self, slot: &mut Slot, body: &[u8]) -> Recorded {
        if self.is_closed.load(Ordering::Acquire) {
            return Recorded::NoRoom;
        }
        let has_room = match &mut slot.segment {
            Some(segment) => put(segment, body, self.options.sync),
            None => false,
        };
        if !has_room {
            if let Some(full) = slot.segment.take() {
                full.end();
            }
            let Some(mut fresh) = self.try_spare() else {
                return Recorded::NoRoom;
            };
            if !put(&mut fresh, body, self.options.sync) {
                return Recorded::NoRoom;
            }
            slot.segment = Some(fresh);
        }
        Recorded::Kept
    }

    /// A segment that lies ready. Whoever makes them holds the lock for an instant only, so this
    /// is worth some tries, but no sleep.
    fn try_spare(&self) -> Option<Segment> {
        loop {
            match self.spares.try_lock() {
                Ok(mut spares) => return spares.pop_front(),
                Err(TryLockError::Poisoned(spares)) => return spares.into_inner().pop_front(),
                Err(TryLockError::WouldBlock) => spin_loop(),
            }
        }
    }

    /// Seals blocks whose records have waited for a whole period between two calls.
    pub fn seal_old(&self) {
        for slot in &self.slots {
            // A thread that is just writing to it will be here at the next look, too.
            if let Ok(mut slot) = slot.try_lock() {
                let is_open = slot.segment.as_ref().is_some_and(Segment::is_open);
                if is_open && slot.was_open {
                    slot.segment.as_mut().into_iter().for_each(Segment::seal);
                    slot.was_open = false;
                } else {
                    slot.was_open = is_open;
                }
            }
        }
    }

    /// Has segments ready, unless the quota is used up. Takes its time: not for threads that answer.
    ///
    /// # Errors
    /// When the disk has no room, or refuses.
    pub fn make_spares(&self) -> io::Result<()> {
        let size = self.options.segment_size;
        while !self.is_closed.load(Ordering::Acquire) && lock(&self.spares).len() < SPARES {
            if self.used.load(Ordering::Acquire) + size > self.options.quota {
                return Err(io::Error::from(io::ErrorKind::QuotaExceeded));
            }
            let header = Header {
                id: SegmentId(Uuid::new_v4().into_bytes()),
                size,
                created_at: (self.options.now)().as_micros(),
            };
            let segment = Segment::create(&self.options.folder, header)?;
            self.used.fetch_add(size, Ordering::AcqRel);
            lock(&self.files).push(Arc::downgrade(segment.file()));
            lock(&self.made).push(segment.file().clone());
            lock(&self.spares).push_back(segment);
        }
        Ok(())
    }

    /// Whether [`make_spares`](Self::make_spares) would make some.
    pub fn needs_spares(&self) -> bool {
        lock(&self.spares).len() < SPARES
    }

    /// Writes to the disk itself what was recorded so far, and returns when it is there.
    ///
    /// # Errors
    /// When the disk refuses. What was recorded is still safe from the end of the process.
    pub fn sync(&self) -> io::Result<()> {
        let files: Vec<_> = {
            let mut files = lock(&self.files);
            files.retain(|file| file.strong_count() > 0);
            files.iter().filter_map(Weak::upgrade).collect()
        };
        files.iter().try_for_each(|file| file.sync())
    }

    /// Segments made since the last call.
    pub(crate) fn take_made(&self) -> Vec<Arc<SegmentFile>> {
        std::mem::take(&mut *lock(&self.made))
    }

    /// Seals everything. What comes afterwards finds no room.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        for slot in &self.slots {
            if let Some(segment) = lock(slot).segment.take() {
                segment.end();
            }
        }
        for spare in lock(&self.spares).drain(..) {
            spare.end();
        }
    }
}

fn put(segment: &mut Segment, body: &[u8], sync: Sync) -> bool {
    let before = segment.position();
    let has_room = segment.append(body);
    if has_room
        && sync == Sync::Always
        && let Err(error) = segment.flush_from(before)
    {
        tracing::error!(%error, "a click was recorded, but the disk did not confirm it");
    }
    has_room
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A small number of this thread's own.
fn thread_index() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static INDEX: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    INDEX.get()
}
