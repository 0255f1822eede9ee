-- Which texts are the same to a reader? Those that `folded` makes equal: they differ by capital letters, by blanks at their
-- ends, by the kind or number of blanks inside, or by the form in which Unicode writes an accent or a Korean syllable.
-- Grain: a text. Inputs: none. Lag: none. DuckDB only.
create or replace macro folded(written) as lower(
    trim(regexp_replace(nfc_normalize(written), '[\s\x{00A0}\x{2000}-\x{200D}\x{202F}\x{205F}\x{3000}\x{FEFF}]+', ' ', 'g'))
);
