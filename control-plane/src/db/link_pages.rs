//! The statements of a page of links, for each order: the filter comes from `link_list`.

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

/// The same among the first rows of the order, $19 of them.
macro_rules! page_of_front {
    ($where:literal, ($($argument:expr),* $(,)?), [$($before:literal),*], [$($behind:literal),*],
        $position:expr, $page:expr, $depth:expr) => {
        select_link!(
            $($before +)* $where $(+ $behind)*,
            $($argument,)*
            $position,
            $page.after.map(|position| position.id),
            $page.limit,
            $depth,
        )
    };
}

/// A page by when links were made. See [`list_links`] for the two ways to search.
macro_rules! by_age {
    ($pool:ident, $workspace_id:ident, $filter:ident, $now:ident, $page:ident,
        $compare:literal, $direction:literal) => {{
        let position = $page.after.and_then(Position::time);
        let found = match $filter.search {
            None => None,
            Some(_) => {
                let front = with_filter!(
                    page_of_front, $workspace_id, $filter, $now,
                    ["from (select * from links
                            where workspace_id = $1
                              and (deleted_at is not null) = ($3::text is not distinct from 'deleted')
                              and ($16::timestamptz is null or (created_at, links.id) ", $compare,
                     " ($16, $17)) order by created_at ", $direction, ", links.id ", $direction,
                     " limit $19) as links where "],
                    [" order by created_at ", $direction, ", links.id ", $direction, " limit $18"],
                    position, $page, FRONT_BY_AGE
                );
                Some(front.fetch_all($pool).await?)
            }
        };
        match found {
            Some(links) if links.len() as i64 == $page.limit => links,
            Some(_) => with_filter!(
                page_of_links, $workspace_id, $filter, $now,
                ["from (select * from links where "],
                [" offset 0) as links
                 where ($16::timestamptz is null or (created_at, links.id) ", $compare,
                 " ($16, $17)) order by created_at ", $direction, ", links.id ", $direction,
                 " limit $18"],
                position, $page
            )
            .fetch_all($pool)
            .await?,
            None => with_filter!(
                page_of_links, $workspace_id, $filter, $now,
                ["from links where "],
                [" and ($16::timestamptz is null or (created_at, links.id) ", $compare,
                 " ($16, $17)) order by created_at ", $direction, ", links.id ", $direction,
                 " limit $18"],
                position, $page
            )
            .fetch_all($pool)
            .await?,
        }
    }};
}

/// A page by a column of their totals, of this type.
macro_rules! by_total {
    ($pool:ident, $workspace_id:ident, $filter:ident, $now:ident, $page:ident,
        $column:literal, $type:literal, $position:expr, $compare:literal, $direction:literal) => {{
        let position = $position;
        let found = match $filter.search {
            None => None,
            Some(_) => {
                let front = with_filter!(
                    page_of_front,
                    $workspace_id,
                    $filter,
                    $now,
                    [
                        "from (select link_id, ",
                        $column,
                        " as value from link_totals
                            where workspace_id = $1
                              and ($16::",
                        $type,
                        " is null or (",
                        $column,
                        ", link_id) ",
                        $compare,
                        " ($16, $17)) order by ",
                        $column,
                        " ",
                        $direction,
                        ", link_id ",
                        $direction,
                        " limit $19) as total
                       join lateral (select * from links as link where link.id = link_id offset 0)
                           as links on true
                       where "
                    ],
                    [
                        " order by value ",
                        $direction,
                        ", link_id ",
                        $direction,
                        " limit $18"
                    ],
                    position,
                    $page,
                    FRONT_BY_TOTAL
                );
                Some(front.fetch_all($pool).await?)
            }
        };
        match found {
            Some(links) if links.len() as i64 == $page.limit => links,
            Some(_) => {
                with_filter!(
                    page_of_links,
                    $workspace_id,
                    $filter,
                    $now,
                    ["from (select * from links where "],
                    [
                        " offset 0) as links
                 join lateral (select link_id, ",
                        $column,
                        " as value from link_totals
                               where link_totals.link_id = links.id offset 0) as total on true
                 where ($16::",
                        $type,
                        " is null or (value, link_id) ",
                        $compare,
                        " ($16, $17)) order by value ",
                        $direction,
                        ", link_id ",
                        $direction,
                        " limit $18"
                    ],
                    position,
                    $page
                )
                .fetch_all($pool)
                .await?
            }
            None => {
                with_filter!(
                    page_of_links,
                    $workspace_id,
                    $filter,
                    $now,
                    ["from link_totals
                  join links on links.id = link_id and link_totals.workspace_id = $1
                  where "],
                    [
                        " and ($16::",
                        $type,
                        " is null or (",
                        $column,
                        ", link_id) ",
                        $compare,
                        " ($16, $17)) order by ",
                        $column,
                        " ",
                        $direction,
                        ", link_id ",
                        $direction,
                        " limit $18"
                    ],
                    position,
                    $page
                )
                .fetch_all($pool)
                .await?
            }
        }
    }};
}

pub(super) use {by_age, by_total, page_of_front, page_of_links};
