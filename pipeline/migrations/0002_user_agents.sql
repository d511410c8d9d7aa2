-- Who is behind a hit follows from its user agent, and a better classifier must be able to say so
-- again of the past. So each text is kept once, with its label, and clicks refer to it: to label
-- 10 million clicks anew is to change a few thousand rows.
--
-- Clicks of earlier releases keep their text until `linkpulse reclassify` moves it. A pipeline of an
-- earlier release may go on writing beside a new one: its clicks are such ones, too.

create table user_agents (
    -- The first 8 bytes of the text's BLAKE3, the highest first. Two texts of one id would share a
    -- label; among 10 million texts that happens once in 400,000 installations.
    id bigint primary key,
    text text not null,
    -- Names of contract::user_agent. Kind: person, bot, preview_fetch, scanner.
    kind text not null,
    device text not null,
    browser text not null,
    os text not null,
    -- Which release of the classifier said so.
    classifier_version integer not null,
    first_seen timestamptz not null default now()
);

-- Rises in every transaction that changes labels, so that workers know when to forget theirs.
-- Read below the shared advisory lock 'lplabl', changed below the exclusive one.
create table labels (
    generation bigint not null,
    is_only boolean primary key default true check (is_only)
);
insert into labels (generation) values (1);

alter table clicks add column user_agent_id bigint;
alter table clicks alter column user_agent drop not null;

-- Hits of persons are in "clicks", all others in "other_hits". An hour may have only others: then
-- nobody has clicked last.
alter table link_clicks_hourly add column other_hits bigint not null default 0;
alter table link_clicks_hourly alter column last_clicked_at drop not null;

-- A click with its label: whoever reads clicks reads this.
-- In the table, "kind" is what the request says of itself: 'head', 'prefetch' or 'click'. Here it is
-- the whole truth: of the rest, 'click' is a person's, or it is 'bot', 'preview' or 'scanner'.
create view classified_clicks as
select
    clicked_at, request_id, link_id, domain, code, status, visitor, is_do_not_track, is_qr, variant,
    rule, country, city, referrer, language, query,
    case
        when clicks.kind <> 'click' then clicks.kind
        when agent.kind = 'person' then 'click'
        when agent.kind = 'preview_fetch' then 'preview'
        when agent.kind = 'scanner' then 'scanner'
        when agent.kind is not null then 'bot'
        -- Not moved yet: counted as it was in its time.
        when user_agent_id is null then 'click'
        else 'bot'
    end as kind,
    user_agent_id,
    coalesce(agent.text, clicks.user_agent, '') as user_agent,
    coalesce(agent.device, 'other') as device,
    coalesce(agent.browser, 'other') as browser,
    coalesce(agent.os, 'other') as os
from clicks
left join user_agents agent on agent.id = clicks.user_agent_id;

-- What the rows of a span of time add up to: what link_clicks_hourly must hold. The span begins and
-- ends at full hours. "stable": it sees exactly what the statement around it sees.
create function count_hits(begins timestamptz, ends timestamptz)
returns table (
    link_id uuid, hour timestamptz, clicks bigint, other_hits bigint, last_clicked_at timestamptz
)
language sql stable as $$
    select
        hit.link_id,
        date_trunc('hour', hit.clicked_at, 'UTC'),
        count(*) filter (where hit.kind = 'click'),
        count(*) filter (where hit.kind <> 'click'),
        max(hit.clicked_at) filter (where hit.kind = 'click')
    from classified_clicks hit
    where hit.clicked_at >= begins and hit.clicked_at < ends and hit.link_id is not null
    group by 1, 2
$$;
