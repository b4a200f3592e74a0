from origin.playlist_lines import RememberedLines, ending, numbers, opening, promises, reports
from origin.playlist_version import server_control
from origin.rendition import Rendition
from origin.window import Window
from support.origin_media import HD, INIT, SD, fill, open_part, targets


def test_lines_are_written_once_until_their_segment_leaves_the_list() -> None:
    remembered, written = RememberedLines(), list[int]()

    def lines(msn: int) -> str:
        def write() -> str:
            written.append(msn)
            return str(msn)

        return remembered.of(msn, write)

    assert [lines(msn) for msn in (3, 4, 5, 4)] == ["3", "4", "5", "4"]
    assert written == [3, 4, 5]
    remembered.forget(4)
    assert len(remembered) == 1
    lines(4)
    assert written == [3, 4, 5, 4]
    remembered.forget(9)
    assert len(remembered) == 0


def test_the_head_promises_and_numbers() -> None:
    window = Window(targets(), 7, 2)
    assert list(promises(window)) == ["#EXT-X-TARGETDURATION:2", server_control(targets())]
    assert list(numbers(window)) == ["#EXT-X-MEDIA-SEQUENCE:7", "#EXT-X-DISCONTINUITY-SEQUENCE:2"]


def test_an_init_section_is_told_where_it_is_another_one() -> None:
    window = Window(targets(), 0, 0)
    fill(window, 2, discontinuity_at=0)
    date = "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z"
    init = '#EXT-X-MAP:URI="init-0.mp4"'
    assert list(opening(window.segments[0], None)) == ["#EXT-X-DISCONTINUITY", init, date]
    assert list(opening(window.segments[0], INIT)) == ["#EXT-X-DISCONTINUITY", date]
    assert list(opening(window.segments[1], None)) == [init, date.replace(":00.000Z", ":02.000Z")]


def test_renditions_are_reported_once_they_have_a_part() -> None:
    empty, full = Rendition(HD, 2), Rendition(SD, 2)
    full.window = Window(targets(), 0, 0)
    assert list(reports([empty, full])) == []
    open_part(full.window, 2)
    assert list(reports([empty, full])) == ['#EXT-X-RENDITION-REPORT:URI="../360p/index.m3u8",LAST-MSN=0,LAST-PART=1']


def test_the_end_is_told_when_it_has_come() -> None:
    window = Window(targets(), 0, 0)
    assert list(ending(window)) == []
    window.end()
    assert list(ending(window)) == ["#EXT-X-ENDLIST"]
