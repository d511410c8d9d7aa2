//! The control plane from outside: the real service, with its own database and Redis names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]

mod audit;
mod auth;
mod bad_input;
mod blocklist;
mod bulk;
mod caps;
mod console;
mod domains;
mod explain;
mod harness;
mod history;
mod imports;
mod internal;
mod leadership;
mod link_fields;
mod link_list;
mod link_options;
mod links;
mod openapi;
mod orphans;
mod outage;
mod password;
mod pool;
mod preview;
mod propagation;
mod qr;
mod relay;
mod reports;
mod stats;
mod visitor_keys;
