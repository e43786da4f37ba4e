"""The least policy for what a role did, and how it differs from what the role has.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-policy-generation.html (what it is for) and
reference_policies_elements_resource.html.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import takewhile
from typing import Any

from lambent.engine.authorisation import patterns
from lambent.engine.authorisation.document import Policy, listed

OF_S3 = "arn:aws:s3:::"
UNIQUE = re.compile(r"(?<=[:/._-])([0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}|[0-9]{8,})(?=[:/._-]|$)")
"""A UUID, with its dashes or without, a day or a moment that is a part of a name."""
RENEWED = re.compile(r"arn:aws[a-z-]*:(s3:::[^/]+/|(states|scheduler):[^:]*:[^:]*:(execution|express|schedule)[:/])")
"""How the ARNs of what is made again and again begin: objects, executions, schedules."""
OF_TABLE = re.compile("(:table/[^/]+/stream/).+")
Used = Iterable[tuple[str, str]]


def least(used: Used) -> dict[str, Any]:
    """A policy that allows these actions on these resources and nothing else."""
    by_resources: dict[tuple[str, ...], list[str]] = defaultdict(list)
    resources: dict[str, set[str]] = defaultdict(set)
    for action, resource in used:
        resources[action].add(_stable(resource))
    for action, named in resources.items():
        by_resources[tuple(sorted(_fewer(named)))].append(action)
    statements = [
        {"Effect": "Allow", "Action": sorted(actions), "Resource": list(named)}
        for named, actions in sorted(by_resources.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def of_any_object(used: Used, buckets: Collection[str]) -> list[tuple[str, str]]:
    """What was done, with all objects of some buckets in the place of one."""
    return [
        (action, f"{bucket}/*" if slash and bucket.removeprefix(OF_S3) in buckets else resource)
        for action, resource in used
        for bucket, slash, _ in [resource.partition("/")]
    ]


def of_any_key(used: Used, actions: Collection[str]) -> list[tuple[str, str]]:
    """What was done, with all objects of the bucket in the place of one for actions whose objects the code does not
    name."""
    return [
        (action, f"{resource.partition('/')[0]}/*" if loose else resource)
        for action, resource in used
        for loose in [action in actions and resource.startswith(OF_S3) and "/" in resource]
    ]


def missing(used: Used, has: Iterable[Policy]) -> list[str]:
    """What was done and no statement allows, as lines "action on resource"."""
    allowing = [one for policy in has for one in policy.statements if one.allow and not one.trouble]
    return [
        f"{action} on {resource}"
        for action, resource in used
        if not any(
            any(patterns.matches(said, action.lower()) for said in one.actions) is not one.but_actions
            and any(patterns.arn_fits(said, resource, {}) for said in one.resources) is not one.but_resources
            for one in allowing
        )
    ]


def excess(used: Used, has: Iterable[Policy]) -> list[str]:
    """What is allowed and was never done: actions, as the policies write them."""
    done = [action.lower() for action, _ in used]
    return [
        f"{said} of {policy.name}"
        for policy in has
        for one in policy.statements
        if one.allow and not one.but_actions
        for said in map(str, listed(one.raw.get("Action")))
        if "*" in said or "?" in said or not any(patterns.matches(said.lower(), action) for action in done)
    ]


def _stable(resource: str) -> str:
    """Without what is another one each time: a log stream's name, the moment at which a table's stream was made, an id
    or a day in an object's key."""
    if found := RENEWED.match(resource):
        return found[0] + UNIQUE.sub("*", resource[found.end() - 1 :])[1:]
    return OF_TABLE.sub(r"\1*", re.sub(r":log-stream:.*", ":*", resource))


def _fewer(named: set[str]) -> set[str]:
    """Two objects of one bucket are all in the folder that they share; what is on everything is on nothing else."""
    if "*" in named:
        return {"*"}
    by_bucket: dict[str, set[str]] = defaultdict(set)
    for one in named:
        bucket, slash, _ = one.partition("/")
        by_bucket[bucket if slash and one.startswith(OF_S3) else one].add(one)
    return {f"{_folder(ones)}/*" if len(ones) > 1 else one for ones in by_bucket.values() for one in ones}


def _folder(ones: Collection[str]) -> str:
    """What all of them begin with, up to a slash."""
    places = zip(*(one.split("/")[:-1] for one in ones), strict=False)
    return "/".join(parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, places))


def compared(
    used: Used, has: Iterable[Policy], also: Iterable[str] = (), given: Collection[tuple[str, str]] = ()
) -> Mapping[str, Any]:
    """The least policy, and the difference to what a role has; `also` are actions that are needed for what can't be
    told, `given` what the resources' own policies allow."""
    used, has = list(used), list(has)
    needed = [*used, *((action, "*") for action in also)]
    lacking = missing([one for one in used if one not in given], has)
    return {"policy": least(used), "missing": lacking, "excess": excess(needed, has)}
