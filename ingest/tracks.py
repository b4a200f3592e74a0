"""Pure: what an offer and its answer agreed on for one media section; the receive path and the forwarder run on it."""

from dataclasses import dataclass

from transcoder.access_unit import Codec, Track

CLOCK_RATES = {  # Hz
    Codec.H264: 90_000,  # RFC 6184 8.2.1
    Codec.VP8: 90_000,  # RFC 7741 6.1
    Codec.OPUS: 48_000,  # RFC 7587 4.1
}


@dataclass(frozen=True, slots=True)
class TrackPlan:
    """One negotiated m-section with one codec.

    Attributes:
        track: video or audio.
        mid: the m-section's identification (RFC 9143), 1 to 16 ASCII characters.
        codec: the one codec of the answer.
        payload_type: its RTP payload type, 0 to 127.
        clock_rate: RTP clock in Hz.
        rtx_payload_type: payload type of retransmissions (RFC 4588), None without RTX.
        ssrc: the sender's SSRC: announced in the offer (publisher, may be None) or chosen by us (viewer).
        rtx_ssrc: SSRC of the retransmissions, if known.
        mid_extension: header extension id of the MID (RFC 8843), 1 to 14, None if not negotiated.
        twcc_extension: header extension id of the transport-wide sequence number, None if not negotiated.
        nack: generic NACK was agreed (RFC 4585 6.2.1).
        pli: picture loss indication was agreed (RFC 4585 6.3.1).
        transport_cc: transport-wide congestion feedback was agreed.
    """

    track: Track
    mid: str
    codec: Codec
    payload_type: int
    clock_rate: int
    rtx_payload_type: int | None = None
    ssrc: int | None = None
    rtx_ssrc: int | None = None
    mid_extension: int | None = None
    twcc_extension: int | None = None
    nack: bool = False
    pli: bool = False
    transport_cc: bool = False
