//! `linkpulse up` with the servers of others.

use std::fs;

use local_servers::testing::{self, TestDatabase};

use crate::harness::{Place, text};

#[test]
fn servers_in_the_environment_are_used() {
    let database = TestDatabase::create("up");
    let place = Place::new()
        .with("DATABASE_URL", database.url.clone())
        .with("REDIS_URL", testing::redis_url())
        .with("LINKPULSE_REDIS_KEY_PREFIX", testing::unique_prefix());
    let check = place.run(&["up", "--check"]);
    let said = text(&check);
    assert!(check.status.success(), "{said}");
    assert!(
        said.contains("PostgreSQL that DATABASE_URL names"),
        "{said}"
    );
    assert!(said.contains("Redis that REDIS_URL names"), "{said}");
    assert!(!place.state_dir().join("postgres").exists());
    assert!(!place.state_dir().join("redis").exists());
    let remembered = fs::read_to_string(place.state_dir().join("state.json")).unwrap();
    assert!(!remembered.contains(&database.url));
}

#[test]
fn a_service_that_cannot_start_is_named_with_its_log() {
    let database = TestDatabase::create("up");
    let nothing_there = format!("127.0.0.1:{}", local_servers::free_port().unwrap());
    let place = Place::new()
        .with("DATABASE_URL", database.url.clone())
        .with("REDIS_URL", testing::redis_url())
        .with("LINKPULSE_REDIS_KEY_PREFIX", testing::unique_prefix())
        // An address of another machine: binding fails.
        .with(
            "LINKPULSE_PIPELINE_ADMIN_LISTEN",
            nothing_there.replace("127.0.0.1", "192.0.2.1"),
        );
    let check = place.run(&["up", "--check"]);
    let said = text(&check);
    assert_eq!(check.status.code(), Some(1), "{said}");
    assert!(said.contains("Service pipeline: failed"), "{said}");
    assert!(said.contains("pipeline.log"), "{said}");
    assert!(said.contains("Cannot assign requested address"), "{said}");
    assert!(
        said.contains("Stopping proxy, pipeline, control plane … done"),
        "{said}"
    );

    // A first start that failed has made no user whose password nobody saw.
    let mut repaired = place.command(&["up", "--check"]);
    repaired.env_remove("LINKPULSE_PIPELINE_ADMIN_LISTEN");
    let said = text(&repaired.output().unwrap());
    assert!(said.contains("shown once"), "{said}");
}
