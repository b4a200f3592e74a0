"""Debian's Chromium, headless, with a fake camera and ICE on loopback."""

import shutil

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=device-count=2,fps=30",
    "--auto-select-desktop-capture-source=Entire screen",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]


def chromium_path() -> str:
    """Path of the program; missing is a failure, never a skip."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "chromium is missing: make setup-test installs it"
    return path
