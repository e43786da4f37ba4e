"""The console's table of pages, and the application that is made of it."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from lambent.console.door import ENTER, Door
from lambent.console.pages import (
    clock,
    code,
    dashboards,
    function,
    logs,
    overview,
    settings,
    sources,
    stacks,
    testing,
    traces,
    tune,
)
from lambent.console.site import HERE, Asked, Page, Site, answer

PAGES: tuple[tuple[str, str, Page], ...] = (
    ("GET", "/", overview.overview),
    ("GET", "/part/overview", overview.overview_part),
    ("GET", "/part/cost", overview.cost),
    ("GET", "/findings", overview.findings),
    ("GET", "/functions", overview.functions),
    ("GET", "/functions/{name}", function.function),
    ("GET", "/functions/{name}/part", function.function_part),
    ("GET", "/functions/{name}/cost", function.cost),
    ("GET", "/functions/{name}/test", testing.test),
    ("GET", "/functions/{name}/event", testing.event),
    ("POST", "/functions/{name}/events", testing.save),
    ("POST", "/functions/{name}/invoke", testing.invoke),
    ("GET", "/functions/{name}/tail", testing.tail),
    ("GET", "/functions/{name}/code", code.code),
    ("POST", "/functions/{name}/code", code.save),
    ("GET", "/functions/{name}/configuration", function.configuration),
    ("POST", "/functions/{name}/settings", settings.save),
    ("POST", "/functions/{name}/variables", function.variables),
    ("POST", "/functions/{name}/variables/edit", settings.edit),
    ("POST", "/functions/{name}/variables/save", settings.save_variables),
    ("POST", "/functions/{name}/concurrency", settings.save_concurrency),
    ("POST", "/functions/{name}/versions", settings.publish),
    ("POST", "/functions/{name}/aliases", settings.save_alias),
    ("GET", "/functions/{name}/rights", function.rights),
    ("GET", "/functions/{name}/tune", tune.tune),
    ("POST", "/functions/{name}/tune", tune.begin),
    ("GET", "/functions/{name}/tuning", tune.progress),
    ("GET", "/sources", sources.sources),
    ("GET", "/queues/{name}", sources.queue),
    ("POST", "/queues/{name}/peek", sources.peek_queue),
    ("POST", "/queues/{name}/send", sources.send_message),
    ("POST", "/queues/{name}/redrive", sources.redrive),
    ("GET", "/streams/{name}", sources.stream),
    ("GET", "/streams/{name}/peek", sources.peek_stream),
    ("POST", "/streams/{name}/put", sources.put_record),
    ("GET", "/buckets/{name}", sources.bucket),
    ("GET", "/buckets/{name}/object", sources.peek_object),
    ("POST", "/buckets/{name}/put", sources.put_object),
    ("GET", "/logs", logs.logs),
    ("POST", "/logs/query", logs.query),
    ("GET", "/traces", traces.traces),
    ("GET", "/traces/{id}", traces.trace),
    ("GET", "/dashboards", dashboards.dashboards),
    ("GET", "/dashboards/{name}", dashboards.dashboard),
    ("GET", "/dashboards/{name}/part", dashboards.dashboard_part),
    ("GET", "/stacks", stacks.stacks),
    ("GET", "/stacks/{name}", stacks.stack),
    ("GET", "/clock", clock.clock),
    ("POST", "/clock", clock.advance),
)
"""Method, path, page. What only looks is a GET; a look that leaves a trace (a queue counts it) or secrets is a POST."""
STATIC = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "htmx.min.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}

Endpoint = Callable[[Request], Awaitable[Response]]


def application(site: Site, door: Door) -> Starlette:
    """The application; everything goes through the door."""
    routes = [Route(path, _endpoint(site, door, page), methods=[method]) for method, path, page in PAGES]
    routes += [Route("/static/{file}", _static(door)), Route(ENTER, _endpoint(site, door, _nothing))]
    routes.append(Route("/{path:path}", _endpoint(site, door, _nothing), methods=["GET", "POST", "PUT", "DELETE"]))
    return Starlette(routes=routes)


def _endpoint(site: Site, door: Door, page: Page) -> Endpoint:
    async def asked(request: Request) -> Response:
        return await door.admit(request, lambda request, secret: answer(site, page, request, secret))

    return asked


def _static(door: Door) -> Endpoint:
    """The files of the table, and no other."""

    async def file(request: Request, _secret: str) -> Response:
        name = request.path_params["file"]
        if name not in STATIC:
            return Response(status_code=404)
        return FileResponse(HERE / "static" / name, media_type=STATIC[name], headers={"Cache-Control": "max-age=600"})

    async def asked(request: Request) -> Response:
        return await door.admit(request, file)

    return asked


def _nothing(site: Site, asked: Asked) -> Response:
    return site.trouble(asked, "There is no such page.", 404)
