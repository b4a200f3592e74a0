import pytest

from ingest.errors import SdpMalformed
from ingest.sdp import MAX_SDP_CHARS, MAX_SECTIONS, read_description, read_fragment

M_LINE = "m=video 9 UDP/TLS/RTP/SAVPF 96 97"


def test_attributes_belong_to_the_session_until_the_first_m_line() -> None:
    description = read_description(f"v=0\r\na=ice-lite\r\n{M_LINE}\r\na=mid:0\r\na=ssrc:1 a:b\r\na=ssrc:2 c\r\n")
    assert description.attributes == {"ice-lite": [""]}
    (section,) = description.sections
    assert (section.media, section.port, section.protocol) == ("video", 9, "UDP/TLS/RTP/SAVPF")
    assert section.formats == ("96", "97")
    assert section.attributes.first("mid") == "0"
    assert section.attributes.every("ssrc") == ["1 a:b", "2 c"]


def test_an_attribute_that_is_not_there_has_no_value() -> None:
    description = read_description("v=0")
    assert description.attributes.first("mid") is None
    assert not description.attributes.every("mid")


def test_bare_line_feeds_and_empty_lines_and_empty_attributes_are_passed_over() -> None:
    description = read_description("v=0\n\na=\r\n \na=mid:0\n")
    assert description.attributes == {"mid": ["0"]}


@pytest.mark.parametrize("text", ["", "hello", "{}", "v=1\r\n", "s=-\r\nv=0\r\n", "\x00"])
def test_text_that_is_no_description_is_refused(text: str) -> None:
    with pytest.raises(SdpMalformed, match=r"must begin with the line v=0|is not x=value"):
        read_description(text)


@pytest.mark.parametrize("line", ["hello", "a", "A=x", "é=x", "=x"])
def test_a_line_that_is_not_key_and_value_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(SdpMalformed, match="line 2 "):
        read_description(f"v=0\r\n{line}\r\n")


@pytest.mark.parametrize(
    "line",
    [
        "m=",
        "m=video",
        "m=video 9 UDP",
        "m=video x UDP 96",
        "m=video 65536 UDP 96",
        "m=video 9 UDP  96",
        "m=VIDEO 9 UDP 0",
    ],
)
def test_a_broken_m_line_is_refused(line: str) -> None:
    with pytest.raises(SdpMalformed, match="m-line"):
        read_description(f"v=0\r\n{line}\r\n")


def test_a_port_count_is_understood() -> None:
    assert read_description("v=0\r\nm=video 9/2 RTP/AVP 0").sections[0].port == 9


def test_more_sections_than_anybody_needs_are_refused() -> None:
    lines = [M_LINE] * (MAX_SECTIONS + 1)
    assert len(read_description("v=0\n" + "\n".join(lines[1:])).sections) == MAX_SECTIONS
    with pytest.raises(SdpMalformed, match="more than 8 m-lines"):
        read_description("v=0\n" + "\n".join(lines))


def test_a_description_that_is_too_long_is_refused() -> None:
    with pytest.raises(SdpMalformed, match="at most 65536"):
        read_description("v=0\r\n" + "a" * MAX_SDP_CHARS)


def test_a_fragment_needs_no_version_line() -> None:
    fragment = read_fragment("a=ice-ufrag:x\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n")
    assert fragment.attributes.first("ice-ufrag") == "x"
    assert fragment.sections[0].attributes.first("mid") == "0"
