"""Accounts are apart: what another one, or nobody, may do."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.unit.services_s3.plane import Plane

OTHER = "111111111111"


def anonymous(plane: Plane, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"{plane.endpoint}/{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def allow(s3: Any, bucket: str, principal: Any, effect: str = "Allow", **more: Any) -> None:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": effect, "Principal": principal, "Action": "s3:*", "Resource": resources, **more}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def test_names_of_buckets_are_of_all_accounts(plane: Plane, s3: Any, bucket: str, refused: Any) -> None:
    other = plane.client(OTHER)
    assert refused(other.create_bucket, Bucket=bucket) == ("BucketAlreadyExists", 409)
    s3.create_bucket(Bucket=bucket)  # in us-east-1 that counts as done
    abroad = plane.client(region="eu-west-1")
    place = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    abroad.create_bucket(Bucket=f"{bucket}-eu", **place)
    assert refused(abroad.create_bucket, Bucket=f"{bucket}-eu", **place) == ("BucketAlreadyOwnedByYou", 409)
    assert abroad.get_bucket_location(Bucket=f"{bucket}-eu")["LocationConstraint"] == "eu-west-1"
    virginia = {"CreateBucketConfiguration": {"LocationConstraint": "us-east-1"}}
    illegal = ("IllegalLocationConstraintException", 400)
    assert refused(abroad.create_bucket, Bucket=f"{bucket}-us", **virginia) == illegal
    assert refused(s3.create_bucket, Bucket=f"{bucket}-us", **virginia) == ("InvalidLocationConstraint", 400)
    assert bucket not in [one["Name"] for one in other.list_buckets()["Buckets"]]


def test_another_account_needs_a_policy(plane: Plane, s3: Any, bucket: str, refused: Any) -> None:
    other = plane.client(OTHER)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert refused(other.get_object, Bucket=bucket, Key="k") == ("AccessDenied", 403)
    assert refused(other.list_objects_v2, Bucket=bucket) == ("AccessDenied", 403)
    allow(s3, bucket, {"AWS": OTHER})
    assert other.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    assert refused(other.delete_bucket_policy, Bucket=bucket)[1] == 403


def test_a_policy_may_ask_for_an_objects_tags(plane: Plane, s3: Any, bucket: str, refused: Any) -> None:
    asked = {"Condition": {"StringEquals": {"s3:RequestObjectTag/Team": "a"}}}
    allow(s3, bucket, {"AWS": OTHER}, **asked)
    put = {"Bucket": bucket, "Key": "k", "Body": b"1"}
    assert refused(plane.client(OTHER).put_object, **put, Tagging="Team=b") == ("AccessDenied", 403)
    plane.client(OTHER).put_object(**put, Tagging="Team=a")


def test_nobody_reads_what_is_not_public(plane: Plane, s3: Any, bucket: str, refused: Any) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert anonymous(plane, f"{bucket}/k")[0] == 403
    with pytest.raises(Exception, match="BlockPublicPolicy"):
        allow(s3, bucket, "*")
    s3.delete_public_access_block(Bucket=bucket)
    allow(s3, bucket, "*")
    assert anonymous(plane, f"{bucket}/k") == (200, b"1")
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]


def test_a_policy_denies_the_owner_too(s3: Any, bucket: str, refused: Any) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    allow(s3, bucket, "*", "Deny")
    assert refused(s3.get_object, Bucket=bucket, Key="k") == ("AccessDenied", 403)
    s3.delete_bucket_policy(Bucket=bucket)
    secure = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    allow(s3, bucket, "*", "Deny", **secure)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


def test_public_objects_by_acl_where_acls_count(plane: Plane, s3: Any, bucket: str, refused: Any) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert refused(s3.put_object_acl, Bucket=bucket, Key="k", ACL="public-read")[0] == "AccessControlListNotSupported"
    for acl in ("public-read", "private"):
        assert refused(s3.put_object, Bucket=bucket, Key="k", ACL=acl) == ("AccessControlListNotSupported", 400)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", ACL="bucket-owner-full-control")
    rules = [{"ObjectOwnership": "ObjectWriter"}]
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})
    assert refused(s3.put_object, Bucket=bucket, Key="k", ACL="public-read") == ("AccessDenied", 403)
    assert refused(s3.create_multipart_upload, Bucket=bucket, Key="k", ACL="public-read") == ("AccessDenied", 403)
    assert refused(s3.put_object, Bucket=bucket, Key="k", GrantRead="id=1") == ("NotImplemented", 501)
    assert refused(s3.create_bucket, Bucket=f"{bucket}-2", GrantRead="id=1") == ("NotImplemented", 501)
    assert refused(s3.put_object_acl, Bucket=bucket, Key="k", ACL="public-read") == ("AccessDenied", 403)
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    assert anonymous(plane, f"{bucket}/k") == (200, b"1")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert anonymous(plane, bucket)[0] == 200
    allow(s3, bucket, "*", "Deny")  # an ACL does not overrule it
    assert anonymous(plane, bucket)[0] == anonymous(plane, f"{bucket}/k")[0] == 403
    s3.delete_bucket_policy(Bucket=bucket)
    enforced = {"Bucket": bucket, "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}
    assert refused(s3.put_bucket_ownership_controls, **enforced) == ("InvalidBucketAclWithObjectOwnership", 400)
    private = f"{bucket}-private"
    s3.create_bucket(Bucket=private, ACL="private")
    (rule,) = s3.get_bucket_ownership_controls(Bucket=private)["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerPreferred"}
    s3.put_object(Bucket=private, Key="k", ACL="private")


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"Days": 0}, "InvalidArgument"), ({"Years": -1}, "InvalidArgument"), ({}, "MalformedXML"),
     ({"Days": 1, "Mode": "NONE"}, "MalformedXML"), ({"Days": 1, "Years": 1}, "MalformedXML")],
)  # fmt: skip
def test_retentions_that_are_none(s3: Any, bucket: str, refused: Any, changed: Any, code: str) -> None:
    s3.create_bucket(Bucket=f"{bucket}-l", ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", **changed}}
    asked = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    assert refused(s3.put_object_lock_configuration, Bucket=f"{bucket}-l", ObjectLockConfiguration=asked)[0] == code


def test_what_is_not_built_is_refused_by_name(s3: Any, bucket: str, refused: Any) -> None:
    website = {"IndexDocument": {"Suffix": "i"}}
    assert refused(s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration=website)[1] == 501
    assert refused(s3.put_object, Bucket=bucket, Key="k", StorageClass="GLACIER") == ("NotImplemented", 501)


def test_locked_versions_stay(plane: Plane, s3: Any, bucket: str, refused: Any) -> None:
    name = f"{bucket}-locked"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    version = s3.put_object(Bucket=name, Key="k", Body=b"1")["VersionId"]
    s3.put_object_legal_hold(Bucket=name, Key="k", LegalHold={"Status": "ON"})
    assert refused(s3.delete_object, Bucket=name, Key="k", VersionId=version) == ("AccessDenied", 403)
    s3.put_object_legal_hold(Bucket=name, Key="k", LegalHold={"Status": "OFF"})
    s3.delete_object(Bucket=name, Key="k", VersionId=version)
    s3.delete_bucket(Bucket=name)
