"""hls-parser, a strict judge of playlists that somebody else wrote; one node process serves all who ask."""

import atexit
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "hls_parser"


def available() -> bool:
    """Node is here and the package is installed (`npm ci` in tests/support/hls_parser)."""
    return shutil.which("node") is not None and (FOLDER / "node_modules" / "hls-parser").is_dir()


@cache
def _judge() -> "subprocess.Popen[str]":
    node = shutil.which("node")
    assert node, "node is missing"
    assert available(), f"hls-parser is missing: run npm ci in {FOLDER}"
    process = subprocess.Popen(
        [node, "judge.js"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    atexit.register(_stop, process)
    return process


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    process.wait(5)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def check(text: str) -> list[str]:
    """What hls-parser has against a playlist, in strict mode; empty if nothing."""
    process = _judge()
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(text) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    return [str(error) for error in answer["errors"]]
