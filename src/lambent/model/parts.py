"""Operations on many things, of which AWS denies single ones and carries out the others.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html (`Errors` of the answer).
"""

DENIED = "=denied"
"""The parameter, of a name that no request can have, in which an operation is told what of it is denied: ARN -> why."""
