//! `linkpulse report` and `linkpulse link`: what visitors report, and taking links down.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Place, eventually, text};
use crate::link_options::Said;
use crate::web::Web;

#[test]
fn whoever_runs_it_reads_reports_and_takes_links_down() {
    let place = Place::new();
    let up = place.up();
    let web = Web::new(place.url(""));
    let said = Said(up.output());
    let none = text(&place.run(&["report", "list"]));
    assert!(none.contains("There are no open reports"), "{none}");

    let link = json!({ "original_url": "https://example.com/bank", "code": "bad" });
    web.api(Method::POST, "/api/v1/links", said.api_key(), Some(link));
    let form = "reason=phishing&detail=moc.knab%0Agnp.%E2%80%AEsomething";
    let reported = web.post_form("/report/bad", form);
    assert_eq!(reported.status, 200, "{}", reported.body);
    let list = text(&place.run(&["report", "list"]));
    for shown in [
        "phishing  localhost/bad",
        "belongs to Workspace\n",
        // What turns text around is not even kept.
        r"says: moc.knab\ngnp.something",
    ] {
        assert!(list.contains(shown), "{shown:?} in {list}");
    }
    let report = list.split_whitespace().next().unwrap();

    assert_eq!(web.get("/bad", "").status, 302);
    let address = place.url("/bad").replace("127.0.0.1", "localhost");
    let reason = "Looks like a bank";
    let down = place.run(&["link", "block", &address, "--reason", reason]);
    assert!(down.status.success(), "{}", text(&down));
    eventually("visitors are refused", || web.get("/bad", "").status == 451);
    let shown = text(&place.run(&["link", "show", "localhost/bad"]));
    for said in [
        "lnk_",
        "Workspace",
        "blocked",
        "https://example.com/bank",
        "UTC: Looks like a bank",
        "open reports  1",
    ] {
        assert!(shown.contains(said), "{said:?} in {shown}");
    }
    let list = text(&place.run(&["report", "list"]));
    assert!(list.contains("Workspace, and is taken down"), "{list}");

    let hosts = place.state_dir().join("hosts");
    std::fs::write(&hosts, "example.com\n").unwrap();
    let listed = place
        .command(&["link", "unblock", "localhost/bad"])
        .env("LINKPULSE_BLOCKLIST", &hosts)
        .output()
        .unwrap();
    assert_eq!(listed.status.code(), Some(1));
    assert!(text(&listed).contains("blocklist"), "{}", text(&listed));
    let again = place.run(&["link", "unblock", "localhost/bad"]);
    assert!(again.status.success(), "{}", text(&again));
    eventually("the link is back", || web.get("/bad", "").status == 302);

    assert!(place.run(&["report", "close", report]).status.success());
    for (arguments, code, said) in [
        (
            &["report", "close", report][..],
            1,
            "there is no open report",
        ),
        (&["report", "close"], 2, "ID"),
        (&["link", "unblock", "localhost/bad"], 1, "not taken down"),
        (
            &["link", "show", "localhost/none"],
            1,
            "there is no link localhost/none",
        ),
        (&["link", "show", "none"], 2, "say which link"),
        (
            &["link", "block", "localhost/bad", "--reason", ""],
            1,
            "reason:",
        ),
    ] {
        let refused = place.run(arguments);
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}");
        let told = text(&refused);
        assert!(told.contains(said), "{said:?} in {told}");
    }
    let healthy = text(&place.run(&["doctor", "--audit"]));
    assert!(!healthy.contains("altered"), "{healthy}");
    place.assert_redis_refused_nothing();
}
