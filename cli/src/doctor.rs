//! `linkpulse doctor`: what is wrong, and what to do about it.

mod audit;
mod audit_log;

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use service::env::SecretUrl;
use service::{Environment, RedisAddress, settings};
use sqlx::PgPool;
use sqlx::migrate::Migrator;

use crate::database::Databases;
use crate::lookup::Lookup;
use crate::output::{Output, Style};
use crate::{database, http, installation, up};

/// What the control plane's tables should be.
static LINK_TABLES: Migrator = sqlx::migrate!("../control-plane/migrations");
/// What the pipeline's tables should be.
static CLICK_TABLES: Migrator = sqlx::migrate!("../pipeline/migrations");

/// The oldest Redis whose commands we use.
const REDIS_MAJOR: u32 = 7;

/// What to look at.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Also compare all clicks with what was counted: reads every row there is
    #[arg(long)]
    audit: bool,
}

/// Prints a line per check; exit code 1 when one of them found a problem.
pub(crate) async fn run(arguments: Arguments, dir: &Path) -> anyhow::Result<ExitCode> {
    let lookup = installation::find(dir);
    let mut report = Report {
        output: Output::new(),
        problems: 0,
    };
    match installation::databases(dir, &lookup).await {
        Ok(databases) => {
            check_databases(&mut report, &databases).await;
            if arguments.audit {
                audit::check(&mut report, &databases.analytics).await;
                audit_log::check(&mut report, &databases.links).await;
            }
            databases.close().await;
        }
        Err(error) => report.problem(
            "PostgreSQL",
            format_args!("{error:#}"),
            "check the address and that the server runs",
        ),
    }
    check_redis(&mut report, &lookup).await;
    check_services(&mut report, &lookup).await?;
    match report.problems {
        0 => Ok(ExitCode::SUCCESS),
        _ => Ok(ExitCode::FAILURE),
    }
}

struct Report {
    output: Output,
    problems: u32,
}

impl Report {
    fn ok(&self, what: &str, fact: impl Display) {
        let verdict = self.output.paint(Style::Good, "ok     ");
        self.output.line(format_args!("{verdict}  {what}: {fact}"));
    }

    fn problem(&mut self, what: &str, finding: impl Display, advice: &str) {
        self.problems += 1;
        let verdict = self.output.paint(Style::Bad, "problem");
        self.output
            .line(format_args!("{verdict}  {what}: {finding}"));
        self.output.line(format_args!("         → {advice}"));
    }
}

async fn check_databases(report: &mut Report, databases: &Databases) {
    // Runtime SQL here and below: a server's own settings and histories are no tables of ours.
    let version: sqlx::Result<String> = sqlx::query_scalar("show server_version")
        .fetch_one(&databases.links)
        .await;
    match version {
        Ok(version) => report.ok("PostgreSQL", format_args!("version {version} answers")),
        Err(error) => {
            let advice = "check the server's log";
            report.problem("PostgreSQL", error, advice);
        }
    }
    let owners = [
        (
            "tables of links",
            &databases.links,
            &LINK_TABLES,
            "_control_plane_migrations",
        ),
        (
            "tables of clicks",
            &databases.analytics,
            &CLICK_TABLES,
            "_pipeline_migrations",
        ),
    ];
    for (what, pool, wanted, history) in owners {
        match compare(pool, wanted, history).await {
            Ok(()) => report.ok(what, "up to date"),
            Err((finding, advice)) => report.problem(what, finding, advice),
        }
    }
    match pipeline::detect_engine(&databases.analytics).await {
        Ok(engine) => report.ok("click storage", database::describe(engine)),
        Err(error) => report.problem("click storage", error, "run `linkpulse migrate`"),
    }
}

/// Whether a database has exactly the migrations of this release.
async fn compare(
    pool: &PgPool,
    wanted: &Migrator,
    history: &str,
) -> Result<(), (String, &'static str)> {
    let select = format!("select version, checksum from {history} where success order by version");
    let rows: sqlx::Result<Vec<(i64, Vec<u8>)>> = sqlx::query_as(sqlx::AssertSqlSafe(select))
        .fetch_all(pool)
        .await;
    const MIGRATE: &str = "run `linkpulse migrate`";
    let applied = match rows {
        Ok(applied) => applied,
        // 42P01: there is no such table.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => {
            return Err(("never migrated".to_owned(), MIGRATE));
        }
        Err(error) => return Err((error.to_string(), "check the server's log")),
    };
    for migration in wanted.iter() {
        let found = applied
            .iter()
            .find(|(version, _)| *version == migration.version);
        match found {
            None => {
                return Err((
                    format!("migration {} is missing", migration.version),
                    MIGRATE,
                ));
            }
            Some((_, checksum)) if **checksum != *migration.checksum => {
                return Err((
                    format!("migration {} was another one", migration.version),
                    "this database was made by another build: use that one, or start from a backup",
                ));
            }
            Some(_) => {}
        }
    }
    match applied
        .iter()
        .find(|(version, _)| !wanted.version_exists(*version))
    {
        Some((version, _)) => Err((
            format!("migration {version} is unknown to this release"),
            "a newer release has migrated this database: use that release",
        )),
        None => Ok(()),
    }
}

async fn check_redis(report: &mut Report, lookup: &Lookup) {
    const WHAT: &str = "Redis";
    let get = |name: &str| lookup.get(name);
    let url: Result<SecretUrl, _> = Environment::new(&get).required(&settings::REDIS_URL);
    let url = match url {
        Ok(SecretUrl(url)) => url,
        Err(error) => {
            let advice = "set REDIS_URL, or start `linkpulse up` first";
            return report.problem(WHAT, error, advice);
        }
    };
    let info = match redis_info(&url).await {
        Ok(info) => info,
        Err(error) => {
            let advice =
                "check the address and the password in REDIS_URL, and that the server runs";
            return report.problem(WHAT, error, advice);
        }
    };
    let field = |name: &str| -> &str {
        let lines = info.lines().filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(key, _)| *key == name);
        values.next().map_or("", |(_, value)| value.trim())
    };

    let version = field("redis_version");
    let major = version.split('.').next().unwrap_or_default();
    match major.parse() {
        Ok(major) if REDIS_MAJOR <= major => {
            report.ok(WHAT, format_args!("version {version} answers"));
        }
        _ => {
            let advice = "install Redis 7 or newer, or Valkey";
            report.problem(WHAT, format_args!("version {version} is too old"), advice);
        }
    }
    match field("maxmemory_policy") {
        "noeviction" => report.ok("Redis memory", "never evicts"),
        policy => {
            let advice = "set maxmemory-policy noeviction: an evicted stream is a lost click";
            report.problem("Redis memory", format_args!("policy {policy:?}"), advice);
        }
    }
    match field("aof_enabled") {
        "1" => report.ok("Redis disk", "appends every change to a file"),
        _ => {
            let advice =
                "set appendonly yes: clicks that wait in Redis are lost when it restarts without";
            report.problem("Redis disk", "keeps no append-only file", advice);
        }
    }
}

/// Of a cluster: what the first node says that answers.
async fn redis_info(url: &SecretString) -> anyhow::Result<String> {
    let address = RedisAddress::parse(url);
    let address = address.map_err(|expected| anyhow!("expected {expected}"))?;
    let mut answer = Err(anyhow!("the address names no server"));
    for node in address.nodes() {
        let asking = async {
            let client = redis::Client::open(node.expose_secret())?;
            let mut connection = client.get_multiplexed_async_connection().await?;
            redis::cmd("INFO").query_async(&mut connection).await
        };
        let asked: redis::RedisResult<String> = asking.await;
        answer = asked.map_err(Into::into);
        if answer.is_ok() {
            break;
        }
    }
    answer
}

/// Only where an address is known: from the environment, or from a running `linkpulse up`.
async fn check_services(report: &mut Report, lookup: &Lookup) -> anyhow::Result<()> {
    let client = http::client()?;
    for (name, setting) in up::ADMIN_LISTENERS {
        let Some(address) = lookup.get(setting.name) else {
            continue;
        };
        let url = format!("http://{}/readyz", up::reachable(&address));
        match http::health(&client, &url).await {
            Ok(()) => report.ok(name, "ready"),
            Err(reason) => {
                let advice =
                    "look at its log; it recovers by itself when what it waits for is back";
                report.problem(name, reason, advice);
            }
        }
    }
    Ok(())
}
