//! Where pages may be.

use serde_json::Value;

use super::{Installation, titled};
use crate::name_server::Data;
use crate::page_server::Page;

#[tokio::test]
async fn three_hops_are_followed_and_no_more() {
    let at = Installation::start().await;
    for hop in 0..4 {
        let next = format!("/{}", hop + 1);
        at.pages.put(&format!("/{hop}"), Page::Redirect(next));
    }
    at.pages.put("/4", titled("The end"));
    let near = at.link("/1").await;
    assert_eq!(at.read(&near).await["title"], "The end");
    assert!(!at.pages.headers().contains_key("cookie"), "none is kept");
    let far = at.link("/0").await;
    assert_eq!(at.given_up(&far).await["page"], Value::Null);
    assert_eq!(at.pages.asked()[4..], ["/0", "/1", "/2", "/3"]);
}

#[tokio::test]
async fn no_hop_goes_into_our_own_network() {
    let at = Installation::start().await;
    let private = Data::Address([10, 0, 0, 1].into());
    at.names.put("private.example.com", vec![private.clone()]);
    let here = Data::Address([127, 0, 0, 1].into());
    at.names.put("mixed.example.com", vec![here, private]);
    for (number, to) in [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[::ffff:169.254.169.254]/".to_owned(),
        format!("http://localhost:{}/secret", at.pages.port),
        format!("http://127.0.0.1:{}/secret", at.pages.port),
        at.url_at("private.example.com", "/secret"),
        at.url_at("mixed.example.com", "/secret"),
        "https://go.example.org/abc".to_owned(),
        "file:///etc/passwd".to_owned(),
        "http://user:password@pages.example.com/secret".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/hop-{number}");
        at.pages.put(&path, Page::Redirect(to.clone()));
        let made = at.link(&path).await;
        assert_eq!(at.given_up(&made).await["page"], Value::Null, "{to}");
        assert_eq!(at.pages.asked().len(), number + 1, "{to}");
    }
}

#[tokio::test]
async fn a_host_with_an_address_of_ours_is_not_asked() {
    let at = Installation::start_with(&[]).await;
    let public = Data::Address([93, 184, 216, 34].into());
    let address = |text: &str| Data::Address(text.parse().unwrap());
    for (name, data) in [
        ("loopback.example.com", vec![address("127.0.0.1")]),
        ("mixed.example.com", vec![public, address("127.0.0.1")]),
        ("mapped.example.com", vec![address("::ffff:127.0.0.1")]),
        ("nat64.example.com", vec![address("64:ff9b::7f00:1")]),
        ("metadata.example.com", vec![address("169.254.169.254")]),
    ] {
        at.names.put(name, data);
        let made = at.link_to(&at.url_at(name, "/")).await;
        assert_eq!(at.given_up(&made).await["page"], Value::Null, "{name}");
    }
    assert!(at.pages.asked().is_empty());
}

#[tokio::test]
async fn a_name_that_becomes_ours_between_two_hops_is_refused() {
    let at = Installation::start().await;
    // First where it may be asked, then where it may not: each connection asks anew.
    let ours = ["127.0.0.1".parse().unwrap(), "127.0.0.2".parse().unwrap()];
    let rebinding = Data::Rebinding(ours.to_vec());
    at.names.put("rebinding.example.com", vec![rebinding]);
    let next = at.url_at("rebinding.example.com", "/secret");
    at.pages.put("/", Page::Redirect(next));
    at.pages.put("/secret", titled("Secret"));
    let made = at.link_to(&at.url_at("rebinding.example.com", "/")).await;
    assert_eq!(at.given_up(&made).await["page"], Value::Null);
    assert_eq!(at.pages.asked(), ["/"]);
}
