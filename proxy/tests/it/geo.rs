use crate::harness::{Proxy, link};

const DATABASE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/data/GeoLite2-City-Test.mmdb"
);

#[tokio::test(flavor = "multi_thread")]
async fn redirects_do_not_need_a_database_of_places() {
    for paths in [
        DATABASE,
        "/does/not/exist.mmdb",
        // No file, no database, and one that is.
        &format!(
            "/dev/zero,{}/Cargo.toml,{DATABASE}",
            env!("CARGO_MANIFEST_DIR")
        ),
    ] {
        let proxy = Proxy::with_settings(&[("LINKPULSE_GEO_DATABASE", paths)]).await;
        proxy.knows(&link("abc", 1, "https://example.com/1")).await;
        assert_eq!(
            proxy.target("abc").await,
            "https://example.com/1",
            "{paths}"
        );
    }
}
