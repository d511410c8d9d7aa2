//! No visitor's address is ever written down, wherever one may look afterwards.

use std::fs;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

use reqwest::Method;
use rustix::process::Signal;

use crate::harness::{Place, eventually};
use crate::web::{BROWSER, Web};

/// Where visitors come from, as the load balancer in front says.
const VISITORS: [&str; 2] = ["203.0.113.77", "2001:db8:77:1234::77"];

/// Names the links are found by: proof that what was written can be found.
const CODE: &str = "privacy-code";

#[test]
fn no_address_is_in_any_file_key_row_or_line() {
    let place = Place::new()
        .with("LINKPULSE_TRUSTED_PROXIES", "127.0.0.0/8,::1/128")
        .with("LINKPULSE_LOG", "debug");
    let up = place.up();
    let output = up.output();
    let mut words = output.split_whitespace();
    let key = words.find(|word| word.starts_with("lp_live_")).unwrap();
    let web = Web::new(place.url(""));
    let authorization = format!("Bearer {key}");
    for body in [
        format!(r#"{{"code":"{CODE}","original_url":"https://example.com/"}}"#),
        r#"{"code":"protected","original_url":"https://example.com/","password":"sesame"}"#.into(),
        r#"{"code":"capped","original_url":"https://example.com/","click_cap":{"limit":9}}"#.into(),
    ] {
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
        ];
        let made = web.send(Method::POST, "/api/v1/links", &headers, Some(body));
        assert_eq!(made.status, 201, "{}", made.body);
    }
    for visitor in VISITORS {
        let from = ("x-forwarded-for", visitor);
        let form = ("content-type", "application/x-www-form-urlencoded");
        let get = |path: &str| web.send(Method::GET, path, &[from], None).status;
        assert_eq!(get(&format!("/{CODE}")), 302);
        assert_eq!(get("/capped"), 302);
        assert_eq!(get("/nothing-here"), 404);
        assert_eq!(get(&format!("/{CODE}+")), 200);
        assert_eq!(get("/protected"), 200);
        let body = Some("password=wrong".to_owned());
        let site = ("sec-fetch-site", "same-origin");
        let wrong = web.send(Method::POST, "/auth/protected", &[from, form, site], body);
        assert_eq!(wrong.status, 403);
        let json = ("content-type", "application/json");
        let body = r#"{"email":"nobody@example.com","password":"wrong"}"#.to_owned();
        let headers = [from, json, ("x-linkpulse", "1"), site];
        let refused = web.send(Method::POST, "/api/v1/session", &headers, Some(body));
        assert!((400..500).contains(&refused.status), "{}", refused.body);
    }
    let counted = || {
        let headers = [("authorization", authorization.as_str())];
        let list = web.send(Method::GET, "/api/v1/links", &headers, None).body;
        list.matches(r#""clicks":2"#).count() >= 2
    };
    eventually("the clicks are counted", counted);
    // While it runs, for then there are clicks in the spool; and what stays.
    assert_none_is_written(&place.state_dir());
    up.signal(Signal::TERM);
    assert!(up.wait().success());
    assert_none_is_written(&place.state_dir());
}

fn assert_none_is_written(folder: &Path) {
    let mut files = Vec::new();
    collect(folder, &mut files);
    let places = |needle: &[u8]| -> Vec<&PathBuf> {
        let has = |path: &&PathBuf| {
            // Some come and go.
            let bytes = fs::read(path).unwrap_or_default();
            bytes.windows(needle.len()).any(|window| window == needle)
        };
        files.iter().filter(has).collect()
    };
    for found in [CODE, BROWSER] {
        assert!(places(found.as_bytes()).len() > 1, "{found} is nowhere");
    }
    for visitor in VISITORS {
        let found = places(visitor.as_bytes());
        assert!(found.is_empty(), "{visitor} is in {found:?}");
    }
    let binary: Ipv6Addr = VISITORS[1].parse().unwrap();
    let found = places(&binary.octets());
    assert!(found.is_empty(), "{binary} is in {found:?}");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten();
    for path in entries.map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}
