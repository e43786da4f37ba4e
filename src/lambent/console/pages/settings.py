"""Changing what a function is: its configuration, variables, concurrency, versions and aliases.

A change of the configuration names the revision that the page showed: Lambda refuses it (412) when somebody else came
first. What is answered is a line for people, and the parts of the page that are otherwise now (out-of-band swaps).
"""

from collections.abc import Mapping

from starlette.responses import Response

from lambent.console.api import Api, Document
from lambent.console.site import Asked, Site

MOST_VARIABLES, FREE = 150, 3
"""That are edited (4 KB of them take no more), and empty rows for new ones."""
TRACING = ("PassThrough", "Active")
_NUMBERS = ("MemorySize", "Timeout")


class Unfit(Exception):
    """Why a form can't be what was meant."""


def of(api: Api, about: Document) -> Document:
    """What the page shows of a function beside its configuration."""
    name = about["FunctionName"]
    return {
        "reserved": api.maybe("lambda", "get_function_concurrency", FunctionName=name).get(
            "ReservedConcurrentExecutions"
        ),
        "invoking": api.maybe("lambda", "get_function_event_invoke_config", FunctionName=name),
        "tracing": TRACING,
        **named(api, name),
    }


def named(api: Api, name: str) -> Document:
    """A function's versions and aliases."""
    return {
        "versions": api.some("lambda", "list_versions_by_function", "Versions", FunctionName=name),
        "aliases": api.some("lambda", "list_aliases", "Aliases", FunctionName=name),
    }


def save(site: Site, asked: Asked) -> Response:
    """Change the configuration."""
    form = asked.form
    try:
        wanted: Document = {key: _number(form, key) for key in _NUMBERS}
        wanted["EphemeralStorage"] = {"Size": _number(form, "tmp")}
    except Unfit as why:
        return site.show("_said.html", asked, 400, line=str(why))
    wanted |= {"Description": form.get("Description", ""), "TracingConfig": {"Mode": form.get("Tracing", TRACING[0])}}
    if form.get("Handler"):
        wanted["Handler"] = form["Handler"]
    about = _update(site, asked, **wanted)
    return site.show(
        "_changed.html", asked, about=about, line="It is saved: new environments are made so.", part="facts"
    )


def edit(site: Site, asked: Asked) -> Response:
    """The variables with their values, as fields."""
    about = site.api.ask("lambda", "get_function_configuration", FunctionName=asked.path["name"])
    found = about.get("Environment", {}).get("Variables", {})
    if len(found) > MOST_VARIABLES:
        return site.show("_said.html", asked, 400, line=f"More than {MOST_VARIABLES} variables are not edited here.")
    return site.show("_edit_variables.html", asked, name=asked.path["name"], rows=[*found.items(), *[("", "")] * FREE])


def save_variables(site: Site, asked: Asked) -> Response:
    """Change the variables to those of the fields; an empty name is none."""
    form, found = asked.form, {}
    for number in range(MOST_VARIABLES + FREE):
        key = form.get(f"name{number}", "").strip()
        if key in found:
            return site.show("_said.html", asked, 400, line=f"{key} is there twice.")
        if key:
            found[key] = form.get(f"value{number}", "").replace("\r\n", "\n")
    about = _update(site, asked, Environment={"Variables": found})
    names = dict.fromkeys(about.get("Environment", {}).get("Variables", {}))
    line = "They are saved: new environments have them."
    return site.show("_changed.html", asked, about=about, line=line, part="variables", variables=names)


def save_concurrency(site: Site, asked: Asked) -> Response:
    """Reserve so much for a function, or nothing."""
    name, text = asked.path["name"], asked.form.get("reserved", "").strip()
    try:
        wanted = _number(asked.form, "reserved") if text else None
    except Unfit as why:
        return site.show("_said.html", asked, 400, line=str(why))
    if wanted is None:
        site.api.ask("lambda", "delete_function_concurrency", FunctionName=name)
        return site.show("_said.html", asked, line="Nothing is reserved: it has what the account has left.")
    site.api.ask("lambda", "put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=wanted)
    return site.show("_said.html", asked, line=f"{wanted} are reserved{', so that it is throttled' * (not wanted)}.")


def publish(site: Site, asked: Asked) -> Response:
    """Keep the function as it is now as a version."""
    params = {"Description": asked.form["description"]} if asked.form.get("description") else {}
    said = site.api.ask("lambda", "publish_version", FunctionName=asked.path["name"], **params)
    return _renamed(site, asked, f"It is version {said['Version']}.")


def save_alias(site: Site, asked: Asked) -> Response:
    """Make an alias, or move one: to a version, and a part of the invocations to a second one."""
    form, name = asked.form, asked.path["name"]
    second = form.get("second", "")
    try:
        weight = _number(form, "weight") / 100 if second and form.get("weight") else 0.0
    except Unfit as why:
        return site.show("_said.html", asked, 400, line=str(why))
    wanted = {
        "Name": form.get("alias", ""),
        "FunctionVersion": form.get("version", ""),
        "RoutingConfig": {"AdditionalVersionWeights": {second: weight} if second and weight else {}},
    }
    operation = "update_alias" if form.get("known") == "1" else "create_alias"
    site.api.ask("lambda", operation, FunctionName=name, **wanted)
    return _renamed(
        site, asked, f"{wanted['Name']} leads to version {wanted['FunctionVersion']}{_part(second, weight)}."
    )


def _part(second: str, weight: float) -> str:
    return f", {weight:.0%} of its invocations to {second}" if second and weight else ""


def _renamed(site: Site, asked: Asked, line: str) -> Response:
    about = site.api.ask("lambda", "get_function_configuration", FunctionName=asked.path["name"])
    found = named(site.api, asked.path["name"])
    return site.show("_changed.html", asked, about=about, line=line, part="versions", **found)


def _update(site: Site, asked: Asked, **wanted: object) -> Document:
    revision = {"RevisionId": asked.form["revision"]} if asked.form.get("revision") else {}
    name = asked.path["name"]
    said = site.api.ask("lambda", "update_function_configuration", FunctionName=name, **wanted, **revision)
    return site.api.settled(said)


def _number(form: Mapping[str, str], key: str) -> int:
    """Raises Unfit."""
    try:
        return int(form.get(key, ""))
    except ValueError:
        raise Unfit(f"{key} is a whole number.") from None
