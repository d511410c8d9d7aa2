//! What is wrong with a file or a row, and where.

use serde_json::{Value, json};

use super::import;
use crate::harness::App;

/// Of each refused row: number, line, domain, code, and what is wrong first.
fn refused_rows(import: &Value) -> Value {
    let errors = import["errors"].as_array().unwrap().iter();
    let shown = errors.map(|error| {
        let problem = &error["problem"];
        let what = problem["errors"][0].get("code").unwrap_or(&problem["code"]);
        let fields = ["row", "line", "domain", "code"].map(|field| &error[field]);
        let [row, line, domain, code] = fields;
        json!([row, line, domain, code, what])
    });
    shown.collect()
}

#[tokio::test]
async fn refused_rows_say_which_they_are() {
    let app = App::start().await;
    app.link("taken").await;
    let file = "short link,url,domain\n\
        https://go.example.org/taken,https://example.com/1,\n\n\
        https://bit.ly/bad,javascript:alert(1),\n\
        theirs,https://example.com/3,of.others.example\n\
        not a code,https://example.com/4,\n";
    let made = import(&app, "", file).await;
    assert_eq!(
        refused_rows(&made),
        json!([
            [1, 2, "go.example.org", "taken", "code_taken"],
            [2, 4, "go.example.org", "bad", "forbidden_scheme"],
            [3, 5, "of.others.example", "theirs", "not_found"],
            [4, 6, "go.example.org", "not a code", "invalid_code"],
        ]),
        "{made}"
    );
}
