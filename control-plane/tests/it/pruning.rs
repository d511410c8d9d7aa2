//! What nobody will ask for again is forgotten, in small steps.

use sqlx::PgPool;

use crate::harness::{App, eventually};

/// More than are forgotten with one statement.
const MANY: i64 = 2_500;

/// Rows of each kind that are out of date, and as many that will be in a minute. $1 how many, $2 now.
const ROWS: [(&str, &str); 5] = [
    (
        "sessions",
        "insert into sessions (token_hash, user_id, workspace_id, created_at, expires_at)
         select sha256(convert_to(kind || n, 'UTF8')), users.id, workspaces.id, at, at
         from users, workspaces, due('0 s', $1, $2)",
    ),
    (
        "idempotency_keys",
        "insert into idempotency_keys (workspace_id, key_hash, request_hash, status, body, created_at)
         select workspaces.id, sha256(convert_to(kind || n, 'UTF8')), sha256(''), 200, '', at
         from workspaces, due('24 h', $1, $2)",
    ),
    (
        "webhook_messages",
        "with webhook as (
             insert into webhooks (id, workspace_id, url, secret, events, since_seq, created_at,
                                   updated_at, is_enabled)
             select gen_random_uuid(), id, 'https://example.com/', sha256(''), '{link.created}', 0,
                    now(), now(), false from workspaces
             returning id
         )
         insert into webhook_messages (id, webhook_id, event, body, state, next_attempt_at, created_at)
         select gen_random_uuid(), webhook.id, kind, '', 'delivered', at, at
         from webhook, due('30 days', $1, $2)",
    ),
    (
        "invitations",
        "insert into invitations (id, workspace_id, email, role, token_hash, created_at, expires_at)
         select gen_random_uuid(), workspaces.id, kind || n, 'viewer',
                sha256(convert_to(kind || n, 'UTF8')), at, at
         from workspaces, due('30 days', $1, $2)",
    ),
    (
        "imports",
        "insert into imports (id, workspace_id, created_by, created_at, is_dry_run, total,
                              ignored_columns, finished_at)
         select gen_random_uuid(), workspaces.id, '', at, false, 0, '{}', at
         from workspaces, due('90 days', $1, $2)",
    ),
];

const DUE: &str = "
    create function due(kept interval, count bigint, now timestamptz)
    returns table (kind text, n bigint, at timestamptz) language sql as $$
        select kind, n, now - kept + late
        from generate_series(1, count) as n,
             (values ('old', interval '-1 s'), ('new', interval '1 min')) as kinds (kind, late)
    $$";

async fn count(pool: &PgPool, table: &str) -> i64 {
    let statement = match table {
        "sessions" => "select count(*) from sessions",
        "idempotency_keys" => "select count(*) from idempotency_keys",
        "webhook_messages" => "select count(*) from webhook_messages",
        "invitations" => "select count(*) from invitations",
        _ => "select count(*) from imports",
    };
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn what_is_out_of_date_is_forgotten_and_nothing_else() {
    let mut app = App::start().await;
    app.stop().await.unwrap();
    let now = contract::Clock::now(&*app.clock).to_datetime().unwrap();
    sqlx::raw_sql(DUE).execute(&app.pool).await.unwrap();
    for (table, insert) in ROWS {
        let insert = sqlx::query(insert).bind(MANY).bind(now);
        insert.execute(&app.pool).await.unwrap();
        assert_eq!(count(&app.pool, table).await, 2 * MANY, "{table}");
    }
    let _second = app.second_instance().await;
    for (table, _) in ROWS {
        let what = format!("what is old in {table} goes");
        eventually(&what, async || {
            (count(&app.pool, table).await <= MANY).then_some(())
        })
        .await;
        assert_eq!(count(&app.pool, table).await, MANY, "{table}");
    }
}
