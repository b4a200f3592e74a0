"""FFmpeg as a foreign encoder: the command of docs/encoders.md, word for word, with its addresses filled in."""

import re
import shlex
from contextlib import AbstractAsyncContextManager

from support.processes import ROOT, Program, running

DOCUMENT = ROOT / "docs" / "encoders.md"


def documented_command() -> str:
    """The worked example of the document."""
    found = re.search(r"<!-- command: tested -->\n\n```sh\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found, "the document has a command"
    return found[1].replace("\\\n", " ")


def pushing(program: str, base_url: str, token: str, *, seconds: float) -> AbstractAsyncContextManager[Program]:
    """Run the documented command against a node, for so many seconds of the test picture."""
    command = documented_command().replace("http://127.0.0.1:8080", base_url).replace("$TOKEN", token)
    words = shlex.split(command)
    assert words[0] == "ffmpeg"
    source = words.index("-i")  # the length of each of its two inputs is limited
    words[source:source] = ["-t", str(seconds)]
    second = words.index("-i", source + 3)
    words[second:second] = ["-t", str(seconds)]
    return running(program, "-hide_banner", "-loglevel", "warning", *words[1:])
