//! The programs that are measured, as processes of their own.

mod api_server;
mod backend;
mod client;
mod drainage;
mod nginx;
mod program;
mod proxy;
mod store;
mod system;

pub(crate) use api_server::{Account, ApiServer};
pub(crate) use backend::{Backend, Place, linkpulse};
pub(crate) use client::Client;
pub(crate) use drainage::{Drainage, ENGINES};
pub(crate) use nginx::{Nginx, Workers};
pub(crate) use program::{Folder, Ports, Program, beside_us};
pub(crate) use proxy::{Proxy, Wrapper};
pub(crate) use store::Store;
pub(crate) use system::{ApiLink, System};
