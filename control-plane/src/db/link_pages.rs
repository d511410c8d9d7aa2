//! The statements of a page of links, for each order and both ways to it: the filter comes from
//! `link_filter`. PostgreSQL would choose another way here and there, and each is a barrier to that
//! (`offset 0`, and what is switched off while the list is gone through in order).

/// A page: from where, and what comes before and behind the filter.
macro_rules! page_of_links {
    ($where:literal, ($($argument:expr),* $(,)?), [$($before:literal),*], [$($behind:literal),*],
        $position:expr, $page:expr) => {
        select_link!(
            $($before +)* $where $(+ $behind)*,
            $($argument,)*
            $position,
            $page.after.map(|position| position.id),
            $page.limit,
        )
    };
}

/// A page by when links were made.
macro_rules! by_age {
    ($connection:ident, $workspace_id:ident, $filter:ident, $way:ident, $now:ident, $page:ident,
        $compare:literal, $direction:literal) => {{
        let position = $page.after.and_then(Position::time);
        match $way {
            // What the order is about is looked for in its index as well.
            Way::InOrder => {
                with_filter!(
                    page_of_links,
                    $workspace_id,
                    $filter,
                    $filter.index(),
                    $now,
                    [
                        "from (select * from links
                        where workspace_id = $1
                          and (deleted_at is not null) = ($3::text is not distinct from 'deleted')
                          and ($8::timestamptz is null or created_at >= $8)
                          and ($9::timestamptz is null or created_at < $9)
                          and ($18::timestamptz is null or (created_at, links.id) ",
                        $compare,
                        " ($18, $19)) order by created_at ",
                        $direction,
                        ", links.id ",
                        $direction,
                        " offset 0) as links where "
                    ],
                    [
                        " order by created_at ",
                        $direction,
                        ", links.id ",
                        $direction,
                        " limit $20"
                    ],
                    position,
                    $page
                )
                .fetch_all(&mut *$connection)
                .await?
            }
            Way::Found(index) => {
                with_filter!(
                    page_of_links,
                    $workspace_id,
                    $filter,
                    index,
                    $now,
                    ["from (select * from links where "],
                    [
                        " offset 0) as links
                 where ($18::timestamptz is null or (created_at, links.id) ",
                        $compare,
                        " ($18, $19)) order by created_at ",
                        $direction,
                        ", links.id ",
                        $direction,
                        " limit $20"
                    ],
                    position,
                    $page
                )
                .fetch_all(&mut *$connection)
                .await?
            }
        }
    }};
}

/// A page by a column of their totals, of this type.
macro_rules! by_total {
    ($connection:ident, $workspace_id:ident, $filter:ident, $way:ident, $now:ident, $page:ident,
        $column:literal, $type:literal, $position:expr, $compare:literal, $direction:literal) => {{
        let position = $position;
        match $way {
            Way::InOrder => {
                with_filter!(
                    page_of_links,
                    $workspace_id,
                    $filter,
                    $filter.index(),
                    $now,
                    [
                        "from (select link_id, ",
                        $column,
                        " as value from link_totals
                        where workspace_id = $1
                          and ($2::text is null or search_text like lower($2))
                          and ($15::text is null or beginnings @> array[lower($15)])
                          and ($18::",
                        $type,
                        " is null or (",
                        $column,
                        ", link_id) ",
                        $compare,
                        " ($18, $19)) order by ",
                        $column,
                        " ",
                        $direction,
                        ", link_id ",
                        $direction,
                        " offset 0) as total
                  join lateral (select * from links as link where link.id = link_id offset 0)
                      as links on true
                  where "
                    ],
                    [
                        " order by value ",
                        $direction,
                        ", link_id ",
                        $direction,
                        " limit $20"
                    ],
                    position,
                    $page
                )
                .fetch_all(&mut *$connection)
                .await?
            }
            Way::Found(index) => {
                with_filter!(
                    page_of_links,
                    $workspace_id,
                    $filter,
                    index,
                    $now,
                    ["from (select * from links where "],
                    [
                        " offset 0) as links
                  join lateral (select link_id, ",
                        $column,
                        " as value from link_totals
                                where link_totals.link_id = links.id offset 0) as total on true
                  where ($18::",
                        $type,
                        " is null or (value, link_id) ",
                        $compare,
                        " ($18, $19)) order by value ",
                        $direction,
                        ", link_id ",
                        $direction,
                        " limit $20"
                    ],
                    position,
                    $page
                )
                .fetch_all(&mut *$connection)
                .await?
            }
        }
    }};
}

pub(super) use {by_age, by_total, page_of_links};
