-- The control plane asks every few seconds which links were clicked lately, to keep its totals.
-- The hour of a row never changes, so counting in it goes on without touching this index.

create index link_clicks_hourly_hour_idx on link_clicks_hourly (hour);
