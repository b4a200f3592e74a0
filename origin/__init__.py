"""CMAF in, live playlists and media out.

In the order media passes them:

- ``intake`` (edge): one long POST a rendition.
- ``cmaf_reader`` (pure): the body into init sections, boundaries and chunks.
- ``boxes`` (pure): ISO base media boxes.
- ``init_reader`` (pure): what an init section says.
- ``chunk_reader`` (pure): what a chunk's boxes say.
- ``iframes`` (pure): one coded picture as a media file of its own.
- ``foreign`` (pure): what foreign encoders push, arranged as ours would be.
- ``hub`` (edge): all sessions: opening, pushes, ending, forgetting.
- ``live`` (edge): one session at work: changes, cached playlists, who waits for them.
- ``session`` (pure): renditions kept in step.
- ``breaks`` (pure): where discontinuities stand.
- ``rendition`` (pure): one rendition: its init sections, window and rates.
- ``rates`` (pure): the bit rates that are promised, measured.
- ``window`` (pure): segments and parts that are listed, kept, and waited for.
- ``model`` (pure): tracks, init sections, parts, segments.
- ``playlist_version`` (pure): a version of a media playlist, whole or as a delta update.
- ``playlist_lines`` (pure): what media playlists and I-frame playlists share.
- ``media_playlist`` (pure): a window as text.
- ``iframe_playlist`` (pure): the pictures of a window as text.
- ``multivariant`` (pure): a session as text.
- ``listed`` (pure): a media playlist as a player reads it.
- ``playlist_rules`` (pure): what one version of a media playlist must be.
- ``multivariant_rules`` (pure): what a multivariant playlist must be.
- ``self_check`` (pure): a version against those before it and against the session's other playlists.
- ``playlist_watch`` (edge): has every version checked and reports what is wrong.
- ``public_urls`` (pure): that text with addresses on another host.
- ``tags`` (pure): tags and their values as text.
- ``text`` (pure): a version of a playlist as bytes, compressed once.
- ``handlers`` (edge): what viewers GET.
- ``responses`` (edge): answers with their coding, condition, range and cache life.
- ``names`` (pure): URLs and object keys.
- ``retention`` (pure): how long what is stored is kept, and what goes.
- ``sweeper`` (edge): deletes it.
- ``directives`` (pure): what a blocking request asks for.
- ``waiting`` (edge): requests that are held, bounded.
- ``caching`` (pure): how long an answer may be kept.
- ``content_coding`` (pure): in which coding a viewer wants a text.
- ``conditions`` (pure): what a viewer holds already.
- ``byte_range`` (pure): one range of a body.
- ``metrics`` (edge): the Prometheus metrics.
- ``errors`` (pure): what can go wrong, and whose fault it is.
"""
