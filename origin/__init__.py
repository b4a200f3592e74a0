"""CMAF in, live playlists and media out.

In the order media passes them:

- ``intake`` (edge): one long POST a rendition.
- ``cmaf_reader`` (pure): the body into init sections, boundaries and chunks.
- ``boxes`` (pure): ISO base media boxes.
- ``init_reader`` (pure): what an init section says.
- ``chunk_reader`` (pure): what a chunk's boxes say.
- ``hub`` (edge): all sessions: opening, pushes, ending, forgetting.
- ``live`` (edge): one session at work: changes, cached playlists, who waits for them.
- ``session`` (pure): renditions kept in step.
- ``breaks`` (pure): where discontinuities stand.
- ``rendition`` (pure): one rendition: its init sections, window and rates.
- ``window`` (pure): segments and parts that are listed, kept, and waited for.
- ``model`` (pure): tracks, init sections, parts, segments.
- ``recorder`` (edge): what a session keeps in the store: files, its journal behind them.
- ``in_memory`` (pure): which segments keep their bytes in memory.
- ``journal`` (pure): what of a session is safe in the store.
- ``journal_writer`` (pure): in which order the pages of a journal are written.
- ``marks`` (edge): which sessions of the store have no end.
- ``unfinished`` (edge): what a crash left of them.
- ``found_segment`` (pure): a stored segment that the journal does not know.
- ``recovery`` (pure): how such a session goes on.
- ``media_playlist`` (pure): a window as text.
- ``multivariant`` (pure): a session as text.
- ``tags`` (pure): tags and their values as text.
- ``handlers`` (edge): what viewers GET.
- ``names`` (pure): URLs and object keys.
- ``retention`` (pure): how long what is stored is kept, and what goes.
- ``sweeper`` (edge): deletes it.
- ``directives`` (pure): what a blocking request asks for.
- ``waiting`` (edge): requests that are held, bounded.
- ``caching`` (pure): how long an answer may be kept.
- ``byte_range`` (pure): one range of a body.
- ``metrics`` (edge): the Prometheus metrics.
- ``errors`` (pure): what can go wrong, and whose fault it is.
"""
