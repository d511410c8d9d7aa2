//! What is wrong with a file or a row, and where.

use serde_json::{Value, json};

use super::{counts, import, links, upload};
use crate::harness::App;

/// What an upload that is refused says: its code, and the message.
async fn refusal(app: &App, file: impl Into<reqwest::Body>) -> (String, String) {
    let refused = upload(app, "", file).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let error = &refused.body["errors"][0];
    let text = |field: &str| error[field].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

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
async fn quotes_that_hide_rows_refuse_the_file_and_say_where_they_open() {
    let app = App::start().await;
    for (file, code, lines) in [
        // Nothing closes it.
        (
            "url,title\nhttps://example.com/1,\"One\nhttps://example.com/2,Two\n",
            "unclosed_quote",
            &["line 2"][..],
        ),
        (
            "url,title\r\n\r\nhttps://example.com/1,\"One\r\n",
            "unclosed_quote",
            &["line 3"],
        ),
        (
            "url,\"title\nhttps://example.com/1,One\n",
            "unclosed_quote",
            &["line 1"],
        ),
        // The next quote closes it, which should open another text.
        (
            "\u{feff}\"url\",\"title\"\n\"https://example.com/1\",\"One\n\"https://example.com/2\",\"Two\"\n",
            "unclosed_quote",
            &["line 2", "line 3"],
        ),
    ] {
        let (found, message) = refusal(&app, file).await;
        assert_eq!(found, code, "{message}");
        for line in lines {
            assert!(message.contains(line), "{line}: {message}");
        }
    }
    assert_eq!(links(&app).await, 0);
}

#[tokio::test]
async fn a_row_that_cannot_be_taken_apart_is_refused_and_its_neighbours_are_made() {
    let app = App::start().await;
    let file = "code,url,title,notes\r\n\
        one,https://example.com/1,One,\"First\r\nand \"\"second\"\"\r\n\"\r\n\
        two,https://example.com/2,One, two\r\n\
        three,https://example.com/3,Three, notes, ,\r\n\
        \r\n\
        four,https://example.com/4,\"The \"fourth\" one\",notes\r\n\
        five,https://example.com/5,Five,,,6\r\n\
        six,https://example.com/6,\"Six,\r\nseven,https://example.com/7,\"\r\n\
        eight,https://example.com/8,\"Eight\" ,\"say \"\"8\"\"\"\r\n\
        nine,https://example.com/9,5\" disks\r\n";
    let made = import(&app, "", file).await;
    assert_eq!(counts(&made), [8, 5, 0, 3], "{made}");
    let domain = "go.example.org";
    assert_eq!(
        refused_rows(&made),
        json!([
            [4, 8, domain, "four", "misplaced_quote"],
            [5, 9, domain, "five", "too_many_cells"],
            [6, 10, domain, "six", "unclosed_quote"],
        ])
    );
    let message = |place: usize| &made["errors"][place]["problem"]["errors"][0]["message"];
    assert_eq!(
        message(1),
        "the row has 6 cells, the header has 4: text with a comma in it goes between quotes"
    );
    let told = message(2).as_str().unwrap();
    assert!(
        told.contains("line 10") && told.contains("line 11"),
        "{told}"
    );
    for (code, field, value) in [
        ("one", "notes", "First\nand \"second\""),
        ("two", "notes", "two"),
        ("eight", "notes", "say \"8\""),
        ("eight", "title", "Eight"),
        ("nine", "title", "5\" disks"),
    ] {
        let path = format!("/api/v1/links/by-code/{domain}/{code}");
        assert_eq!(app.get(&path).await.body[field], value, "{code}");
    }
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

#[tokio::test]
async fn columns_that_mean_nothing_are_named() {
    let app = App::start().await;
    let file = "url,Tgas,code,\nhttps://example.com/,a,one,\n";
    let made = import(&app, "", file).await;
    assert_eq!(counts(&made), [1, 1, 0, 0], "{made}");
    assert_eq!(made["ignored_columns"], json!(["Tgas", ""]));
}
