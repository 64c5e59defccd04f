"""The keys of a bucket."""

from app.domain.photos.bucket import BucketAccess


def test_no_traceback_shows_the_secret_of_a_bucket() -> None:
    """Only what names the bucket is printed."""
    access = BucketAccess(bucket="photos", region="local", access_key="AKID", secret_key="s3cr3t")

    assert repr(access) == "BucketAccess(bucket='photos', region='local')"
