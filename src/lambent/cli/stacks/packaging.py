"""Local files that a template names: found, put into a bucket, and named there.

Source of the list: https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
"""

import copy
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lambent.cli import package
from lambent.cli.errors import USAGE, CliError
from lambent.cli.stacks.app import App, Upload, read_document

Shape = Callable[[str, str], Any]
"""What a property says of a bucket and a key."""
FUNCTION, LAYER = "AWS::Serverless::Function", "AWS::Serverless::LayerVersion"


def _uri(bucket: str, key: str) -> str:
    return f"s3://{bucket}/{key}"


def _url(bucket: str, key: str) -> str:
    return f"https://s3.amazonaws.com/{bucket}/{key}"


def _members(bucket_name: str = "S3Bucket", key_name: str = "S3Key") -> Shape:
    return lambda bucket, key: {bucket_name: bucket, key_name: key}


@dataclass(frozen=True, slots=True)
class Place:
    """A property that may name a file: whether a folder or file is zipped, or is a template of its own."""

    property: str
    shape: Shape
    zipped: bool = False
    template: bool = False


PLACES: Mapping[str, Place] = {
    FUNCTION: Place("CodeUri", _uri, zipped=True),
    LAYER: Place("ContentUri", _uri, zipped=True),
    "AWS::Lambda::Function": Place("Code", _members(), zipped=True),
    "AWS::Lambda::LayerVersion": Place("Content", _members(), zipped=True),
    "AWS::Serverless::Api": Place("DefinitionUri", _uri),
    "AWS::Serverless::HttpApi": Place("DefinitionUri", _uri),
    "AWS::Serverless::StateMachine": Place("DefinitionUri", _members("Bucket", "Key")),
    "AWS::Serverless::Application": Place("Location", _url, template=True),
    "AWS::CloudFormation::Stack": Place("TemplateURL", _url, template=True),
    "AWS::ApiGateway::RestApi": Place("BodyS3Location", _members("Bucket", "Key")),
    "AWS::StepFunctions::StateMachine": Place("DefinitionS3Location", _members("Bucket", "Key")),
}


@dataclass(frozen=True, slots=True)
class Packaged:
    """A template with every file in a bucket; `objects` are key -> content, `uploads` those of the application."""

    template: dict[str, Any]
    objects: Mapping[str, bytes]
    withheld: tuple[str, ...]
    uploads: Sequence[Upload]


def packaged(app: App, bucket: str, include: Sequence[str] = ()) -> Packaged:
    """The application with its files. Raises CliError."""
    work = _Work(bucket, include)
    template = work.template(app.template, app.folder)
    return Packaged(template, work.objects, tuple(dict.fromkeys(work.withheld)), app.uploads)


def code_folders(app: App) -> dict[str, Path]:
    """Logical id -> the folder that a function's code lies in; functions of zips and single files have none."""
    found = dict(app.code)
    shared = (((app.template.get("Globals") or {}).get("Function")) or {}).get("CodeUri")
    for name, one in (app.template.get("Resources") or {}).items():
        place = PLACES.get(one.get("Type", "")) if isinstance(one, dict) else None
        if place is None or not one["Type"].endswith("::Function"):
            continue
        said = (one.get("Properties") or {}).get(place.property, shared if one["Type"] == FUNCTION else None)
        if is_local(said) and (app.folder / said).is_dir():
            found[name] = (app.folder / said).resolve()
    return found


def is_local(said: Any) -> TypeGuard[str]:
    """Whether a property names a file beside the template."""
    return isinstance(said, str) and not said.startswith(("s3://", "http://", "https://"))


class _Work:
    """Names the files of one application and of the templates in it."""

    def __init__(self, bucket: str, include: Sequence[str]) -> None:
        self._bucket = bucket
        self._include = include
        self._known: dict[tuple[Path, bool], str] = {}
        self.objects: dict[str, bytes] = {}
        self.withheld: list[str] = []

    def template(self, template: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        made: dict[str, Any] = copy.deepcopy(dict(template))
        function = (made.get("Globals") or {}).get("Function") or {}
        code = function.get("CodeUri")
        if is_local(code):
            function["CodeUri"] = self._placed(PLACES[FUNCTION], folder, code)
        for name, one in (made.get("Resources") or {}).items():
            if isinstance(one, dict) and one.get("Type") in PLACES:
                self._resource(name, one, folder, "CodeUri" in function)
        self._includes(made, folder)
        return made

    def _resource(self, name: str, one: dict[str, Any], folder: Path, shared: bool) -> None:
        place = PLACES[one["Type"]]
        properties = one.setdefault("Properties", {}) or {}
        if properties.get("PackageType") == "Image":
            if "ImageUri" not in properties:
                raise CliError(f"{name} is an image that is to be built: `sam build` does it, with Docker", USAGE)
            return
        said = properties.get(place.property)
        if said is None and one["Type"] == FUNCTION and "InlineCode" not in properties and not shared:
            said = "."
        if is_local(said):
            properties[place.property] = self._placed(place, folder, said)
            one["Properties"] = properties

    def _placed(self, place: Place, folder: Path, said: str) -> Any:
        path = folder / said
        if not path.exists():
            raise CliError(f"{path}: there is no such file or folder, which the template names")
        return place.shape(self._bucket, self._key(path, place.zipped, place.template))

    def _key(self, path: Path, zipped: bool, template: bool) -> str:
        known = (path.resolve(), zipped)
        if known not in self._known:
            content = self._inner(path) if template else self._content(path, zipped)
            key = hashlib.sha256(content).hexdigest() + (".zip" if zipped else path.suffix)
            self.objects[key] = content
            self._known[known] = key
        return self._known[known]

    def _inner(self, path: Path) -> bytes:
        import json

        return json.dumps(self.template(read_document(path), path.parent)).encode()

    def _content(self, path: Path, zipped: bool) -> bytes:
        if path.is_dir() or path.suffix in (".zip", ".jar"):
            found = package.load(path, self._include, by_bucket=True)
            self.withheld += found.withheld
            return found.content
        return _zip(path) if zipped else path.read_bytes()

    def _includes(self, value: Any, folder: Path) -> None:
        """AWS::Include, wherever it stands."""
        for one in _maps(value):
            call = one.get("Fn::Transform")
            if not isinstance(call, dict) or call.get("Name") != "AWS::Include":
                continue
            said = (call.get("Parameters") or {}).get("Location")
            if is_local(said):
                call["Parameters"]["Location"] = self._placed(Place("Location", _uri), folder, said)


def _maps(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _maps(one)
    elif isinstance(value, list):
        for one in value:
            yield from _maps(one)


def _zip(path: Path) -> bytes:
    """One file, zipped; the same bytes every time."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        info = ZipInfo(path.name, package.EPOCH)
        info.compress_type = ZIP_DEFLATED
        info.external_attr = (path.stat().st_mode & 0o777) << 16
        archive.writestr(info, path.read_bytes())
    return buffer.getvalue()


def upload(client: Any, bucket: str, packed: Packaged) -> int:
    """Put what is not there yet. Returns how many objects that were. Raises CliError, botocore's errors."""
    wanted: dict[tuple[str, str], Callable[[], bytes]] = {
        (bucket, key): (lambda content=content: content)  # type: ignore[misc]
        for key, content in packed.objects.items()
    }
    for one in packed.uploads:
        wanted[one.bucket, one.key] = lambda one=one: _asset(one)  # type: ignore[misc]
    for name in {name for name, _ in wanted}:
        _ensure(client, name)
    absent = [place for place in wanted if not _there(client, *place)]
    for name, key in absent:
        client.put_object(Bucket=name, Key=key, Body=wanted[name, key]())
    return len(absent)


def _asset(one: Upload) -> bytes:
    return package.load(one.path, ("*",), by_bucket=True).content if one.zipped else one.path.read_bytes()


def _ensure(client: Any, bucket: str) -> None:
    try:
        client.head_bucket(Bucket=bucket)
    except client.exceptions.ClientError:
        region = client.meta.region_name
        more = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        client.create_bucket(Bucket=bucket, **more)


def _there(client: Any, bucket: str, key: str) -> bool:
    try:
        client.head_object(Bucket=bucket, Key=key)
    except client.exceptions.ClientError:
        return False
    return True


def put_template(client: Any, bucket: str, text: str) -> str:
    """A template that is too large for a request; its key."""
    content = text.encode()
    key = f"{hashlib.sha256(content).hexdigest()}.template"
    _ensure(client, bucket)
    client.put_object(Bucket=bucket, Key=key, Body=content)
    return key
