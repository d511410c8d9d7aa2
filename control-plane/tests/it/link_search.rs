//! Searching in many links: what is found, and how.

use control_plane::db::{self, LinkFilter, LinkOrder, Page, Samples};
use serde_json::{Value, json};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::harness::{App, NOW, eventually};

/// So many that it matters how they are found.
const MANY: i64 = 12_000;

const ORDERS: [&str; 6] = [
    "",
    "&order=asc",
    "&sort=clicks",
    "&sort=clicks&order=asc",
    "&sort=last_clicked",
    "&sort=last_clicked&order=asc",
];

/// Many links, the newest first numbered highest. Each 100th is about ferrets, and three of the
/// oldest about an okapi.
async fn with_many_links() -> App {
    let app = App::start().await;
    let insert = "
        insert into links (id, workspace_id, domain, code, original_url, title, tags, created_at,
                           updated_at, revision)
        select gen_random_uuid(), workspaces.id, 'go.example.org', 'c' || n,
               'https://example.com/' || md5(n::text),
               case when n % 100 = 0 then 'A ferret' when n in (5, 6, 7) then 'An okapi' end,
               case when n = 11 then '{zq}'::text[] else '{}' end,
               $1::timestamptz - interval '1 minute' * ($2::bigint - n), $1, 0
        from workspaces, generate_series(1, $2::bigint) as n";
    let now = NOW.to_datetime().unwrap();
    let insert = sqlx::query(insert).bind(now).bind(MANY);
    insert.execute(&app.pool).await.unwrap();
    // Many have been clicked as often as others. In the statistics, too: totals follow them.
    let clicks = "
        with clicked as (
            insert into link_clicks_hourly (link_id, hour, clicks, last_clicked_at)
            select id, date_trunc('hour', at), 1 + number, at
            from links,
                 lateral (select substr(code, 2)::bigint * 7919 % 1000) as it (number),
                 lateral (select to_timestamp(1700000000 + number * 60)) as last (at)
            returning link_id, clicks, last_clicked_at
        )
        update link_totals set clicks = clicked.clicks, last_clicked_at = clicked.last_clicked_at
        from clicked where clicked.link_id = link_totals.link_id";
    sqlx::query(clicks).execute(&app.pool).await.unwrap();
    let analyze = "vacuum (analyze) links, link_totals, link_clicks_hourly";
    sqlx::raw_sql(analyze).execute(&app.pool).await.unwrap();
    app
}

async fn all_pages(app: &App, query: &str) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut path = format!("/api/v1/links?limit=100&{query}");
    loop {
        let page = app.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        seen.extend(page.body["data"].as_array().unwrap().clone());
        let Some(cursor) = page.body["next_cursor"].as_str() else {
            return seen;
        };
        path = format!("/api/v1/links?limit=100&{query}&cursor={cursor}");
    }
}

fn codes(links: &[Value]) -> Vec<&str> {
    let codes = links.iter().map(|link| link["code"].as_str().unwrap());
    codes.collect()
}

#[tokio::test]
async fn a_search_finds_the_same_in_every_order_however_rare_it_is() {
    let app = with_many_links().await;
    for (text, expected) in [
        ("ferret", 120),
        ("okapi", 3),
        // Words that all links have are not what an index is asked for.
        ("example.com%2F", 12_000),
        ("com%2Fc81e728d9d4c2f63", 1),
        ("Example.Com%2FC81E728D", 1),
        ("com%2Fexample", 0),
        ("com.c81e728d9d4c2f63", 0),
        ("ok", 3),
        ("zq", 1),
        ("gnu", 0),
    ] {
        for order in ORDERS {
            let found = all_pages(&app, &format!("q={text}{order}")).await;
            let mut each = codes(&found);
            each.sort_unstable();
            each.dedup();
            assert_eq!(
                (found.len(), each.len()),
                (expected, expected),
                "{text}{order}"
            );
        }
    }
    let found = all_pages(&app, "q=ferret").await;
    let newest: Vec<String> = (1..=120).rev().map(|n| format!("c{}", n * 100)).collect();
    assert_eq!(codes(&found), newest);
    let by_clicks = |code: &str| {
        let number: i64 = code[1..].parse().unwrap();
        number * 7919 % 1000
    };
    for (order, is_descending) in [("desc", true), ("asc", false)] {
        let found = all_pages(&app, &format!("q=ferret&sort=clicks&order={order}")).await;
        let clicks: Vec<i64> = codes(&found).into_iter().map(by_clicks).collect();
        assert!(clicks.is_sorted_by(|a, b| if is_descending { a >= b } else { a <= b }));
    }
}

#[tokio::test]
async fn one_or_two_characters_find_beginnings() {
    let app = App::start().await;
    for (code, title, tags) in [
        ("Abc", "Summer sale", json!(["print"])),
        ("xab", "The (abstract) view", json!([])),
        ("xyz", "nothing", json!(["über", "absent"])),
        ("_ab", "taboo", json!(["cab"])),
    ] {
        let body = json!({ "original_url": "https://example.com/abc", "code": code, "title": title,
                           "tags": tags });
        assert_eq!(app.create_link(body).await.status, 201);
        app.clock.advance(1_000_000);
    }
    for (text, expected) in [
        ("ab", vec!["xyz", "xab", "Abc"]),
        ("AB", vec!["xyz", "xab", "Abc"]),
        ("a", vec!["xyz", "xab", "Abc"]),
        ("_a", vec!["_ab"]),
        ("%C3%9C", vec!["xyz"]),
        ("%C3%BCb", vec!["xyz"]),
        ("%25", vec![]),
        ("sa", vec!["Abc"]),
        ("p", vec!["Abc"]),
        // From three on, anywhere.
        ("abc", vec!["_ab", "xyz", "xab", "Abc"]),
        ("boo", vec!["_ab"]),
    ] {
        let found = all_pages(&app, &format!("q={text}")).await;
        assert_eq!(codes(&found), expected, "{text}");
        let total = app.get(&format!("/api/v1/links?q={text}&total=true")).await;
        assert_eq!(total.body["total"], expected.len(), "{text}");
    }
}

/// The statements of a pool's only connection that find a page of links: in the order of the list, or
/// those that are looked for, then sorted.
async fn statements(pool: &PgPool, is_found: bool) -> Vec<String> {
    let of_them = match is_found {
        true => "like",
        false => "not like",
    };
    let prepared = format!(
        "select name from pg_prepared_statements
         where statement like '%limit $20%'
           and statement {of_them} '%from (select * from links where links.workspace_id%'"
    );
    // Not a statement that is prepared itself.
    let prepared = sqlx::raw_sql(sqlx::AssertSqlSafe(prepared));
    let rows = prepared.fetch_all(pool).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// What the statements of a search are planned as.
async fn plans(pool: &PgPool, workspace_id: Uuid, text: &str) -> Vec<String> {
    let (pattern, beginning) = match text.len() {
        0..3 => ("null".to_owned(), format!("'{text}'")),
        _ => (format!("'%{text}%'"), "null".to_owned()),
    };
    let mut plans = Vec::new();
    for name in statements(pool, true).await {
        let arguments = format!(
            "'{workspace_id}', {pattern}, null, now(), 0, null, null, null, null, null, null, null,
             false, now(), {beginning}, {pattern}, 'words', null, null, 51"
        );
        let explain = format!("explain execute {name} ({arguments})");
        // A test's own statement, about the one that the product has prepared.
        let lines = sqlx::raw_sql(sqlx::AssertSqlSafe(explain));
        let lines = lines.fetch_all(pool).await.unwrap();
        let lines: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
        plans.push(lines.join("\n"));
    }
    plans
}

/// Asks for a first page in each order, on one connection.
async fn first_pages(app: &App, filter: &LinkFilter<'_>) -> (PgPool, Uuid) {
    let pool = db::connect(&app.database_url.clone().into(), 1).unwrap();
    let workspace_id = sqlx::query_scalar("select id from workspaces");
    let workspace_id: Uuid = workspace_id.fetch_one(&pool).await.unwrap();
    let (samples, now) = (Samples::default(), NOW.to_datetime().unwrap());
    for order in [
        LinkOrder::Created,
        LinkOrder::Clicks,
        LinkOrder::LastClicked,
    ] {
        for is_descending in [true, false] {
            let (after, limit) = (None, 51);
            let page = Page {
                order,
                is_descending,
                after,
                limit,
            };
            let found = db::list_links((&pool, &samples), workspace_id, filter, &page, now);
            assert!(!found.await.unwrap().is_empty());
        }
    }
    (pool, workspace_id)
}

#[tokio::test]
async fn a_search_for_what_few_links_have_never_reads_all_links() {
    let app = with_many_links().await;
    for text in ["okapi", "zq"] {
        let filter = LinkFilter {
            search: Some(text),
            ..LinkFilter::default()
        };
        let (pool, workspace_id) = first_pages(&app, &filter).await;
        assert_eq!(statements(&pool, false).await.len(), 0);
        let plans = plans(&pool, workspace_id, text).await;
        assert_eq!(plans.len(), 6, "{plans:#?}");
        for plan in plans {
            assert!(plan.contains("Bitmap Index Scan on links_"), "{plan}");
            assert!(!plan.contains("Seq Scan"), "{plan}");
        }
    }
}

#[tokio::test]
async fn what_most_links_are_is_found_in_the_order_of_the_list() {
    let app = with_many_links().await;
    let all = LinkFilter::default();
    let active = LinkFilter {
        status: Some("active"),
        is_archived: Some(false),
        ..LinkFilter::default()
    };
    let common = LinkFilter {
        search: Some("example.com"),
        ..LinkFilter::default()
    };
    for filter in [all, active, common] {
        let (pool, _) = first_pages(&app, &filter).await;
        let (in_order, found) = (
            statements(&pool, false).await,
            statements(&pool, true).await,
        );
        assert_eq!((in_order.len(), found.len()), (6, 0), "{filter:?}");
    }
}

#[tokio::test]
async fn new_links_are_worked_into_the_indexes_of_searches_within_seconds() {
    let app = App::start().await;
    let contrib = "create extension pgstattuple";
    sqlx::raw_sql(contrib).execute(&app.pool).await.unwrap();
    let body = json!({ "original_url": "https://example.com/", "title": "A gnu", "tags": ["g"] });
    assert_eq!(app.create_link(body).await.status, 201);
    eventually("nothing is left to work in", async || {
        let left = "select coalesce(sum((pgstatginindex(indexrelid)).pending_tuples), 0)::bigint
                    from pg_index
                    join pg_class on pg_class.oid = indexrelid
                    join pg_am on pg_am.oid = relam and amname = 'gin'
                    where indrelid = 'links'::regclass";
        let left: i64 = sqlx::query_scalar(left).fetch_one(&app.pool).await.unwrap();
        (left == 0).then_some(())
    })
    .await;
    assert_eq!(codes(&all_pages(&app, "q=gnu").await).len(), 1);
}

#[tokio::test]
async fn any_part_of_a_text_finds_it_wherever_words_begin_and_end() {
    let app = with_many_links().await;
    let title = "\u{dc}n\u{ef}-code's  Gr\u{f6}\u{df}e: a/b_c & \u{130}stanbul 100%, \u{212a}-Shop (r shop) x\\y \u{39f}\u{394}\u{39f}\u{3a3} \u{39f}\u{394}\u{3a5}\u{3a3}\u{3a3}\u{395}\u{3a5}\u{3a3}";
    let notes = "first line,\nsecond-line.example.com/NEWS?a=b";
    let body = json!({
        "original_url": "https://shop.example.com/odd", "title": title, "notes": notes,
    });
    let made = app.create_link(body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let mut searches = 0;
    for text in [title, notes] {
        let characters: Vec<char> = text.chars().collect();
        for length in [4, 9, 16] {
            for part in characters.windows(length).step_by(2) {
                let part = String::from_iter(part);
                // What is around a searched text does not count.
                let part = part.trim();
                if part.chars().count() < 3 {
                    continue;
                }
                let query = url::form_urlencoded::byte_serialize(part.as_bytes());
                let path = format!("/api/v1/links?q={}", String::from_iter(query));
                let found = app.get(&path).await;
                assert_eq!(found.status, 200, "{part:?}: {}", found.body);
                let links = found.body["data"].as_array().unwrap();
                let is_it = |link: &Value| link["id"] == made.body["id"];
                assert!(links.iter().any(is_it), "{part:?}: {}", found.body);
                searches += 1;
            }
        }
    }
    assert!(searches > 100, "{searches}");
    // Statistics come late, and with the next statement.
    let asked = "select idx_scan from pg_stat_user_indexes
                 where indexrelname = 'links_word_pairs_idx'";
    eventually("the index of pairs is asked", async || {
        app.get("/api/v1/links?q=second-line.example.com/NEWS")
            .await;
        let asked = sqlx::query(asked).fetch_one(&app.pool).await.unwrap();
        (asked.get::<i64, _>("idx_scan") > 0).then_some(())
    })
    .await;
}
