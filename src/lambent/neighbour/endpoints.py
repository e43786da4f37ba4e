"""Where each service that is not answered here is to be found."""

from collections.abc import Mapping


class Endpoints:
    """Service names (as botocore's) and the URLs that the settings give them; all others are moto's."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = {service: url.rstrip("/") for service, url in urls.items()}

    def choose(self, service: str) -> str | None:
        """The URL without a trailing slash; None for moto."""
        return self._urls.get(service)
