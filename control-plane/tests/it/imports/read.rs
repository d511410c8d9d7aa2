//! What is made of the rows of a file.

use reqwest::Method;
use serde_json::json;

use super::{FILE, counts, download, import, links, register, upload};
use crate::harness::{App, answer};

#[tokio::test]
async fn a_file_becomes_links_and_can_be_repeated() {
    let app = App::start().await;
    app.link("taken").await;
    let dry = import(&app, "?dry_run=true", FILE).await;
    assert_eq!(
        (counts(&dry), links(&app).await),
        ([8, 4, 0, 4], 1),
        "{dry}"
    );
    assert_eq!(dry["ignored_columns"], json!(["Clicks"]));

    let made = import(&app, "", FILE).await;
    assert_eq!(counts(&made), [8, 4, 0, 4], "{made}");
    let errors = made["errors"].as_array().unwrap().iter();
    let errors: Vec<_> = errors
        .map(|error| json!([error["row"], error["code"], error["problem"]["code"]]))
        .collect();
    assert_eq!(
        json!(errors),
        json!([
            [5, "four", "validation_failed"],
            [6, "taken", "code_taken"],
            [7, "two", "code_taken"],
            [8, "seven", "validation_failed"],
        ])
    );
    let one = app
        .get("/api/v1/links/by-code/go.example.org/one")
        .await
        .body;
    assert_eq!(
        (&one["title"], &one["tags"]),
        (&json!("One, the first"), &json!(["a", "b"]))
    );
    assert_eq!(one["created_by"], made["created_by"]);
    let two = app
        .get("/api/v1/links/by-code/go.example.org/two")
        .await
        .body;
    assert_eq!(
        (&two["title"], &two["enabled"]),
        (&json!("=SUM(A1)"), &json!(false))
    );

    let again = import(&app, "", FILE).await;
    assert_eq!(
        (counts(&again), links(&app).await),
        ([8, 0, 4, 4], 5),
        "{again}"
    );
    let rows: i64 = sqlx::query_scalar("select count(*) from import_rows")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(rows, 0, "finished imports keep no rows");
    let list = app.get("/api/v1/imports").await.body;
    assert_eq!(
        (&list["data"][0], list["data"].as_array().unwrap().len()),
        (&again, 3)
    );
    let foreign = app.foreign_key().await;
    let path = format!("/api/v1/imports/{}", made["id"].as_str().unwrap());
    assert_eq!(
        answer(app.request(Method::GET, &path).bearer_auth(&foreign))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn what_is_no_file_of_links_is_refused() {
    let app = App::start().await;
    for (file, code) in [
        (b"".to_vec(), "no_target_column"),
        (b"code,title\na,b\n".to_vec(), "no_target_column"),
        (b"url\n".to_vec(), "empty"),
        (
            b"url,Target\nhttps://example.com/,x\n".to_vec(),
            "ambiguous_columns",
        ),
        (b"url\n\xff\xfe\n".to_vec(), "invalid_csv"),
        (b"url\nhttps://example.com/\0\n".to_vec(), "invalid_csv"),
        (
            [b"url\n".to_vec(), b"x\n".repeat(200_001)].concat(),
            "too_many_rows",
        ),
        (
            [b"url".to_vec(), b",code".repeat(200)].concat(),
            "too_many_columns",
        ),
    ] {
        let refused = upload(&app, "", file).await;
        assert_eq!(
            (refused.status, &refused.body["errors"][0]["code"]),
            (422, &json!(code))
        );
    }
    assert_eq!(
        upload(&app, "", vec![b'x'; 33 * 1024 * 1024]).await.status,
        413
    );
    assert_eq!(upload(&app, "?force=true", FILE).await.status, 422);
    let request = app
        .request(Method::POST, "/api/v1/imports")
        .bearer_auth(&app.key);
    assert_eq!(answer(request.json(&json!({}))).await.status, 415);
    for path in ["imp_0000000000000000000000", "nonsense", "%FF"] {
        assert_eq!(
            app.get(&format!("/api/v1/imports/{path}")).await.status,
            404
        );
    }
}

#[tokio::test]
async fn the_errors_of_an_import_have_an_end() {
    let app = App::start().await;
    let tags = "\u{7};".repeat(50);
    let mut file = "url,tags\n".to_owned();
    for _ in 0..1_500 {
        file.push_str(&format!("https://example.com/,{tags}\n"));
    }
    let refused = import(&app, "?dry_run=true", file).await;
    let errors = refused["errors"].as_array().unwrap();
    assert_eq!((&refused["refused"], errors.len()), (&json!(1_500), 1_000));
    let told = errors[0]["problem"]["errors"].as_array().unwrap();
    assert_eq!(
        (told.len(), &told[5]["code"]),
        (6, &json!("too_many_errors"))
    );
}

#[tokio::test]
async fn tags_are_separated_as_other_systems_do_it() {
    let app = App::start().await;
    let file = "code,url,tags\n\
        commas,https://example.com/1,\"a, b,c\"\n\
        semicolons,https://example.com/2,a; b;c\n\
        bars,https://example.com/3,a|b | c\n\
        both,https://example.com/4,a|b;c\n\
        escaped,https://example.com/5,\"a;b|c,\"\n";
    let made = import(&app, "", file).await;
    assert_eq!(counts(&made), [5, 5, 0, 0], "{made}");
    for (code, tags) in [
        ("commas", json!(["a", "b", "c"])),
        ("semicolons", json!(["a", "b", "c"])),
        ("bars", json!(["a", "b", "c"])),
        ("both", json!(["a", "b", "c"])),
        ("escaped", json!(["a;b|c"])),
    ] {
        let path = format!("/api/v1/links/by-code/go.example.org/{code}");
        assert_eq!(app.get(&path).await.body["tags"], tags, "{code}");
    }
}

#[tokio::test]
async fn links_come_to_the_domain_that_their_row_names() {
    let app = App::start().await;
    register(&app, "links.example.com").await;
    let file = "short link,domain,url\n\
        one,links.example.com,https://example.com/1\n\
        https://Links.example.com/two?x=1,,https://example.com/2\n\
        https://go.example.org/three,,https://example.com/3\n\
        https://bit.ly/four,,https://example.com/4\n\
        https://bit.ly/one,links.example.com,https://example.com/1\n\
        one,,https://example.com/1\n\
        five,of.others.example,https://example.com/5\n";
    let made = import(&app, "", file).await;
    assert_eq!(counts(&made), [7, 5, 1, 1], "{made}");
    let refused = &made["errors"][0];
    assert_eq!(
        (&refused["row"], &refused["problem"]["code"]),
        (&json!(7), &json!("not_found"))
    );
    for (domain, code, target) in [
        ("links.example.com", "one", 1),
        ("links.example.com", "two", 2),
        ("go.example.org", "three", 3),
        ("go.example.org", "four", 4),
        ("go.example.org", "one", 1),
    ] {
        let path = format!("/api/v1/links/by-code/{domain}/{code}");
        let link = app.get(&path).await.body;
        assert_eq!(
            link["original_url"],
            format!("https://example.com/{target}"),
            "{domain}/{code}"
        );
    }
    assert_eq!(counts(&import(&app, "", file).await), [7, 0, 6, 1]);

    // What is exported comes back to where it was.
    let file = download(&app, "export.csv").await;
    let other = App::start().await;
    register(&other, "links.example.com").await;
    assert_eq!(counts(&import(&other, "", file).await), [5, 5, 0, 0]);
    let path = "/api/v1/links/by-code/links.example.com/two";
    assert_eq!(other.get(path).await.status, 200);
}

#[tokio::test]
async fn a_row_whose_link_is_in_the_bin_is_not_said_to_be_there() {
    let app = App::start().await;
    let file = "code,url\nbin,https://example.com/\n";
    assert_eq!(counts(&import(&app, "", file).await), [1, 1, 0, 0]);
    assert_eq!(counts(&import(&app, "", file).await), [1, 0, 1, 0]);
    let path = "/api/v1/links/by-code/go.example.org/bin";
    let link = app.get(path).await.body;
    app.delete_link(&link["id"]).await;
    let again = import(&app, "", file).await;
    assert_eq!(counts(&again), [1, 0, 0, 1], "{again}");
    assert_eq!(again["errors"][0]["problem"]["code"], "code_taken");
}
