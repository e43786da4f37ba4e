"""Parts from another region."""

import re
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Fact, Function, Place, Project
from lambent.pitfalls.facts.tree import Text
from lambent.pitfalls.finding import Hit, Rule

_LAYER = re.compile(r"^arn:aws[\w-]*:lambda:([a-z]{2}-[a-z-]+-\d):\d{12}:layer:")
_IMAGE = re.compile(r"^\d{12}\.dkr\.ecr\.([a-z]{2}-[a-z-]+-\d)\.amazonaws\.com")


def check(project: Project) -> Iterator[Hit]:
    """Layers and images by literal names, of another region than the stack's or than each other's."""
    for function in project.functions:
        here = function.stack.region
        for place, region in _parts(function):
            if here is not None and region != here:
                yield Hit(place, f"it is of {region}, the function is deployed to {here}", function)
                break
            here = region


def _parts(function: Function) -> Iterator[tuple[Place | Fact, str]]:
    """Where a part is named, and the region that its name says."""
    layers = function.fact("Layers")
    spans = getattr(layers.value, "at", [])
    for value, span in zip(layers.value if isinstance(layers.value, list) else (), spans, strict=False):
        found = _LAYER.match(_start(value))
        if found is not None:
            yield Place(layers.place.path, *span), found[1]
    for keys in (("ImageUri",), ("Code", "ImageUri")):
        image = function.fact(*keys)
        found = _IMAGE.match(_start(image.value))
        if found is not None:
            yield image, found[1]


def _start(value: object) -> str:
    first = value.parts[0] if isinstance(value, Text) else value
    return first if isinstance(first, str) else ""


RULE = Rule(
    code="PKG008",
    title="A layer or image of another region",
    level="error",
    reliability="certain",
    production="The deployment fails: InvalidParameterValueException (image) or AccessDeniedException (layer); both must be"
    " in the function's region.",
    mend="${AWS::Region} in the name, and the layer or image in each region that is deployed to",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/images-create.html",),
    seeds="002",
    silent="the region is not written anywhere: neither by the service or provider nor by a second part",
)
