"""Pure: the picture size in an H.264 sequence parameter set (ITU-T H.264 7.3.2.1.1, 7.4.2.1.1)."""

_HIGH_PROFILES = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}  # these carry chroma and scaling lists
_MAX_SPS_BYTES = 512  # a real one has 20 to 60
_MAX_SIDE = 16_384  # pixels; level 6.2 ends below


class _Bits:
    """Reads an RBSP bit by bit; behind its end there are zeros."""

    __slots__ = ("_at", "_length", "_value")

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._length = 8 * len(data)
        self._at = 0

    @property
    def exhausted(self) -> bool:
        return self._at > self._length

    def take(self, count: int) -> int:
        self._at += count
        left = self._length - self._at
        return (self._value >> left if left >= 0 else self._value << -left) & ((1 << count) - 1)

    def unsigned(self) -> int:
        """ue(v)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if self.exhausted:
                return 0
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """se(v)."""
        number = self.unsigned()
        return (number + 1) // 2 if number & 1 else -(number // 2)


def picture_size(sps: bytes) -> tuple[int, int] | None:
    """Width and height in pixels after cropping; None if the parameter set, with its NAL header, makes no sense."""
    if len(sps) > _MAX_SPS_BYTES:
        return None
    bits = _Bits(sps[1:].replace(b"\0\0\3", b"\0\0"))  # emulation prevention, 7.4.1.1
    profile = bits.take(8)
    bits.take(16)
    bits.unsigned()  # id
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = _read_high_profile(bits)
    bits.unsigned()  # log2_max_frame_num
    _skip_order_count(bits)
    bits.unsigned()  # max_num_ref_frames
    bits.take(1)
    width, height = 16 * (bits.unsigned() + 1), bits.unsigned() + 1
    frames_only = bits.take(1)
    height *= 16 * (2 - frames_only)
    bits.take(1 if frames_only else 2)  # macroblock-adaptive coding, direct_8x8_inference
    if bits.take(1):
        unit_x, unit_y = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1) * (2 - frames_only)
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        width -= unit_x * (left + right)
        height -= unit_y * (top + bottom)
    if bits.exhausted or not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        return None
    return width, height


def _read_high_profile(bits: _Bits) -> int:
    """The fields that only the high profiles have; chroma_format_idc, 0 if the planes are separate."""
    chroma = bits.unsigned()
    separate = bits.take(1) if chroma == 3 else 0  # noqa: PLR2004 - 4:4:4
    bits.unsigned()
    bits.unsigned()
    bits.take(1)
    if bits.take(1):
        for index in range(12 if chroma == 3 else 8):  # noqa: PLR2004 - 4:4:4
            if bits.take(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)  # noqa: PLR2004 - six of 4x4 come first
    return 0 if separate else chroma


def _skip_scaling_list(bits: _Bits, count: int) -> None:
    last = following = 8
    for _ in range(count):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_order_count(bits: _Bits) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()
