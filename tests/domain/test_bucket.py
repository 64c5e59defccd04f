"""What signer and bucket must agree on."""

from typing import Any

from app.domain.photos.bucket import UPLOAD_HEADERS, BucketAccess, cors_rules


def test_a_bucket_lets_the_pages_send_every_header_that_is_signed() -> None:
    """One that is missing would make browsers refuse every upload; they send the length by themselves."""
    rules: Any = cors_rules(["https://capture.clinic.example"])["CORSRules"]
    [rule] = rules

    assert rule["AllowedOrigins"] == ["https://capture.clinic.example"]
    assert UPLOAD_HEADERS - set(rule["AllowedHeaders"]) == {"content-length"}


def test_no_traceback_shows_the_secret_of_a_bucket() -> None:
    """Only what names the bucket is printed."""
    access = BucketAccess(bucket="photos", region="local", access_key="AKID", secret_key="s3cr3t")

    assert repr(access) == "BucketAccess(bucket='photos', region='local')"
