//! Everything that we started and must stop.

use std::process::ExitStatus;

use local_servers::{PostgresServer, RedisServer};

use super::service::Service;

/// A program that we started. All methods block, except [`exit`](Self::exit).
pub(crate) enum Program {
    Service(Service),
    Redis(RedisServer),
    Postgres(PostgresServer),
}

impl Program {
    /// How it is called in sentences.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Service(service) => service.name(),
            Self::Redis(_) => "Redis",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// How it ended; `None` while it runs.
    pub(crate) fn exit(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(match self {
            Self::Service(service) => service.exit()?,
            Self::Redis(server) => server.try_wait()?,
            Self::Postgres(server) => server.try_wait()?,
        })
    }

    /// Starts it once more, after it has ended.
    pub(crate) fn restart(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Service(service) => service.restart()?,
            Self::Redis(server) => server.restart()?,
            Self::Postgres(server) => server.restart()?,
        }
        Ok(())
    }

    /// Waits until it has ended; the answer says how, for services.
    pub(crate) fn stop(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(match self {
            Self::Service(service) => Some(service.stop()?),
            Self::Redis(server) => {
                server.stop()?;
                None
            }
            Self::Postgres(server) => {
                server.stop()?;
                None
            }
        })
    }
}

/// All of them, in the order of their start: PostgreSQL, Redis, control plane, pipeline, proxy.
///
/// The reverse is the right order to stop in. The proxy goes first and hands over its last
/// clicks; what nobody needs any more goes last.
#[derive(Default)]
pub(crate) struct Programs(pub(crate) Vec<Program>);
