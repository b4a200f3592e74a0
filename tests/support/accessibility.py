"""What axe-core finds on a page."""

from functools import cache

from playwright.async_api import Page

from support.processes import ROOT

_GRAVE = ("serious", "critical")


@cache
def _axe() -> str:
    return (ROOT / "player" / "node_modules" / "axe-core" / "axe.min.js").read_text()


async def grave_issues(page: Page) -> list[str]:
    """The serious and critical issues of a page as it is now: the rule, and the first element that breaks it."""
    await page.evaluate(_axe())
    violations = await page.evaluate("axe.run().then((found) => found.violations)")
    return [
        f"{violation['id']}: {violation['nodes'][0]['html']}"
        for violation in violations
        if violation["impact"] in _GRAVE
    ]
