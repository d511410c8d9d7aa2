//! Where clicks go in: from any thread, without a lock that is waited for and without a system call.

use std::cell::Cell;
use std::collections::VecDeque;
use std::hint::spin_loop;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::thread;

use contract::{Click, SegmentId};
use uuid::Uuid;

use crate::file::SegmentFile;
use crate::layout::{Header, Kind, MAX_RECORD};
use crate::options::{Options, SyncPolicy};
use crate::segment::Segment;
use crate::table::{TABLE_SIZE, Table};
use crate::tables::{Counted, Tables};

/// Segments that lie ready. The second is for the moment in which several threads fill theirs.
const SPARES: usize = 2;

/// What became of a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is in the spool, and survives the process.
    Kept,
    /// There was no room for it. It is one more in its link's number of that minute, which survives
    /// the process.
    Tallied,
    /// Not even for that. It is one more in the number of hits of which nothing else is known.
    InGap,
    /// Nowhere: the spool is closed, or never had any room.
    Lost,
}

/// The writing side of the spool.
pub struct Writer {
    options: Options,
    /// One for each thread, and some more. Only ever tried, never waited for: a thread whose slot
    /// is taken goes on to the next. So nobody can be asleep at one, and neither taking one nor
    /// giving it back is a system call.
    slots: Box<[Mutex<Slot>]>,
    shelf: Mutex<Shelf>,
    /// For clicks that have no room.
    tables: Tables,
    /// Something was counted that had no room.
    is_short: AtomicBool,
    /// Segments that readers have not heard of yet. Filled when a segment is made, emptied by the
    /// outbox.
    made: Mutex<Vec<Arc<SegmentFile>>>,
    /// All of them, as long as somebody has them.
    files: Mutex<Vec<Weak<SegmentFile>>>,
    /// Bytes of all segments on disk. Raised here, lowered by the outbox.
    used: Arc<AtomicU64>,
    is_closed: AtomicBool,
}

/// What whoever makes segments and those who fill them hand each other.
#[derive(Default)]
struct Shelf {
    /// Oldest first.
    spares: VecDeque<Segment>,
    /// Full ones. Giving their memory back is a system call, and not for those who record.
    full: Vec<Segment>,
}

struct Slot {
    segment: Option<Segment>,
    /// The encoded click. Kept for its room, which it has from the start.
    body: Vec<u8>,
    /// Records were open at the last look already.
    was_open: bool,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            segment: None,
            body: Vec::with_capacity(MAX_RECORD),
            was_open: false,
        }
    }
}

impl Writer {
    /// Without segments yet.
    pub(crate) fn new(options: Options, used: Arc<AtomicU64>) -> Self {
        let slots = options.threads.max(1) + 1;
        Self {
            slots: (0..slots).map(|_| Mutex::default()).collect(),
            shelf: Mutex::new(Shelf {
                spares: VecDeque::with_capacity(SPARES),
                // More are rarely there, and then it grows.
                full: Vec::with_capacity(slots + SPARES),
            }),
            tables: Tables::default(),
            is_short: AtomicBool::new(false),
            made: Mutex::default(),
            files: Mutex::default(),
            used,
            is_closed: AtomicBool::new(false),
            options,
        }
    }

    /// Takes a click. When this returns `Kept`, it survives the end of the process, and with
    /// [`SyncPolicy::Always`] that of the machine.
    pub fn record(&self, click: &Click<'_>) -> Recorded {
        let first = thread_index();
        let keep = |slot: &mut Slot| {
            let mut body = std::mem::take(&mut slot.body);
            body.clear();
            click.encode_into(&mut body);
            let is_kept = self.append(slot, &body);
            slot.body = body;
            is_kept
        };
        // Another thread's segment may have room when this one's is full and none lies ready: when
        // many threads begin at once, or the last segments are being filled.
        let is_kept = self.with_slot(first, keep)
            || (1..self.slots.len()).any(|step| self.with_slot(first + step, keep));
        if is_kept {
            return Recorded::Kept;
        }
        if self.is_closed() {
            return Recorded::Lost;
        }
        let counted = self.tables.count(click);
        // Afterwards, so that whoever takes this back has seen the count.
        self.is_short.store(true, Ordering::Release);
        match counted {
            Counted::Tallied => Recorded::Tallied,
            Counted::InGap => Recorded::InGap,
            Counted::Lost => Recorded::Lost,
        }
    }

    /// Calls `work` with a slot that nobody else has: this one, or one after it.
    fn with_slot<T>(&self, first: usize, work: impl FnOnce(&mut Slot) -> T) -> T {
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

    /// False: there is no room.
    fn append(&self, slot: &mut Slot, body: &[u8]) -> bool {
        if self.is_closed() {
            return false;
        }
        if let Some(segment) = &mut slot.segment {
            if put(segment, body, self.options.sync) {
                return true;
            }
            segment.end();
        }
        let Some(mut fresh) = self.exchange(slot.segment.take()) else {
            return false;
        };
        let is_kept = put(&mut fresh, body, self.options.sync);
        slot.segment = Some(fresh);
        is_kept
    }

    /// A segment that lies ready, for one that has ended. Whoever makes them holds the lock for an
    /// instant only, so this is worth some tries, but no sleep.
    fn exchange(&self, full: Option<Segment>) -> Option<Segment> {
        let mut shelf = loop {
            match self.shelf.try_lock() {
                Ok(shelf) => break shelf,
                Err(TryLockError::Poisoned(shelf)) => break shelf.into_inner(),
                Err(TryLockError::WouldBlock) => spin_loop(),
            }
        };
        shelf.full.extend(full);
        shelf.spares.pop_front()
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
        let full: Vec<Segment> = patient_lock(&self.shelf).full.drain(..).collect();
        drop(full);
        // What is needed when there is no room for anything else.
        while !self.is_closed() && self.tables.needs_one() {
            self.reserve(TABLE_SIZE, self.options.quota)?;
            let table = Table::create(&self.options.folder, self.header(Kind::Counts, TABLE_SIZE));
            let table = table.inspect_err(|_| self.give_back(TABLE_SIZE))?;
            self.announce(&self.tables.put(table));
        }
        let size = self.options.segment_size;
        while !self.is_closed() && patient_lock(&self.shelf).spares.len() < SPARES {
            self.reserve(size, self.options.quota / 10 * 9)?;
            let header = self.header(Kind::Records, size);
            let segment = Segment::create(&self.options.folder, header);
            let segment = segment.inspect_err(|_| self.give_back(size))?;
            self.announce(segment.file());
            patient_lock(&self.shelf).spares.push_back(segment);
        }
        if self.is_short.swap(false, Ordering::AcqRel) {
            self.tables.close_used();
        }
        Ok(())
    }

    fn reserve(&self, size: u64, limit: u64) -> io::Result<()> {
        if self.used.fetch_add(size, Ordering::AcqRel) + size > limit {
            self.give_back(size);
            return Err(io::Error::from(io::ErrorKind::QuotaExceeded));
        }
        Ok(())
    }

    fn give_back(&self, size: u64) {
        self.used.fetch_sub(size, Ordering::AcqRel);
    }

    fn header(&self, kind: Kind, size: u64) -> Header {
        Header {
            kind,
            id: SegmentId(Uuid::new_v4().into_bytes()),
            size,
            created_at: (self.options.now)().as_micros(),
        }
    }

    fn announce(&self, file: &Arc<SegmentFile>) {
        lock(&self.files).push(Arc::downgrade(file));
        lock(&self.made).push(file.clone());
    }

    /// Whether [`make_spares`](Self::make_spares) would make some.
    pub fn needs_spares(&self) -> bool {
        self.is_short.load(Ordering::Relaxed)
            || patient_lock(&self.shelf).spares.len() < SPARES
            || self.tables.needs_one()
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

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Seals everything. What comes afterwards finds no room.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        for slot in &self.slots {
            if let Some(mut segment) = patient_lock(slot).segment.take() {
                segment.end();
            }
        }
        for mut spare in patient_lock(&self.shelf).spares.drain(..) {
            spare.end();
        }
        self.tables.close();
    }
}

fn put(segment: &mut Segment, body: &[u8], sync: SyncPolicy) -> bool {
    let before = segment.position();
    let has_room = segment.append(body);
    if has_room
        && sync == SyncPolicy::Always
        && let Err(error) = segment.flush_from(before)
    {
        tracing::error!(%error, "a click was recorded, but the disk did not confirm it");
    }
    has_room
}

/// For locks that those who record give back: if somebody were asleep at one, waking them would be a
/// system call.
fn patient_lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    loop {
        match mutex.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(guard)) => return guard.into_inner(),
            Err(TryLockError::WouldBlock) => thread::yield_now(),
        }
    }
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
