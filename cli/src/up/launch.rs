//! Starts everything, in order.

use anyhow::Context;
use local_servers::{Error, PostgresOptions, PostgresServer, RedisOptions, RedisServer, free_port};

use super::folder::StateFolder;
use super::plan::{DATABASE, Plan};
use super::program::{Program, Programs};
use super::service::{KINDS, Service};
use super::state::State;
use crate::database::{self, Databases};
use crate::http;
use crate::output::Output;
use crate::redis_users;

/// Somebody may take a free port before the server does.
const PORT_TRIES: u32 = 5;

/// Starts servers, lays the tables, starts the services. What was started is in `programs`, also
/// when a later step fails.
pub(crate) async fn everything(
    folder: &StateFolder,
    state: &mut State,
    plan: &mut Plan,
    programs: &mut Programs,
    output: Output,
) -> anyhow::Result<Databases> {
    state.is_postgres_private = plan.is_postgres_private();
    state.is_redis_private = plan.is_redis_private();
    // Before the first server: its password must not be lost when we are killed half way.
    state.save(folder)?;
    if state.is_postgres_private {
        let server = output.step("PostgreSQL", postgres(folder, state)).await?;
        programs.0.push(Program::Postgres(server));
    }
    if state.is_redis_private {
        let server = output.step("Redis", redis(folder, state, plan)).await?;
        programs.0.push(Program::Redis(server));
    }
    state.save(folder)?;
    *plan = Plan::new(folder.path(), state)?;

    let databases = output.step("Tables", tables(plan)).await?;

    let mut services = Vec::new();
    for kind in KINDS {
        services.push(Service::start(kind, plan, folder)?);
    }
    let begun = programs.0.len();
    programs
        .0
        .extend(services.into_iter().map(Program::Service));
    let client = http::client()?;
    for program in &mut programs.0[begun..] {
        if let Program::Service(service) = program {
            let what = format!("Service {}", service.name());
            output.step(&what, service.wait_ready(&client)).await?;
        }
    }
    Ok(databases)
}

async fn postgres(folder: &StateFolder, state: &mut State) -> anyhow::Result<PostgresServer> {
    let mut options = PostgresOptions {
        data_dir: folder.path().join("postgres"),
        port: state.ports.postgres,
        password: state.postgres_password.clone().into(),
        durable: folder.is_durable(),
        bin_dir: None,
    };
    let server = blocking(move || {
        let mut tries_left = PORT_TRIES;
        loop {
            tries_left -= 1;
            match PostgresServer::start(options.clone()) {
                Err(Error::PortTaken { .. }) if tries_left > 0 => options.port = free_port()?,
                result => break result,
            }
        }
    });
    let server = server.await?;
    state.ports.postgres = server.port();
    blocking(move || {
        server.create_database_if_missing(DATABASE)?;
        Ok(server)
    })
    .await
}

async fn redis(
    folder: &StateFolder,
    state: &mut State,
    plan: &Plan,
) -> anyhow::Result<RedisServer> {
    let get = |name: &str| plan.lookup.get(name);
    let mut options = RedisOptions {
        dir: folder.path().join("redis"),
        port: state.ports.redis,
        password: state.redis_password.clone().into(),
        durable: folder.is_durable(),
        users: redis_users::accounts(&state.redis_users, &get)?,
        program: None,
    };
    let server = blocking(move || {
        let mut tries_left = PORT_TRIES;
        loop {
            tries_left -= 1;
            match RedisServer::start(options.clone()) {
                Err(Error::PortTaken { .. }) if tries_left > 0 => options.port = free_port()?,
                result => break result,
            }
        }
    });
    let server = server.await?;
    state.ports.redis = server.port();
    Ok(server)
}

async fn tables(plan: &Plan) -> anyhow::Result<Databases> {
    let get = |name: &str| plan.lookup.get(name);
    let databases = Databases::connect(&get).await?;
    databases.migrate(database::engine_choice(&get)?).await?;
    Ok(databases)
}

/// `local_servers` blocks; signals must be heard all the same.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> anyhow::Result<T> {
    let result = tokio::task::spawn_blocking(work).await;
    Ok(result.context("a start was interrupted")??)
}
