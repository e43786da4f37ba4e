"""How much memory a function is best given: begins what `lambent tune` does, and shows how it goes."""

from starlette.responses import Response

from lambent.console import samples
from lambent.console.pages.testing import saved
from lambent.console.site import Asked, Site
from lambent.engine.tuning import Strategy

POWERS = "128,256,512,1024,1536,2048,3008"
_FIELDS = {"powers": POWERS, "num": "10", "strategy": Strategy.COST, "payload": "{}"}


def tune(site: Site, asked: Asked) -> Response:
    """The page: what to measure, and what was found last."""
    name = asked.path["name"]
    about = site.api.ask("lambda", "get_function_configuration", FunctionName=name)
    latest = site.tunings.of(name)
    return site.show(
        "tune.html",
        asked,
        about=about,
        tab="tune",
        tuning=latest,
        fields=_FIELDS | dict(latest.asked if latest else {}),
        strategies=tuple(Strategy),
        samples=samples.NAMES,
        saved=saved(site.events, name),
    )


def begin(site: Site, asked: Asked) -> Response:
    """Measure."""
    name = asked.path["name"]
    wanted = _FIELDS | {key: asked.form[key] for key in _FIELDS if asked.form.get(key)} | {"function": name}
    made = site.tunings.begin(wanted, site.measure, lambda error: (site.explain(error) or (repr(error), 1))[0])
    return site.show("_tuning.html", asked, name=name, tuning=made)


def progress(site: Site, asked: Asked) -> Response:
    """How far it is, or what was found."""
    return site.show("_tuning.html", asked, name=asked.path["name"], tuning=site.tunings.of(asked.path["name"]))
