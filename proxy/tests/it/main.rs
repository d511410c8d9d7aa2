//! The proxy through its front door, with a real Redis. The control plane is an outside service
//! here; a stand-in speaks the written contract.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should panic"
)]

mod clicks;
mod coherence;
mod control_plane;
mod crowd;
mod domains;
mod drill;
mod forward;
mod freshness;
mod front;
mod geo;
mod hand_over;
mod harness;
mod http2;
mod idle;
mod options;
mod outage;
mod places;
mod process;
mod program;
mod proxies;
mod raw_http;
mod recorded_first;
mod redirect;
mod redis;
mod shutdown;
mod snapshot;
mod stale_redis;
mod tls;
mod wire;
