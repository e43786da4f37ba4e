"""The platform's clock, and the buttons that move it."""

from starlette.responses import Response

from lambent.console.site import Asked, Site

STEPS = ("1m", "5m", "15m", "1h", "6h", "1d", "7d")
SECONDS = 120
"""How long the server may take for a move: what falls due on the way is run."""


def clock(site: Site, asked: Asked) -> Response:
    """What time it is for all that waits."""
    return site.show("clock.html", asked, clock=site.api.page("clock"), steps=STEPS, line="")


def advance(site: Site, asked: Asked) -> Response:
    """Move it."""
    by = asked.form.get("by", "")
    said = site.api.endpoint.page("POST", "clock", {"advance": by}, seconds=SECONDS)
    line = (
        f"Moved by {by}; {said['running']} events are still being worked on." if said["running"] else f"Moved by {by}."
    )
    return site.show("_clock.html", asked, clock=said, steps=STEPS, line=line)
