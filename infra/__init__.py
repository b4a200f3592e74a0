"""The ground all stages stand on, and the composition root above them.

In the order a request meets them:

- ``settings`` (pure): the one frozen tree of options.
- ``configuration`` (edge): fills it from flags, variables and a TOML file.
- ``settings_toml`` (pure): prints it as TOML.
- ``profiles`` (pure): the numbers of the latency profiles.
- ``clock`` (edge): wall time that never jumps; the only place that reads the time.
- ``ids`` (pure): stream names, session ids.
- ``credentials`` (pure): what a request shows to be let in.
- ``tokens`` (pure): signed, expiring paths of viewers.
- ``errors`` (pure): who is at fault.
- ``http`` (edge): errors to status codes, CORS, body limits.
- ``certificate`` (edge): a local certificate, kept.
- ``front`` (edge): nginx or Caddy in front of the node.
- ``gate`` (edge): viewers' routes behind tokens.
- ``log`` (edge): structured logs.
- ``metrics`` (edge): what all metrics share, and how they are written.
- ``listening`` (edge): the HTTP port.
- ``stage_times`` (pure): when recent pictures passed each stage of the node.
- ``node_api`` (edge): ``/api``, ``/metrics``, ``/healthz``, ``/readyz``.
- ``app`` (edge): puts the stages together and runs a node.
- ``webrtc_client`` (edge): WHIP and WHEP from the client's side.
- ``server_clock`` (edge): the clock of a node, told from the client's side, and its error.
- ``publish`` (edge): ``tandem publish``, a real-time WHIP publisher.
- ``publish_connection`` (edge): one session of it with the server.
- ``silence`` (pure): when the server is taken for gone.
- ``publish_source`` (edge): what it publishes: a file or the test pattern.
- ``media_file`` (edge): a file as pictures and sound.
- ``pattern`` (pure): the test pattern with its time code.
- ``segment_font`` (pure): digits for it.
- ``live_encoder`` (edge): codes pictures and sound when they are due.
- ``publish_progress`` (edge): what it shows.
- ``probe`` (edge): ``tandem probe``, looks at a stream as a player would.
- ``probe_hls`` (edge): at HLS.
- ``probe_playlist`` (pure): what playlists say, and the rules they are checked against.
- ``probe_whep`` (edge): at WHEP.
- ``probe_report`` (pure): what it found.
- ``network_shape`` (pure): how long a network holds a packet, and which ones it loses.
- ``shaped_relay`` (edge): a relay that behaves as such a network.
- ``latency_lab`` (edge): a browser that publishes, plays every path, and measures.
- ``latency_report`` (pure): what it measured, and what was to be reached.
- ``latency_chart`` (pure): the same as a picture.
- ``probe_latency`` (edge): ``tandem probe --latency``.
- ``cli`` (edge): the command line.
- ``document`` (edge): writes the generated parts of the documents.
"""
