//! Everything there is, twice where it can be, on a disk that can be full.

use std::fs;
use std::net::SocketAddr;

use anyhow::Context;
use local_servers::{
    PostgresOptions, PostgresServer, RedisOptions, RedisServer, free_port, random_password,
};
use secrecy::ExposeSecret;
use service::settings::{self, Setting};

use super::disk::Disk;
use super::service::Service;
use super::wire::Wire;
use crate::links::DOMAIN;
use crate::servers::{Client, Folder, Ports, linkpulse};

/// The database in our PostgreSQL.
const DATABASE: &str = "linkpulse";

/// All of it. Dropping it kills the services first, then the servers.
pub(super) struct Stage {
    pub(super) proxies: Vec<Service>,
    pub(super) pipelines: Vec<Service>,
    pub(super) control_planes: Vec<Service>,
    /// Where the proxies answer visitors.
    pub(super) addresses: Vec<SocketAddr>,
    /// Between the proxies and Redis.
    pub(super) wire: Wire,
    pub(super) redis: RedisServer,
    pub(super) postgres: PostgresServer,
    /// `None` where nothing may be mounted; then why.
    pub(super) disk: Result<Disk, String>,
    pub(super) settings: Vec<(&'static str, String)>,
    _folder: Folder,
}

impl Stage {
    /// Starts it, and waits until all of it is ready.
    pub(super) fn start() -> anyhow::Result<Self> {
        let folder = Folder::create()?;
        let disk = folder.join("disk");
        fs::create_dir(&disk)?;
        let mounted = Disk::mount(&disk).map_err(|error| format!("{error:#}"));
        open_to_all(&disk)?;
        let postgres = PostgresServer::start(PostgresOptions {
            data_dir: disk.join("postgres"),
            port: free_port()?,
            password: random_password(),
            durable: true,
            bin_dir: None,
        })?;
        let redis = RedisServer::start(RedisOptions {
            dir: disk.join("redis"),
            port: free_port()?,
            password: random_password(),
            durable: true,
            users: Vec::new(),
            program: None,
        })?;
        let wire = Wire::to(redis.port())?;
        postgres.create_database_if_missing(DATABASE)?;
        let settings: [(Setting, String); 5] = [
            (settings::DATABASE_URL, postgres.url_for(DATABASE)),
            (settings::REDIS_URL, redis.url()),
            (settings::PUBLIC_URL, format!("http://{DOMAIN}")),
            // Links lead nowhere here.
            (settings::UNFURL, "false".to_owned()),
            (
                settings::INTERNAL_SECRET,
                random_password().expose_secret().to_owned(),
            ),
        ];
        let shared: Vec<_> = settings.map(|(it, value)| (it.name, value)).into();
        linkpulse(&["migrate"], &shared)?;

        let control = Ports::free()?;
        let mut for_proxies = shared.clone();
        let by_wire = redis
            .url()
            .replace(&redis.port().to_string(), &wire.port().to_string());
        for_proxies.retain(|(name, _)| *name != settings::REDIS_URL.name);
        for_proxies.extend([
            (settings::REDIS_URL.name, by_wire),
            (
                settings::CONTROL_PLANE_URL.name,
                format!("http://{}", control.public),
            ),
            (
                settings::CONTROL_PLANE_INTERNAL_URL.name,
                format!("http://{}", control.admin),
            ),
            (settings::SPOOL_SEGMENT_MIB.name, "2".into()),
            (settings::SPOOL_QUOTA_MIB.name, "512".into()),
        ]);
        let mut addresses = Vec::new();
        let mut proxies = Vec::new();
        for name in ["proxy-1", "proxy-2"] {
            let ports = Ports::free()?;
            let mut own = for_proxies.clone();
            own.extend([
                (settings::PROXY_LISTEN.name, ports.public.to_string()),
                (settings::PROXY_ADMIN_LISTEN.name, ports.admin.to_string()),
                (
                    settings::DATA_DIR.name,
                    disk.join(name).display().to_string(),
                ),
            ]);
            let log = folder.join(format!("{name}.log"));
            proxies.push(Service::new(
                name,
                "linkpulse-proxy",
                own,
                ports.admin,
                log,
            )?);
            addresses.push(ports.public);
        }
        let mut pipelines = Vec::new();
        for name in ["pipeline-1", "pipeline-2"] {
            let admin = Ports::free()?.admin;
            let mut own = shared.clone();
            own.extend([
                (settings::PIPELINE_ADMIN_LISTEN.name, admin.to_string()),
                (settings::PIPELINE_CONSUMER.name, name.to_owned()),
                (settings::PIPELINE_CLAIM_IDLE.name, "21s".to_owned()),
            ]);
            let log = folder.join(format!("{name}.log"));
            pipelines.push(Service::new(name, "linkpulse-pipeline", own, admin, log)?);
        }
        let mut own = shared.clone();
        own.extend([
            (
                settings::CONTROL_PLANE_LISTEN.name,
                control.public.to_string(),
            ),
            (
                settings::CONTROL_PLANE_ADMIN_LISTEN.name,
                control.admin.to_string(),
            ),
        ]);
        let log = folder.join("control-plane.log");
        let name = "control-plane";
        let control_plane = Service::new(name, "linkpulse-control-plane", own, control.admin, log)?;
        let mut stage = Self {
            proxies,
            pipelines,
            control_planes: vec![control_plane],
            addresses,
            wire,
            redis,
            postgres,
            disk: mounted,
            settings: shared,
            _folder: folder,
        };
        for service in stage.services() {
            service.start()?;
        }
        for service in stage.services() {
            service.wait_ready()?;
        }
        Ok(stage)
    }

    /// All of our programs.
    pub(super) fn services(&mut self) -> impl Iterator<Item = &mut Service> {
        let proxies = self.proxies.iter_mut();
        proxies
            .chain(&mut self.pipelines)
            .chain(&mut self.control_planes)
    }

    /// Makes links and has each proxy learn them.
    pub(super) fn make_links(&mut self, count: usize) -> anyhow::Result<Vec<String>> {
        let printed = linkpulse(&["key", "create", "--name", "chaos"], &self.settings)?;
        let key = printed
            .split_ascii_whitespace()
            .find(|word| word.starts_with("lp_"))
            .context("linkpulse key create printed no key")?;
        let authorization = format!("Authorization: Bearer {key}\r\n");
        let mut api = Client::with_fields(self.addresses[0], DOMAIN, &authorization)?;
        let codes: Vec<String> = (0..count).map(|number| format!("chaos-{number}")).collect();
        for code in &codes {
            api.create_link(code, &format!("https://example.com/{code}"))?;
        }
        Ok(codes)
    }

    /// Starts what has ended by itself.
    pub(super) fn revive(&mut self) -> anyhow::Result<()> {
        if self.postgres.try_wait()?.is_some() {
            self.restart_postgres()?;
        }
        if self.redis.try_wait()?.is_some() {
            self.redis.restart()?;
        }
        for service in self.services() {
            service.revive()?;
        }
        Ok(())
    }

    /// The same, and waits until everything works.
    pub(super) fn heal(&mut self) -> anyhow::Result<()> {
        self.revive()?;
        for service in self.services() {
            service.wait_ready()?;
        }
        Ok(())
    }

    /// After a kill, the processes of its sessions keep a new server out for a moment.
    pub(super) fn restart_postgres(&mut self) -> anyhow::Result<()> {
        let mut tries = 0;
        loop {
            match self.postgres.restart() {
                Ok(()) => return Ok(()),
                Err(error) if tries >= 20 => return Err(error.into()),
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(500)),
            }
            tries += 1;
        }
    }

    pub(super) fn database_url(&self) -> String {
        self.postgres.url_for(DATABASE)
    }
}

/// PostgreSQL has an account of its own where root starts it.
fn open_to_all(path: &std::path::Path) -> anyhow::Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    Ok(fs::set_permissions(path, mode)?)
}
