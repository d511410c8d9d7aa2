-- A connection keeps the plan of a trigger's statements from their first execution. Made for one link, it
-- compared each with each: a bulk edit of 10,000 on the same connection took over 10 s, and was cancelled.

alter function links_follow_search() set enable_nestloop = off;
