"""What the account says of a bucket, asked with the server's keys; what it may not ask stays unknown."""

import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from app.domain.photos.bucket import BucketFacts

_REGION = "x-amz-bucket-region"
_NAME = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
_AMAZON = (".amazonaws.com", ".amazonaws.com.cn")


def bucket_facts(client: Any, bucket: str, owner: str) -> BucketFacts:
    """Region, owner and publicness."""
    where = {"Bucket": bucket}
    claimed = {**where, "ExpectedBucketOwner": owner} if owner else where
    with_owner, answered = _head(client, claimed)
    without, plain = _head(client, where) if owner else (with_owner, answered)
    return BucketFacts(
        region=_region(client, where, without or with_owner),
        other_owner=plain and not answered,
        public=_asked(lambda: client.get_bucket_policy_status(**where)["PolicyStatus"]["IsPublic"]) is True,
    )


def _head(client: Any, where: dict[str, str]) -> tuple[dict[str, str], bool]:
    """The headers of the answer, and whether it was a good one."""
    try:
        answer = client.head_bucket(**where)
    except ClientError as problem:
        return problem.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}), False
    except (BotoCoreError, ResponseParserError):
        return {}, False
    return answer["ResponseMetadata"].get("HTTPHeaders", {}), True


def _region(client: Any, where: dict[str, str], headers: dict[str, str]) -> str:
    """As the store says with each answer, or when it is asked.

    Amazon's first region has no name there; elsewhere no name means that any will do.
    """
    location = headers.get(_REGION)
    if not location:
        location = _asked(lambda: client.get_bucket_location(**where).get("LocationConstraint") or "")
    if location == "" and client.meta.endpoint_url.endswith(_AMAZON):
        return "us-east-1"
    named = "eu-west-1" if location == "EU" else str(location or "")
    # Other products give names of their own making, which no signature needs to know.
    return named if _NAME.fullmatch(named) else ""


def _asked(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except (ClientError, BotoCoreError, ResponseParserError, KeyError):
        return None
