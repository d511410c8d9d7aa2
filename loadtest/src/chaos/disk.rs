//! A disk of our own, to be filled up. Needs the right to mount.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// Everything that is stored has room in it.
const SIZE: &str = "size=1536m,mode=0711";

/// Written at a time.
const PIECE: usize = 1 << 20;

/// A mounted folder. Dropping it takes it away.
pub(super) struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Mounts one at a folder that is there.
    pub(super) fn mount(path: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(path);
        let output = command.output().context("cannot run mount")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let path = path.to_owned();
        Ok(Self { path })
    }

    /// Leaves no room at all.
    pub(super) fn fill(&self) -> anyhow::Result<()> {
        let mut options = OpenOptions::new();
        let ballast = options.create(true).append(true).open(self.ballast());
        let mut ballast = ballast.context("cannot write to the disk")?;
        for piece in [PIECE, 4096] {
            let bytes = vec![1; piece];
            // The error is the purpose.
            while ballast.write_all(&bytes).is_ok() {}
        }
        Ok(())
    }

    /// Gives the room back.
    pub(super) fn clear(&self) -> anyhow::Result<()> {
        fs::remove_file(self.ballast()).context("cannot clear the disk")
    }

    fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that is just ending may still have files open.
        let unmounted = Command::new("umount").arg("-l").arg(&self.path).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("  {} stays mounted", self.path.display());
        }
    }
}
