"""Images of this registry, for functions that run them: read from its files, without a request."""

import functools
import json
import re

from lambent.model.scope import Scope
from lambent.services.ecr import images
from lambent.services.ecr.env import IMAGE, REPOSITORY, EcrEnv
from lambent.services.ecr.manifests import hex_of
from lambent.store.image_layers import ImageError
from lambent.store.image_reference import RegistryReference
from lambent.store.image_sources import Found, Layer, check_platform, for_this_machine
from lambent.store.registry import ImageMissing
from lambent.store.resources import Resource

_HOST = re.compile(r"([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|localhost(?::[0-9]+)?)")
NOT_ALLOWED = "Lambda does not have permission to access the ECR image. Check the ECR permissions."
"""AWS's text (https://docs.aws.amazon.com/lambda/latest/dg/images-create.html, as its users report it)."""


class Own:
    """Answers for `store.images.Images` what lies in this registry."""

    def __init__(self, env: EcrEnv) -> None:
        self._env = env

    def is_ours(self, reference: RegistryReference, login: str) -> bool:
        """Whether a reference names this registry. AWS's own names do where the repository is here, and where there
        is no `login` with which AWS could be asked."""
        if reference.host in self._addresses():
            return True
        found = _HOST.fullmatch(reference.host)
        if found is None:
            return False
        there = self._env.resources.get(REPOSITORY, Scope(found[1], found[2]), "", reference.repository)
        return there is not None or not login or "localhost" in reference.host

    def _addresses(self) -> frozenset[str]:
        port = self._env.host.rpartition(":")[2]
        return frozenset({self._env.host, f"localhost:{port}", f"127.0.0.1:{port}"})

    def digest(self, reference: RegistryReference, scope: Scope) -> str:
        """The hex digest of the manifest for this machine, of an image in the registry of `scope`. Raises
        ImageError."""
        found = _HOST.fullmatch(reference.host)
        whose = Scope(found[1], found[2]) if found else scope
        if whose.account != scope.account:
            raise ImageError(NOT_ALLOWED)
        if whose.region != scope.region:
            raise ImageError(f"it is in {whose.region}, and a function's image is in the function's region")
        image = self._image(whose, reference)
        if image.document["manifests"]:
            chosen = for_this_machine(json.loads(image.document["manifest"]))
            image = self._image(whose, RegistryReference(reference.host, reference.repository, chosen))
        return hex_of(image.name)

    def fetch(self, reference: RegistryReference, digest: str) -> Found:
        """The image of a digest that `digest` has answered; in a thread it can be read. Raises ImageError."""
        image = self._env.resources.anywhere(IMAGE, reference.repository, f"sha256:{digest}")
        if image is None:
            raise ImageMissing(f"the repository {reference.repository} has no sha256:{digest} any more")
        manifest = json.loads(image.document["manifest"])
        with self._env.blobs.open(hex_of(manifest["config"]["digest"])) as file:
            config = json.load(file)
        check_platform(config)
        opener = self._env.blobs.open
        hexes = [hex_of(one["digest"]) for one in manifest["layers"]]
        return Found(digest, config, tuple(Layer("", functools.partial(opener, one)) for one in hexes))

    def _image(self, scope: Scope, reference: RegistryReference) -> Resource:
        repository = self._env.resources.get(REPOSITORY, scope, "", reference.repository)
        named = {"imageDigest" if ":" in reference.version else "imageTag": reference.version}
        digest = images.digest_of(self._env, repository, named) if repository is not None else ""
        found = self._env.resources.get(IMAGE, scope, reference.repository, digest) if digest else None
        if found is None:
            raise ImageMissing(f"the registry has no {reference.repository} with {reference.version}")
        return found
