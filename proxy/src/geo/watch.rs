//! Keeps databases in memory as their files are, and asks them.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use contract::Place;
use metrics::{Counter, Gauge, counter, gauge};
use service::Lifecycle;
use tokio::sync::oneshot;
use tokio::task::JoinError;

use super::database::{Database, LoadError, Stamp};

/// How often files are looked at. One system call each.
const LOOK_INTERVAL: Duration = Duration::from_secs(10);

/// How long the start waits for databases: links with rules should not be decided without them.
/// Redirects matter more.
const PATIENCE: Duration = Duration::from_secs(5);

/// Databases, asked in the order of the setting. A redirect waits for none of them to be loaded.
pub(crate) struct Geo {
    files: Vec<WatchedFile>,
}

struct WatchedFile {
    path: PathBuf,
    /// The last state of the file that could be used; `None` until there was one. Written by the
    /// watcher.
    database: ArcSwapOption<Database>,
}

/// Reads files when they change.
struct Watcher {
    geo: Arc<Geo>,
    /// What was found at each path the last time, so that each trouble is told once.
    seen: Vec<Seen>,
    /// `linkpulse_geo_databases`: in use.
    in_use: Gauge,
    /// `linkpulse_geo_load_failures_total`: files that could not be used.
    failures: Counter,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Trouble(io::ErrorKind),
    File(Stamp),
}

/// Begins to watch the files, and comes back when each was read, or could not be.
pub(crate) async fn start(paths: Vec<PathBuf>, lifecycle: &Lifecycle) -> Arc<Geo> {
    let (geo, watcher) = open(paths);
    if geo.files.is_empty() {
        return geo;
    }
    let (has_looked, first_look) = oneshot::channel();
    lifecycle.spawn("geo", watcher.run(has_looked, lifecycle.stopping()));
    if tokio::time::timeout(PATIENCE, first_look).await.is_err() {
        tracing::error!("reading geo databases takes long: places are unknown until it is done");
    }
    geo
}

/// Databases that nobody has looked at yet, and who will.
fn open(paths: Vec<PathBuf>) -> (Arc<Geo>, Watcher) {
    let seen = vec![Seen::Nothing; paths.len()];
    let watched = |path| WatchedFile {
        path,
        database: ArcSwapOption::empty(),
    };
    let files = paths.into_iter().map(watched).collect();
    let geo = Arc::new(Geo { files });
    let watcher = Watcher {
        geo: geo.clone(),
        seen,
        in_use: gauge!("linkpulse_geo_databases"),
        failures: counter!("linkpulse_geo_load_failures_total"),
    };
    (geo, watcher)
}

impl Geo {
    /// Tells `use_place` where the address is: in a place without anything when nobody knows. Takes
    /// about a microsecond, no lock, and no memory of its own; fails never.
    pub(crate) fn look_up<T>(&self, address: IpAddr, use_place: impl FnOnce(&Place<'_>) -> T) -> T {
        let address = address.to_canonical();
        for file in &self.files {
            let database = file.database.load();
            if let Some(place) = database.as_ref().and_then(|found| found.find(address)) {
                return use_place(&place);
            }
        }
        use_place(&Place::default())
    }
}

impl Watcher {
    /// Looks at the files, says so, and looks again and again until the stop.
    async fn run(
        mut self,
        has_looked: oneshot::Sender<()>,
        stopping: impl Future<Output = ()>,
    ) -> Result<(), JoinError> {
        tokio::pin!(stopping);
        let mut has_looked = Some(has_looked);
        loop {
            let looking = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            self = looking.await?;
            if let Some(has_looked) = has_looked.take() {
                // Nobody may be waiting any more.
                let _ = has_looked.send(());
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_INTERVAL) => {}
                () = &mut stopping => return Ok(()),
            }
        }
    }

    /// Reads the files that are not as they were. One that cannot be used changes nothing.
    fn look(&mut self) {
        for (file, seen) in self.geo.files.iter().zip(&mut self.seen) {
            let path = file.path.display();
            match file.look(seen) {
                None => {}
                Some(Ok(database)) => {
                    let (kind, built_at) = (database.kind(), database.built_at());
                    tracing::info!(%path, kind, built_at, "geo database loaded");
                    file.database.store(Some(Arc::new(database)));
                }
                Some(Err(error)) => {
                    self.failures.increment(1);
                    let without = match file.database.load().is_some() {
                        true => "the old one stays in use",
                        false => "places are unknown without it",
                    };
                    tracing::error!(%path, %error, "geo database not loaded: {without}");
                }
            }
        }
        let files = self.geo.files.iter();
        let in_use = files.filter(|file| file.database.load().is_some()).count();
        self.in_use.set(in_use as f64);
    }
}

impl WatchedFile {
    /// What the file holds; `None` if it is as `seen`, or not yet complete.
    fn look(&self, seen: &mut Seen) -> Option<Result<Database, LoadError>> {
        let found = match Stamp::of(&self.path) {
            Ok(stamp) => Seen::File(stamp),
            Err(error) => Seen::Trouble(error.kind()),
        };
        if found == *seen {
            return None;
        }
        *seen = found;
        match Database::load(&self.path) {
            Err(LoadError::BeingWritten) => {
                *seen = Seen::Nothing;
                None
            }
            loaded => Some(loaded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::written;
    use serde_json::json;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use tempfile::TempDir;

    const ADDRESS: &str = "203.0.113.1";

    /// All of a network is in one city.
    fn written(network: &str, country: &str, city: &str) -> Vec<u8> {
        let record = json!({ "country_code": country, "city": city });
        written::database(4, &[(network, record)])
    }

    fn put(path: &Path, bytes: &[u8]) {
        let new = path.with_extension("new");
        std::fs::write(&new, bytes).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    fn city(geo: &Geo, address: &str) -> String {
        geo.look_up(address.parse().unwrap(), |place| place.city.to_owned())
    }

    struct Setup {
        folder: TempDir,
        geo: Arc<Geo>,
        watcher: Watcher,
    }

    impl Setup {
        /// With a file that is not there yet.
        fn new() -> Self {
            let folder = TempDir::new().unwrap();
            let (geo, watcher) = open(vec![folder.path().join("geo.mmdb")]);
            Self {
                folder,
                geo,
                watcher,
            }
        }

        fn put(&self, bytes: &[u8]) {
            put(&self.folder.path().join("geo.mmdb"), bytes);
        }

        /// What a look brings: nothing new, or whether it can be used.
        fn look(&mut self) -> Option<bool> {
            let mut seen = self.watcher.seen[0];
            let found = self.geo.files[0].look(&mut seen);
            self.watcher.look();
            assert!(seen == self.watcher.seen[0]);
            found.map(|loaded| loaded.is_ok())
        }

        fn city(&self) -> String {
            city(&self.geo, ADDRESS)
        }
    }

    #[test]
    fn without_files_places_are_unknown() {
        let (geo, _) = open(Vec::new());
        let place = geo.look_up(ADDRESS.parse().unwrap(), |place| *place == Place::default());
        assert!(place);
    }

    #[test]
    fn an_absent_file_is_told_once_and_read_when_it_comes() {
        let mut setup = Setup::new();
        assert_eq!(setup.look(), Some(false));
        assert_eq!(setup.look(), None);
        assert_eq!(setup.city(), "");
        setup.put(&written("203.0.113.0/24", "DE", "Munich"));
        assert_eq!(setup.look(), Some(true));
        assert_eq!(setup.look(), None);
        assert_eq!(setup.city(), "Munich");
        // Also as it may come through a socket that speaks both.
        assert_eq!(city(&setup.geo, "::ffff:203.0.113.1"), "Munich");
    }

    #[test]
    fn a_damaged_or_vanished_file_leaves_the_old_one_in_use() {
        let mut setup = Setup::new();
        let whole = written("203.0.113.0/24", "DE", "Munich");
        setup.put(&whole);
        assert_eq!(setup.look(), Some(true));
        for damaged in [&whole[..whole.len() / 2], b"<html>", b""] {
            setup.put(damaged);
            assert_eq!(setup.look(), Some(false));
            assert_eq!(setup.look(), None, "told once");
            assert_eq!(setup.city(), "Munich");
        }
        std::fs::remove_file(setup.folder.path().join("geo.mmdb")).unwrap();
        assert_eq!(setup.look(), Some(false));
        assert_eq!(setup.look(), None);
        assert_eq!(setup.city(), "Munich");
        setup.put(&written("203.0.113.0/24", "DE", "Berlin"));
        assert_eq!(setup.look(), Some(true));
        assert_eq!(setup.city(), "Berlin");
    }

    #[test]
    fn a_file_cut_short_while_in_use_changes_nothing() {
        let mut setup = Setup::new();
        setup.put(&written("203.0.113.0/24", "DE", "Munich"));
        assert_eq!(setup.look(), Some(true));
        let path = setup.folder.path().join("geo.mmdb");
        std::fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(10)
            .unwrap();
        assert_eq!(setup.city(), "Munich");
        assert_eq!(setup.look(), Some(false));
        assert_eq!(setup.city(), "Munich");
    }

    #[test]
    fn a_change_that_keeps_size_and_time_is_noticed() {
        let mut setup = Setup::new();
        setup.put(&written("203.0.113.0/24", "DE", "Munich"));
        assert_eq!(setup.look(), Some(true));
        let path = setup.folder.path().join("geo.mmdb");
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        // The file system's clock ticks every few milliseconds.
        loop {
            std::fs::write(&path, written("203.0.113.0/24", "DE", "Berlin")).unwrap();
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(modified).unwrap();
            if let Some(can_be_used) = setup.look() {
                assert!(can_be_used);
                break;
            }
        }
        assert_eq!(setup.city(), "Berlin");
    }

    #[test]
    fn several_files_are_asked_in_order() {
        let folder = TempDir::new().unwrap();
        let paths = ["one", "absent", "two"].map(|name| folder.path().join(name));
        put(&paths[0], &written("203.0.113.0/24", "DE", "Munich"));
        put(&paths[2], &written("0.0.0.0/1", "AQ", "Vostok"));
        let (geo, mut watcher) = open(paths.to_vec());
        watcher.look();
        assert_eq!(city(&geo, ADDRESS), "Munich");
        assert_eq!(city(&geo, "1.2.3.4"), "Vostok");
        assert_eq!(city(&geo, "203.0.114.1"), "");
    }

    #[test]
    fn a_file_may_change_while_it_is_asked() {
        let mut setup = Setup::new();
        let cities = ["Munich", "Berlin"];
        let [one, other] = cities.map(|city| written("203.0.113.0/24", "DE", city));
        setup.put(&one);
        setup.look();
        let is_over = AtomicBool::new(false);
        let answers = [(); 2].map(|()| AtomicU64::new(0));
        let geo = setup.geo.clone();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        let city = city(&geo, ADDRESS);
                        let which = cities.iter().position(|known| *known == city);
                        answers[which.expect("one of the two")].fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            // Until each was read while the file changed.
            let mut changes = 0;
            while changes < 100
                || answers
                    .iter()
                    .any(|count| count.load(Ordering::Relaxed) == 0)
            {
                setup.put(if changes % 2 == 0 { &other } else { &one });
                assert_eq!(setup.look(), Some(true));
                assert_eq!(setup.city(), cities[(changes + 1) % 2]);
                changes += 1;
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }
}
