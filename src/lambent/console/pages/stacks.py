"""CloudFormation's stacks."""

from itertools import islice

from starlette.responses import Response

from lambent.console.site import Asked, Site

MOST, MOST_EVENTS = 100, 100


def stacks(site: Site, asked: Asked) -> Response:
    """The stacks that there are."""
    found = site.api.some("cloudformation", "describe_stacks", "Stacks", MOST + 1)
    return site.show("stacks.html", asked, stacks=found, most=MOST)


def stack(site: Site, asked: Asked) -> Response:
    """A stack: its resources, outputs and latest events."""
    name = asked.path["name"]
    said = site.api.ask("cloudformation", "describe_stacks", StackName=name)["Stacks"][0]
    found = site.api.each("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=name)
    events = site.api.each("cloudformation", "describe_stack_events", "StackEvents", StackName=name)
    return site.show("stack.html", asked, stack=said, resources=list(found), events=list(islice(events, MOST_EVENTS)))
