-- Where two words meet: of each pair of neighbours, in one line of what is searched, the last three
-- characters of one and the first three of the next. `summer.example.com/newsletter` has merexa, plecom
-- and comnew. Most searches of several words are for neighbours, and an index of trigrams does not know
-- which words are: it gives all links with both, ten times as many.
--
-- Words end at ASCII signs and nowhere else, so that it does not depend on the server's locale where.

create function links_word_pairs(search_text text) returns text[]
    language plpgsql immutable strict parallel safe as $$
declare
    line text;
    words text[];
    pairs text[] := '{}';
begin
    foreach line in array string_to_array(search_text, E'\n') loop
        words := regexp_split_to_array(line, '[\x01-\x2f:-@\[-`{-\x7f]+');
        for place in 2 .. cardinality(words) loop
            if words[place - 1] <> '' and words[place] <> '' then
                pairs := pairs || (right(words[place - 1], 3) || left(words[place], 3));
            end if;
        end loop;
    end loop;
    return pairs;
end
$$;

-- Takes 20 s for a million links. Writes wait meanwhile, and those that wait for 10 s fail. The limit is
-- that of the other indexes for searches: 0042.
create index links_word_pairs_idx on links using gin (links_word_pairs(search_text))
    with (gin_pending_list_limit = 32768);
