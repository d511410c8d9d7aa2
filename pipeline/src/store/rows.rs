//! One row per hit: the table `clicks`.

use std::borrow::Cow;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::text::storable;
use crate::Result;
use crate::classify::by_request;
use crate::intake::unstorable;
use crate::rollup::Hit;

/// Clicks as the columns that `unnest` takes.
#[derive(Default)]
struct Columns<'c> {
    clicked_at: Vec<OffsetDateTime>,
    request_id: Vec<Uuid>,
    link_id: Vec<Option<Uuid>>,
    domain: Vec<Cow<'c, str>>,
    code: Vec<Cow<'c, str>>,
    kind: Vec<&'static str>,
    status: Vec<i16>,
    visitor: Vec<Option<&'c [u8]>>,
    is_do_not_track: Vec<bool>,
    is_qr: Vec<bool>,
    variant: Vec<i16>,
    rule: Vec<i16>,
    country: Vec<Option<Cow<'c, str>>>,
    city: Vec<Option<Cow<'c, str>>>,
    user_agent_id: Vec<i64>,
    referrer: Vec<Cow<'c, str>>,
    language: Vec<Cow<'c, str>>,
    query: Vec<Cow<'c, str>>,
}

impl<'c> Columns<'c> {
    fn of(hits: &[Hit<'c>]) -> Result<Self> {
        let mut columns = Self::default();
        for hit in hits {
            columns.push(hit)?;
        }
        Ok(columns)
    }

    fn push(&mut self, hit: &Hit<'c>) -> Result<()> {
        let click = hit.click;
        let clicked_at = click.clicked_at.to_datetime();
        let clicked_at = clicked_at.ok_or_else(|| unstorable(click.clicked_at))?;
        self.clicked_at.push(clicked_at);
        self.request_id.push(click.request_id.0);
        self.link_id.push(click.link_id.map(|id| id.0));
        self.domain.push(storable(click.domain));
        self.code.push(storable(click.code));
        self.kind.push(by_request(click).as_str());
        // A status has three digits; one that has more is nobody's.
        self.status.push(i16::try_from(click.status).unwrap_or(0));
        self.visitor
            .push(click.visitor.as_ref().map(|hash| hash.as_slice()));
        self.is_do_not_track.push(click.is_do_not_track);
        self.is_qr.push(click.is_qr);
        self.variant.push(click.variant.into());
        self.rule.push(click.rule.into());
        let country = click.country.as_ref();
        let country = country.and_then(|letters| std::str::from_utf8(letters).ok());
        self.country.push(country.map(storable));
        self.city
            .push((!click.city.is_empty()).then(|| storable(click.city)));
        self.user_agent_id.push(hit.agent_id);
        self.referrer.push(storable(click.referrer));
        self.language.push(storable(click.language));
        self.query.push(storable(click.query));
        Ok(())
    }
}

/// Writes a row per click.
pub(super) async fn insert(connection: &mut PgConnection, hits: &[Hit<'_>]) -> Result<()> {
    let columns = Columns::of(hits)?;
    // `as _` where the macro would insist on arrays without null, or of `String`.
    sqlx::query!(
        "insert into clicks (
             clicked_at, request_id, link_id, domain, code, kind, status, visitor,
             is_do_not_track, is_qr, variant, rule, country, city, user_agent_id, referrer,
             language, query
         )
         select * from unnest(
             $1::timestamptz[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
             $7::smallint[], $8::bytea[], $9::bool[], $10::bool[], $11::smallint[],
             $12::smallint[], $13::text[], $14::text[], $15::bigint[], $16::text[],
             $17::text[], $18::text[]
         )",
        &columns.clicked_at,
        &columns.request_id,
        &columns.link_id as _,
        &columns.domain as _,
        &columns.code as _,
        &columns.kind as _,
        &columns.status,
        &columns.visitor as _,
        &columns.is_do_not_track,
        &columns.is_qr,
        &columns.variant,
        &columns.rule,
        &columns.country as _,
        &columns.city as _,
        &columns.user_agent_id,
        &columns.referrer as _,
        &columns.language as _,
        &columns.query as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
