//! A workspace with very many links, as it would be after some years.
//!
//! The tables are the real ones; the rows come by `insert … select`, since a million requests would
//! take an hour. Indexes are taken away and made again around it, as for any big load. Which link is
//! what follows from its number, so each run has the same links.

use anyhow::Context;
use sqlx::{Connection, PgConnection};
use tokio::runtime::Runtime;

use super::words::{TAGS, WORDS, tag};
use crate::links::DOMAIN;
use crate::servers::{Account, ApiServer};

/// Other domains of the workspace; half of its links are there.
pub(super) const DOMAINS: [&str; 4] = [
    "links.example.net",
    "shop.example.net",
    "go.example.org",
    "to.example.edu",
];

/// Links that are inserted with one statement.
const BATCH: i64 = 100_000;

/// Numbers that look random, and the same ones each time.
const FUNCTIONS: &str = "
    create function pg_temp.uniform(n bigint, salt bigint) returns float8 language sql immutable
    as $$ select abs(hashint8extended(n, salt) % 1000000) / 1000000.0 $$;
    -- Some things are met more often than others.
    create function pg_temp.choice(n bigint, salt bigint, count int) returns int language sql immutable
    as $$ select 1 + floor(count * pg_temp.uniform(n, salt) * pg_temp.uniform(n, salt))::int $$;
    -- Three years, the newest last.
    create function pg_temp.made_at(n bigint, total bigint, now timestamptz) returns timestamptz
    language sql immutable
    as $$ select date_trunc('milliseconds', now - interval '1095 days' * ((total - n + 1)::float8 / total)) $$;
    -- As UUIDs of version 7 are.
    create function pg_temp.link_id(n bigint, made_at timestamptz) returns uuid language sql immutable
    as $$ select (lpad(to_hex((extract(epoch from made_at) * 1000)::bigint), 12, '0')
                  || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid $$;
    -- Zipf's law over places that have nothing to do with age.
    create function pg_temp.clicks(n bigint, total bigint) returns bigint language sql immutable
    as $$ select total / 2 / (1 + (n * 7919) % total) $$";

/// Foreign keys and triggers are not asked for each row; what triggers would do, we do.
const BEGIN: &str = "
    set session_replication_role = replica;
    set maintenance_work_mem = '512MB';
    create temp table taken_away as
        select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
        from pg_index
        where indrelid in ('links'::regclass, 'link_totals'::regclass)
          and not exists (select from pg_constraint where conindid = indexrelid);
    do $$ declare taken record; begin
        for taken in select * from taken_away loop execute 'drop index ' || taken.name; end loop;
    end $$";

const END: &str = "
    do $$ declare taken record; begin
        for taken in select * from taken_away loop execute taken.definition; end loop;
    end $$;
    set session_replication_role = origin";

const DOMAIN_ROWS: &str = "
    insert into domains (domain, workspace_id, created_at, updated_at, revision)
    select domain, workspaces.id, now(), now(), 0 from workspaces, unnest($1::text[]) as domain";

/// $1 first and $2 last number, $3 how many there are, $4 now (text), $5 words, $6 tags, $7 domains.
const LINKS: &str = "
    insert into links (id, workspace_id, domain, code, original_url, title, notes, tags, is_enabled,
                       is_archived, external_id, expires_at, created_at, created_by, updated_at,
                       deleted_at, options, is_blocked, revision)
    select pg_temp.link_id(n, made_at), workspaces.id,
           ($7::text[])[case when pg_temp.uniform(n, 1) < 0.5 then 1 else pg_temp.choice(n, 2, cardinality($7::text[])) end],
           translate(substr(encode(sha256(convert_to('code ' || n, 'UTF8')), 'base64'), 1, 8), '+/', '-_'),
           'https://www.' || ($5::text[])[pg_temp.choice(n, 3, cardinality($5::text[]))] || '.example.com/'
               || ($5::text[])[pg_temp.choice(n, 4, cardinality($5::text[]))] || '/'
               || ($5::text[])[pg_temp.choice(n, 5, cardinality($5::text[]))] || '-' || n,
           case when pg_temp.uniform(n, 6) < 0.6 then
               initcap(($5::text[])[pg_temp.choice(n, 4, cardinality($5::text[]))]) || ' '
               || ($5::text[])[pg_temp.choice(n, 7, cardinality($5::text[]))] || ' '
               || ($5::text[])[pg_temp.choice(n, 8, cardinality($5::text[]))] end,
           case when pg_temp.uniform(n, 9) < 0.05 then
               'asked for by ' || ($5::text[])[pg_temp.choice(n, 10, cardinality($5::text[]))] || ' team' end,
           case when pg_temp.uniform(n, 11) < 0.1 then array(
               select distinct ($6::text[])[pg_temp.choice(n, 20 + k, cardinality($6::text[]))]
               from generate_series(1, 1 + n % 3) as k order by 1) else '{}' end,
           pg_temp.uniform(n, 12) >= 0.01,
           pg_temp.uniform(n, 13) < 0.05,
           case when pg_temp.uniform(n, 14) < 0.1 then 'crm-' || n end,
           case when pg_temp.uniform(n, 15) < 0.05 then
               $4::timestamptz + interval '365 days' * (pg_temp.uniform(n, 16) - 0.3) end,
           made_at,
           'usr_loadtest' || lpad((n % 20)::text, 14, '0'),
           made_at,
           case when pg_temp.uniform(n, 17) < 0.02 then
               $4::timestamptz - interval '40 days' * pg_temp.uniform(n, 18) end,
           case when pg_temp.uniform(n, 19) < 0.005 then jsonb_build_object('starts_at',
               (extract(epoch from $4::timestamptz + interval '60 days' * (pg_temp.uniform(n, 30) - 0.5)) * 1000000)::bigint) end,
           pg_temp.uniform(n, 31) < 0.001,
           0
    from workspaces, generate_series($1::bigint, $2::bigint) as n, lateral pg_temp.made_at(n, $3::bigint, $4::timestamptz) as made_at";

/// Up to three hours with clicks for each link that has any. $1 how many links, $2 now.
const HOURS: &str = "
    insert into link_clicks_hourly (link_id, hour, clicks, last_clicked_at)
    select pg_temp.link_id(n, made_at), date_trunc('hour', last), (clicks + k) / hours, last
    from generate_series(1, $1::bigint) as n,
         lateral pg_temp.made_at(n, $1::bigint, $2::timestamptz) as made_at,
         lateral pg_temp.clicks(n, $1::bigint) as clicks,
         lateral least(clicks, 3) as hours,
         lateral generate_series(0, hours - 1) as k,
         lateral (select made_at + ($2::timestamptz - made_at) * pg_temp.uniform(n, 40) - interval '1 hour' * (k + 2)) as at (last)
    where clicks > 0";

const TOTALS: &str = "
    insert into link_totals (link_id, workspace_id, clicks, last_clicked_at, search_text, beginnings)
    select id, workspace_id, coalesce(total.clicks, 0), coalesce(total.last, 'epoch'), search_text,
           beginnings
    from links left join (
        select link_id, sum(clicks)::bigint, max(last_clicked_at) from link_clicks_hourly group by 1
    ) as total (link_id, clicks, last) on link_id = id";

/// People who may sign in with the owner's password. $1 how many, $2 whose password.
const PEOPLE: &str = "
    insert into users (id, email, password_hash, created_at)
    select gen_random_uuid(), 'person-' || n || '@example.com', owner.password_hash, now()
    from generate_series(0, $1 - 1) as n, users as owner where owner.email = $2";

const MEMBERSHIPS: &str = "
    insert into memberships (workspace_id, user_id, role)
    select workspaces.id, users.id, 'viewer' from workspaces, users
    on conflict do nothing";

const TABLES: &str = "vacuum (analyze) links, link_totals, link_clicks_hourly, users, memberships";

/// Fills the tables. Runtime SQL throughout: these are no statements of the product.
pub(super) fn fill(server: &ApiServer, links: i64, people: i64) -> anyhow::Result<()> {
    let runtime = Runtime::new().context("no runtime")?;
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&server.database_url()).await?;
        fill_tables(&mut connection, server, links, people).await?;
        Ok::<_, anyhow::Error>(connection.close().await?)
    })
}

async fn fill_tables(
    connection: &mut PgConnection,
    server: &ApiServer,
    links: i64,
    people: i64,
) -> anyhow::Result<()> {
    for script in [FUNCTIONS, BEGIN] {
        sqlx::raw_sql(script).execute(&mut *connection).await?;
    }
    let tags: Vec<String> = (0..TAGS).map(tag).collect();
    let now: String = sqlx::query_scalar("select date_trunc('second', now())::text")
        .fetch_one(&mut *connection)
        .await?;
    let domains: Vec<&str> = [DOMAIN].into_iter().chain(DOMAINS).collect();
    let mut first = 1;
    while first <= links {
        let last = links.min(first + BATCH - 1);
        sqlx::query(LINKS)
            .bind(first)
            .bind(last)
            .bind(links)
            .bind(&now)
            .bind(&WORDS[..])
            .bind(&tags)
            .bind(&domains)
            .execute(&mut *connection)
            .await
            .context("cannot make links")?;
        eprintln!("{last} links");
        first = last + 1;
    }
    let hours = sqlx::query(HOURS).bind(links).bind(&now);
    hours.execute(&mut *connection).await.context("no clicks")?;
    sqlx::query(TOTALS).execute(&mut *connection).await?;
    eprintln!("indexes");
    sqlx::raw_sql(END).execute(&mut *connection).await?;
    let domains = sqlx::query(DOMAIN_ROWS).bind(&DOMAINS[..]);
    domains.execute(&mut *connection).await?;
    let accounts = sqlx::query(PEOPLE).bind(people).bind(&server.owner.email);
    accounts.execute(&mut *connection).await?;
    sqlx::query(MEMBERSHIPS).execute(&mut *connection).await?;
    sqlx::raw_sql(TABLES).execute(&mut *connection).await?;
    // Years have passed since: nothing of all this is still to be written.
    sqlx::raw_sql("checkpoint")
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// Who may sign in besides the owner.
pub(super) fn person(server: &ApiServer, number: usize) -> Account {
    Account {
        email: format!("person-{number}@example.com"),
        password: server.owner.password.clone(),
    }
}
