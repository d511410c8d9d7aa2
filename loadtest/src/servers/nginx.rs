//! nginx, set up to do the same as our proxy with what it has: a `map` of all links in memory and
//! `return 302`. It records nothing.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, bail};
use local_servers::free_port;

use super::Client;
use super::program::{Folder, Program};
use super::proxy::{Wrapper, wrapped};
use crate::links::Links;
use crate::machine::version_of;

/// Which process does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workers {
    /// A child, as everywhere.
    One,
    /// The first process, so that a tool that watches it sees the work.
    Inline,
}

/// nginx.
pub(crate) struct Nginx {
    pub(crate) address: SocketAddr,
    program: Program,
    _folder: Folder,
}

impl Nginx {
    /// Starts it with these links.
    pub(crate) fn start(links: &Links, workers: Workers, wrapper: Wrapper) -> anyhow::Result<Self> {
        Self::version()?;
        let folder = Folder::create()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let map: String = links
            .iter()
            .map(|link| format!("/{} {};\n", link.code, link.targets[0]))
            .collect();
        fs::write(folder.join("map.conf"), map)?;
        let configuration = folder.join("nginx.conf");
        fs::write(&configuration, text(&folder, address, workers, links.len()))?;
        let mut command = wrapped("nginx".into(), wrapper);
        command
            .arg("-c")
            .arg(&configuration)
            .arg("-p")
            .arg(folder.join(""));
        command.arg("-e").arg(folder.join("error.log"));
        let mut program = Program::start("nginx", command, &[], folder.join("nginx.log"))?;
        program.wait_until(|| {
            let path = format!("/{}", links.get(0).code);
            Client::connect(address)?.get(&path)?.expect(302)?;
            Ok(())
        })?;
        Ok(Self {
            address,
            program,
            _folder: folder,
        })
    }

    /// Its version, as it says it.
    pub(crate) fn version() -> anyhow::Result<String> {
        match version_of("nginx", "-v") {
            Ok(text) if text.contains("nginx/") => {
                Ok(text.trim_start_matches("nginx version: ").to_owned())
            }
            Ok(text) => bail!("cannot use nginx: {text}"),
            Err(error) => Err(error).context(
                "nginx is what the proxy is compared with: install it (Debian: nginx-light)",
            ),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// Lets it end by itself.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.program.stop()
    }
}

fn text(folder: &Folder, address: SocketAddr, workers: Workers, links: usize) -> String {
    let path = |name| folder.join(name).display().to_string();
    let master = if workers == Workers::One { "on" } else { "off" };
    // As root it would change to an account that cannot enter the folder.
    let user = if rustix::process::geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    let (pid, map, temporary) = (path("nginx.pid"), path("map.conf"), path("temporary"));
    let slots = (2 * links).next_power_of_two();
    format!(
        "{user}
daemon off;
master_process {master};
worker_processes 1;
pid {pid};
events {{ worker_connections 1024; }}
http {{
    access_log off;
    server_tokens off;
    keepalive_requests 1000;
    keepalive_timeout 60s;
    client_body_temp_path {temporary};
    proxy_temp_path {temporary};
    fastcgi_temp_path {temporary};
    uwsgi_temp_path {temporary};
    scgi_temp_path {temporary};
    map_hash_max_size {slots};
    map_hash_bucket_size 256;
    map $uri $target {{
        include {map};
    }}
    server {{
        listen {address};
        location / {{ return 302 $target; }}
    }}
}}
"
    )
}
