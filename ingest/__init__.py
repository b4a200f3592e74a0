"""WebRTC: publishers in, real-time viewers out.

Signalling, as a request meets it:

- ``errors`` (pure): what a peer can get wrong, and what this side can run out of.
- ``sdp`` (pure): session descriptions, parsed and printed.
- ``offer`` (pure): what an offer asks for, checked.
- ``negotiation`` (pure): what an offer and this server agree on.
- ``answer`` (pure): the answer.
- ``fragment`` (pure): trickle fragments.
- ``admission`` (pure): who may come in.
- ``ice_servers`` (pure): STUN and TURN servers for browsers.
- ``links`` (pure): Link headers of WHIP and WHEP.
- ``endpoint`` (edge): what WHIP and WHEP share.
- ``whip`` (edge): ``/whip``.
- ``whep`` (edge): ``/whep``.

Connection:

- ``ice`` (pure): the ICE-lite agent of one connection.
- ``arrival`` (edge): when a datagram came, and to which local address.
- ``udp`` (edge): the one UDP port.
- ``dtls`` (edge): DTLS and SRTP of one peer.
- ``session`` (pure): the life of one connection.
- ``connection`` (edge): one connection.
- ``transport`` (pure): the seam between a connection and the media on it.
- ``tracks`` (pure): the seam between negotiation and media.

Broadcast:

- ``grace`` (pure): the life of one broadcast.
- ``broadcast`` (edge): a publisher, its viewers, the feed into the transcoder.
- ``snapshot`` (pure): what there is to tell of a broadcast.
- ``tasks`` (edge): owner of the tasks.
- ``hub`` (edge): all broadcasts and connections of a node.
- ``metrics`` (edge): Prometheus metrics.

Media in:

- ``serial`` (pure): numbers that wrap.
- ``rtp`` (pure): RTP packets.
- ``rtcp`` (pure): RTCP messages.
- ``reorder`` (pure): packets back in order.
- ``nack`` (pure): what to ask for again; retransmissions.
- ``congestion`` (pure): transport-wide congestion feedback.
- ``reception`` (pure): loss and jitter of one source.
- ``sps`` (pure): the picture size of H.264.
- ``depacketize`` (pure): payloads to pictures and sound.
- ``clock`` (pure): when it was captured.
- ``keyframes`` (pure): when to ask for a keyframe.
- ``inbound`` (pure): one track, packets to access units.
- ``receiver`` (edge): one publisher.

Media out:

- ``packetize`` (pure): access units to payloads of even size.
- ``timestamps`` (pure): RTP time that outlives a publisher.
- ``forwarder`` (edge): one stream to all viewers.
- ``viewer`` (edge): one viewer.
- ``batch`` (edge): SRTP and segmented sending.
"""
