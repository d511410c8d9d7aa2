-- What the pipeline writes: clicks, what they add up to, and which blocks were counted already.
--
-- Exactly once in effect: a block's name goes into ingested_blocks in the same transaction as its
-- rows and its rollup. There is no unique key per click: it would cost a quarter of the speed, and a
-- hypertable could not have one without the time in it.

create table ingested_blocks (
    segment bytea not null,
    block bigint not null,
    clicks integer not null,
    -- CRC-32 of the payload. The same name with another one is another block: an alarm.
    crc bigint not null,
    ingested_at timestamptz not null default now(),
    primary key (segment, block)
);

-- Clicks of kind 'click' per link and hour. Written in the ingest transaction on both engines.
create table link_clicks_hourly (
    link_id uuid not null,
    hour timestamptz not null,
    clicks bigint not null,
    last_clicked_at timestamptz not null,
    primary key (link_id, hour)
);

-- Stream entries that can never be counted, kept whole so that a person can look at them.
create table dead_letters (
    stream text not null,
    stream_id text not null,
    -- Names and values alternating, byte for byte as they were added to the stream.
    fields bytea[] not null,
    reason text not null,
    deliveries bigint not null,
    first_seen timestamptz not null default now(),
    last_seen timestamptz not null default now(),
    primary key (stream, stream_id)
);

-- One row per visit. On which engine, the session setting linkpulse.engine says: 'auto' (also when
-- it is not set), 'postgres' or 'timescaledb'. 'auto' takes TimescaleDB if it works here.
do $migration$
declare
    wanted text := coalesce(nullif(current_setting('linkpulse.engine', true), ''), 'auto');
    columns text := $columns$
        clicked_at timestamptz not null,
        request_id uuid not null,
        link_id uuid,
        domain text not null,
        code text not null,
        kind text not null,
        status smallint not null,
        visitor bytea,
        is_do_not_track boolean not null,
        is_qr boolean not null,
        variant smallint not null,
        rule smallint not null,
        country text,
        city text,
        user_agent text not null,
        referrer text not null,
        language text not null,
        query text not null
    $columns$;
begin
    if wanted not in ('auto', 'postgres', 'timescaledb') then
        raise exception 'linkpulse.engine is %, not auto, postgres or timescaledb', wanted;
    end if;

    if wanted <> 'postgres' then
        -- Its scripts must be installed and its library loaded at server start: without the second,
        -- "create extension" ends the connection. The loader's own setting tells every role what
        -- shared_preload_libraries tells superusers only.
        if exists (select from pg_available_extensions where name = 'timescaledb')
            and exists (select from pg_settings where name = 'timescaledb.max_background_workers')
        then
            begin
                create extension if not exists timescaledb;
                execute format('create table clicks (%s)', columns);
                -- No index by time alone: chunks are found by their bounds.
                perform create_hypertable(
                    'clicks', 'clicked_at',
                    chunk_time_interval => interval '1 day',
                    create_default_indexes => false
                );
                return;
            exception when others then
                if wanted = 'timescaledb' then
                    raise exception using errcode = 'LP001',
                        message = format('TimescaleDB does not work on this server: %s', sqlerrm);
                end if;
                raise warning 'clicks go into plain partitions, TimescaleDB does not work: %', sqlerrm;
            end;
        elsif wanted = 'timescaledb' then
            raise exception using errcode = 'LP001', message =
                'TimescaleDB is not available on this server: install it and add timescaledb to shared_preload_libraries';
        end if;
    end if;

    -- One partition per UTC day, clicks_YYYYMMDD, made by the pipeline ahead of time.
    execute format('create table clicks (%s) partition by range (clicked_at)', columns);
end
$migration$;
