//! Append-only files that Redis cannot read. It ends then, and would at each start.
//!
//! They come to be without anybody's fault: a disk that was full while Redis wrote, since Redis takes
//! back what it has written in part and goes on behind it, which leaves zeros in between (7.0 to
//! at least 7.4, in files that it began itself while running); and a power cut.

use std::fs;
use std::io;
use std::path::Path;

use crate::{Error, Result};

/// How Redis says so, in its log. Not where the disk or the memory may be the reason.
const UNREADABLE: [&str; 3] = [
    "Bad file format reading the append only file",
    "the truncated file is not the last file",
    "Invalid AOF manifest file format",
];

/// Where Redis has them, unless `appenddirname` says otherwise.
const FILES: &str = "appendonlydir";

/// Where they are kept. Only the last ones: whoever wants to look at them does so soon.
const SET_ASIDE: &str = "appendonlydir.damaged";

/// Sets the files in Redis' folder aside if it ended because of them: true if so. It then starts empty.
pub(super) fn set_aside(dir: &Path, log: &str) -> Result<bool> {
    if !UNREADABLE.iter().any(|reason| log.contains(reason)) {
        return Ok(false);
    }
    let kept = dir.join(SET_ASIDE);
    match fs::remove_dir_all(&kept) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::path("remove", &kept)(error));
        }
        _ => {}
    }
    let files = dir.join(FILES);
    fs::rename(&files, &kept).map_err(Error::path("set aside", &files))?;
    tracing::warn!(
        files = %kept.display(),
        "Redis could not read its append-only files, and starts without them"
    );
    Ok(true)
}
