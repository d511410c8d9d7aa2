-- Hits on codes that do not exist, for the list of them: by domain and time, with the code in the
-- index, so that counting them reads no rows. Hits on links are not in it and do not pay for it.

create index clicks_orphans_idx on clicks (domain, clicked_at) include (code) where link_id is null;
