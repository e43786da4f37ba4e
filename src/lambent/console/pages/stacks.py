"""CloudFormation's stacks."""

from itertools import islice

from starlette.responses import Response

from lambent.console.site import Asked, Site

MOST_EVENTS = 100


def stacks(site: Site, asked: Asked) -> Response:
    """All stacks that there are."""
    return site.show("stacks.html", asked, stacks=site.api.some("cloudformation", "describe_stacks", "Stacks"))


def stack(site: Site, asked: Asked) -> Response:
    """A stack: its resources, outputs and latest events."""
    name = asked.path["name"]
    said = site.api.ask("cloudformation", "describe_stacks", StackName=name)["Stacks"][0]
    found = site.api.each("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=name)
    events = site.api.each("cloudformation", "describe_stack_events", "StackEvents", StackName=name)
    return site.show("stack.html", asked, stack=said, resources=list(found), events=list(islice(events, MOST_EVENTS)))
