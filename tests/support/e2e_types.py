"""Types of the end-to-end fixtures."""

from collections.abc import Awaitable
from typing import Protocol

from playwright.async_api import Page


class OpenPage(Protocol):
    """Opens a page in a window of its own."""

    def __call__(
        self, url: str, *, width: int = 1280, height: int = 900, scheme: str = "light", expect_errors: bool = False
    ) -> Awaitable[Page]: ...
