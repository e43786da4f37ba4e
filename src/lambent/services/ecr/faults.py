"""Refusals, in AWS's words where they are public.

Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html and the operations' own pages; the
texts as public reports of users quote them.
"""

from lambent.model.constraints import violation
from lambent.wire.fault import Fault


def of(code: str, message: str) -> Fault:
    """400, by its own name."""
    return Fault(f"{code}Exception", message)


def broken(parameter: str, constraint: str, more: str = "") -> Fault:
    """400: a parameter; `more` is said behind it."""
    return of("InvalidParameter", violation("Invalid parameter", parameter, f"'{constraint}'{more}"))


def no_repository(name: str, account: str) -> Fault:
    """400: there is none of that name."""
    text = f"The repository with name '{name}' does not exist in the registry with id '{account}'"
    return of("RepositoryNotFound", text)


def no_image(name: str, account: str, image: str) -> Fault:
    """400: the repository has no such image."""
    text = f"The image with imageId {image} does not exist within the repository with name '{name}'"
    return of("ImageNotFound", f"{text} in the registry with id '{account}'")


def no_upload(upload_id: str, name: str, account: str) -> Fault:
    """400: it ended, or never was."""
    text = f"The upload with ID '{upload_id}' does not exist in the repository with name '{name}'"
    return of("UploadNotFound", f"{text} in the registry with id '{account}'")


def unsupported(what: str) -> Fault:
    """501: what AWS has and Lambent refuses, rather than ignore it."""
    return Fault("NotImplementedException", f"Lambent does not support {what} of ECR.", status=501)
