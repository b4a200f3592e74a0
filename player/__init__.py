"""The pages: start page, publish, watch. TypeScript in ``src``, built by Vite into ``dist``, served from memory.

- ``site`` (pure): one built file as it goes over HTTP: type, ETag, caching, compression, security headers.
- ``pages`` (edge): the routes of the pages and their assets.

The front end, in ``src``, in the same manner: the first line of a module says whether it is pure or edge.

- ``index``, ``publish``, ``compare``: a folder for each page, beginning in ``page.ts``.
- ``playback``: the players, over WebRTC and HLS.
- ``ui``, ``style.css``, ``format``, ``names``, ``api``: what the pages share.
- ``signalling``: WHIP, WHEP and ICE restarts. ``pattern``: the test pattern. ``clock``: the clock of the node.
- ``latency``: time code, measurement, the controller that keeps LL-HLS at its distance from the live edge.
"""
