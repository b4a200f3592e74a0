"""The ground all stages stand on, and the composition root above them.

In the order a request meets them:

- ``settings`` (pure): the one frozen tree of options.
- ``clock`` (edge): wall time that never jumps; the only place that reads the time.
- ``ids`` (pure): stream names, session ids.
- ``errors`` (pure): who is at fault, in five classes.
- ``http`` (edge): errors to status codes, CORS, client address.
- ``log`` (edge): structured logs.
- ``metrics`` (edge): the Prometheus registry and every metric's name.
- ``node_api`` (edge): ``/api``, ``/metrics``, ``/healthz``, ``/readyz``.
- ``app`` (edge): puts the stages together and runs a node.
- ``publish`` (edge): ``tandem publish``, a real-time WHIP publisher of files.
- ``probe`` (edge): ``tandem probe``, looks at a stream as a player would.
- ``cli`` (edge): the command line.
"""
