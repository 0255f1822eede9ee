-- When exactly did the events happen whose order and distance matter?
-- Grain: one row per event and timed selector it matches.
-- Inputs: selected; timed_selectors. Lag: none.
-- event_key tells two events of the same instant apart and makes one event known again under another selector.
create or replace table matches as
select s.day, s.selector, s.id, s.happened_at as matched_at, substr(md5(s.message_id), 1, 16) as event_key
from selected as s
semi join timed_selectors as t on t.selector = s.selector;
