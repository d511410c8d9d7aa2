//! Which letters somebody means.

use anyhow::bail;
use pipeline::dead_letter::Letter;
use sqlx::PgPool;

/// The letter of an id: that of its entry, or with the stream before it, and a slash between.
pub(super) async fn one(pool: &PgPool, id: &str) -> anyhow::Result<Letter> {
    let chosen = some(pool, Some(&[id.to_owned()])).await?;
    if let Some((stream, stream_id)) = chosen.first()
        && let Some(letter) = Letter::find(pool, stream, stream_id).await?
    {
        return Ok(letter);
    }
    bail!("{id} was a dead letter just now, and has been replayed by somebody else");
}

/// Streams and ids of the letters with these ids, or of all.
pub(super) async fn some(
    pool: &PgPool,
    ids: Option<&[String]>,
) -> anyhow::Result<Vec<(String, String)>> {
    let all = Letter::list(pool).await?.into_iter();
    let all: Vec<(String, String)> = all.map(|it| (it.stream, it.stream_id)).collect();
    let Some(ids) = ids else {
        return Ok(all);
    };
    let mut chosen = Vec::new();
    for id in ids {
        let (stream, stream_id) = match id.rsplit_once('/') {
            Some((stream, stream_id)) => (Some(stream), stream_id),
            None => (None, id.as_str()),
        };
        let is_meant = |(in_stream, found): &&(String, String)| {
            found == stream_id && stream.is_none_or(|stream| stream == in_stream)
        };
        let mut found = all.iter().filter(is_meant);
        match (found.next(), found.next()) {
            (Some(letter), None) => chosen.push(letter.clone()),
            (None, _) => bail!("there is no dead letter {id}: see `linkpulse dead-letters list`"),
            (Some((one, _)), Some((other, _))) => {
                bail!("which one? There are {one}/{id} and {other}/{id}")
            }
        }
    }
    Ok(chosen)
}
