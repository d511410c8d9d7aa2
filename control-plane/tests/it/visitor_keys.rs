use contract::{Clock, Day, DayKey, DayKeys, Timestamp};
use control_plane::visitor_keys;
use sqlx::PgPool;

use crate::harness::{App, INTERNAL_SECRET, NOW, eventually};

const HOUR: i64 = 3600 * 1_000_000;
const DAY: i64 = 24 * HOUR;

async fn ask(app: &App, admin_url: &str, secret: &str) -> (u16, String) {
    let url = format!("{admin_url}/internal/visitor-keys");
    let request = app.client.get(url).bearer_auth(secret);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn keys(app: &App) -> Vec<DayKey> {
    let (status, body) = ask(app, &app.admin_url, INTERNAL_SECRET).await;
    assert_eq!(status, 200, "{body}");
    DayKeys::decode(body.as_bytes()).unwrap().keys
}

fn days(keys: &[DayKey]) -> Vec<Day> {
    keys.iter().map(|key| key.day).collect()
}

async fn stored_days(pool: &PgPool) -> Vec<Day> {
    let days: Vec<time::Date> = sqlx::query_scalar("select day from visitor_keys order by day")
        .fetch_all(pool)
        .await
        .unwrap();
    days.into_iter().map(Day::from).collect()
}

#[tokio::test]
async fn a_key_is_told_half_a_day_ahead_and_stays_the_same() {
    let app = App::start().await;
    let today = Day::of(NOW);
    let told = keys(&app).await;
    assert_eq!(days(&told), [today]);
    assert_eq!(keys(&app).await, told);

    // It is 10:20. At noon tomorrow's key is there.
    app.clock.advance(2 * HOUR);
    let both = keys(&app).await;
    assert_eq!(days(&both), [today, today.next()]);
    assert_eq!(both[0], told[0]);
    assert_ne!(both[0].key, both[1].key);

    app.clock.advance(12 * HOUR);
    assert_eq!(keys(&app).await, both[1..]);
}

#[tokio::test]
async fn nobody_gets_keys_without_the_secret() {
    let app = App::start().await;
    for secret in ["wrong", ""] {
        let (status, body) = ask(&app, &app.admin_url, secret).await;
        assert_eq!(status, 401, "{body}");
        assert!(body.contains("\"unauthenticated\""), "{body}");
    }
    let (status, _) = ask(&app, &app.url, INTERNAL_SECRET).await;
    assert_eq!(status, 404, "not on the public port");
    assert_eq!(stored_days(&app.pool).await, []);
}

#[tokio::test]
async fn control_planes_that_are_asked_at_once_agree() {
    let app = App::start().await;
    let mut second = app.second_instance().await;
    app.clock.advance(2 * HOUR);
    let urls = [app.admin_url.clone(), second.admin_url().to_owned()];
    for _ in 0..10 {
        sqlx::query("delete from visitor_keys")
            .execute(&app.pool)
            .await
            .unwrap();
        let asking = (0..4).map(async |number| {
            // On a busy machine one may be told to come again.
            loop {
                let answer = ask(&app, &urls[number % 2], INTERNAL_SECRET).await;
                if answer.0 != 503 {
                    return answer;
                }
            }
        });
        let answers = futures_util::future::join_all(asking).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(answers[0].0, 200, "{}", answers[0].1);
    }
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_key_is_destroyed_an_hour_after_its_day_and_within_48_of_its_making() {
    let app = App::start().await;
    // Days that the running service does not touch: its clock stands before them.
    let midnight = (NOW.as_micros().div_euclid(DAY) + 10) * DAY;
    let today = Day::of(Timestamp::from_micros(midnight));
    let at = |moment: i64| Timestamp::from_micros(midnight + moment);
    // As early as it can be made …
    let made_at = -12 * HOUR;
    for (moment, expected) in [(made_at - 1, 1), (made_at, 2)] {
        let told = visitor_keys::current(&app.pool, at(moment)).await.unwrap();
        assert_eq!(told.keys.len(), expected);
    }
    visitor_keys::destroy_old(&app.pool, at(DAY - 1))
        .await
        .unwrap();
    assert_eq!(stored_days(&app.pool).await, [today]);
    // … and as late as it is destroyed.
    let destroyed_at = DAY + HOUR;
    let count = visitor_keys::destroy_old(&app.pool, at(destroyed_at - 1)).await;
    assert_eq!(count.unwrap(), 0);
    assert_eq!(stored_days(&app.pool).await, [today]);
    let count = visitor_keys::destroy_old(&app.pool, at(destroyed_at)).await;
    assert_eq!(count.unwrap(), 1);
    assert_eq!(stored_days(&app.pool).await, []);
    assert!(destroyed_at - made_at <= 48 * HOUR);
}

#[tokio::test]
async fn a_control_plane_that_starts_destroys_what_is_due() {
    let app = App::start().await;
    keys(&app).await;
    app.clock.advance(DAY);
    let next = keys(&app).await;
    assert_eq!(stored_days(&app.pool).await.len(), 2);
    let mut second = app.second_instance().await;
    eventually("yesterday's key is gone", async || {
        let stored = stored_days(&app.pool).await;
        (stored == [Day::of(app.clock.now())]).then_some(())
    })
    .await;
    assert_eq!(keys(&app).await, next);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_destroyed_key_is_not_left_in_the_tables_file() {
    let app = App::start().await;
    let old = keys(&app).await[0];
    assert!(is_in_file(&app.pool, &old).await);
    app.clock.advance(DAY);
    let new = keys(&app).await[0];
    // As somebody may who reads statistics: it keeps deleted rows from being vacuumed.
    let mut reader = control_plane::db::begin(&app.pool).await.unwrap();
    sqlx::query("set transaction isolation level repeatable read")
        .execute(&mut *reader)
        .await
        .unwrap();
    sqlx::query("select 1").execute(&mut *reader).await.unwrap();
    let now = app.clock.now();
    visitor_keys::destroy_old(&app.pool, now).await.unwrap();
    assert!(is_in_file(&app.pool, &new).await);
    assert!(!is_in_file(&app.pool, &old).await);
    assert_eq!(keys(&app).await, [new]);
    reader.rollback().await.unwrap();
}

/// Whether the key's bytes are in the file that PostgreSQL keeps the table in.
async fn is_in_file(pool: &PgPool, key: &DayKey) -> bool {
    sqlx::query("checkpoint").execute(pool).await.unwrap();
    let look =
        "select position($1 in pg_read_binary_file(pg_relation_filepath('visitor_keys'))) > 0";
    let found = sqlx::query_scalar(look).bind(key.key.as_slice());
    found.fetch_one(pool).await.unwrap()
}
