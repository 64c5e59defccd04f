"""What a store's refusal means and which setting changes it."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from app.checks.finding import Finding, wrong
from app.config.settings import Settings
from app.domain.photos.bucket import BucketFacts

_FIELD = re.compile(rb"<(Code|Region|Message)>([^<]{0,200})</")


class Refusal(NamedTuple):
    """A store's error: S3's code, the bucket's true region if the store named it, the status."""

    code: str
    region: str
    message: str
    status: int


def read_refusal(answer: httpx.Response) -> Refusal:
    """From the XML that S3 sends, and from the header with the region."""
    fields = {
        name.decode(): value.decode("utf-8", "replace") for name, value in _FIELD.findall(answer.content)
    }
    region = answer.headers.get("x-amz-bucket-region") or fields.get("Region", "")
    return Refusal(fields.get("Code", ""), region, fields.get("Message", ""), answer.status_code)


class Meaning(NamedTuple):
    """Why, and what to change."""

    why: str
    change: str


def address_setting(settings: Settings, origin: str) -> str:
    """The setting that the store's address comes from; botocore reads more of them than this program."""
    if settings.s3_endpoint:
        return "S3_ENDPOINT"
    if urlsplit(origin).netloc.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return "S3_REGION and S3_BUCKET"
    return "AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 or the endpoint in the AWS configuration file"


def meaning_of(refusal: Refusal, settings: Settings, origin: str) -> Meaning:
    """The refusal of a photo's PUT in words."""
    if refusal.status in (301, 307, 308) or refusal.code in _ELSEWHERE:
        return _elsewhere(refusal, settings)
    if refusal.code in _BY_CODE:
        return _BY_CODE[refusal.code]
    if refusal.code == "AccessDenied" and re.search("expired|not yet valid", refusal.message, re.IGNORECASE):
        return _BY_CODE["RequestTimeTooSkewed"]
    if "encrypt" in (refusal.code + refusal.message).lower() or refusal.code.startswith("KMS."):
        return NOT_ENCRYPTED
    if not refusal.code:
        why = f"What answers at {origin} is no S3 store (status {refusal.status} without S3's error)."
        return Meaning(why, f"Set {address_setting(settings, origin)} to the address of the store itself.")
    why = f"The store answered {refusal.status} {refusal.code}."
    return Meaning(why, f"Look this code up for the store at {origin} ({address_setting(settings, origin)}).")


def _elsewhere(refusal: Refusal, settings: Settings) -> Meaning:
    if not refusal.region or refusal.region == settings.s3_region:
        why = (
            "The store sends this bucket's requests to another address, and a browser's photo cannot follow."
        )
        return Meaning(
            why, "Set S3_REGION to the bucket's region, and S3_ENDPOINT only if it is not Amazon's."
        )
    why = f"The bucket lies in the region {refusal.region}, and S3_REGION says {settings.s3_region}."
    return Meaning(why, f"Set S3_REGION={refusal.region}.")


_ELSEWHERE = frozenset(
    {
        "PermanentRedirect", "TemporaryRedirect", "Redirect", "AuthorizationHeaderMalformed",
        "AuthorizationQueryParametersError", "IllegalLocationConstraintException",
    }
)  # fmt: skip
NOT_ENCRYPTED = Meaning(
    "The store does not encrypt with its own keys (AES256) as each photo asks and the server demands.",
    "Turn on SSE-S3 (AES256) for the bucket in S3_BUCKET, and see that no policy demands another kind.",
)
NOT_ALLOWED = Meaning(
    "The server's keys may not do this below consultations/ (AccessDenied).",
    "Give the user or role of AWS_ACCESS_KEY_ID the rights in deploy/s3/iam-policy.json, and the bucket in "
    "S3_BUCKET the policy in deploy/s3/bucket-policy.json.",
)
_EXPIRED = Meaning(
    "The temporary keys have ended, or their token does not belong to them.",
    "Renew AWS_SESSION_TOKEN with its keys, or give the server a role that renews them by itself.",
)
_NOT_ABLE = Meaning(
    "The store does not know something that every photo needs (write-once, SHA-256 or AES256).",
    "Point S3_ENDPOINT at a store that knows If-None-Match, x-amz-checksum-sha256 and encryption.",
)
_BY_CODE = {
    "NoSuchBucket": Meaning(
        "The store has no bucket of this name.",
        "Set S3_BUCKET to the name of the bucket; if it is right, S3_ADDRESSING (virtual or path).",
    ),
    "InvalidBucketName": Meaning("The store takes this for no bucket's name.", "Correct S3_BUCKET."),
    "InvalidAccessKeyId": Meaning(
        "The store does not know the server's access key.",
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE) to keys of this store.",
    ),
    "SignatureDoesNotMatch": Meaning(
        "The secret does not belong to the access key, or something before the store changes the request.",
        "Set AWS_SECRET_ACCESS_KEY to this key's secret; a proxy must pass on Host and headers as they are.",
    ),
    "RequestTimeTooSkewed": Meaning(
        "By the store's clock the signed address has ended or is not valid yet.",
        "Set this server's clock right (NTP): every address is dated by it.",
    ),
    "AccessDenied": NOT_ALLOWED,
    "AllAccessDisabled": NOT_ALLOWED,
    "ExpiredToken": _EXPIRED,
    "InvalidToken": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    **dict.fromkeys(
        ("XMinioStorageFull", "InsufficientStorage", "QuotaExceeded"),
        Meaning("There is no room left in the store.", "Make room in the store behind S3_ENDPOINT."),
    ),
    "NotImplemented": _NOT_ABLE,
    "XNotImplemented": _NOT_ABLE,
}
_CLOSE = "Turn Block Public Access on for the bucket in S3_BUCKET, and take Principal * out of its policy."
PUBLIC = Meaning("Anybody may reach what lies in it.", _CLOSE)
OTHER_OWNER = Meaning(
    "The bucket belongs to another account than S3_EXPECTED_OWNER says.",
    "Set S3_EXPECTED_OWNER to the account that owns the bucket, or S3_BUCKET to your own bucket.",
)


def bucket_findings(facts: BucketFacts, settings: Settings) -> list[Finding]:
    """What the account itself says of the bucket, where the server's keys may ask."""
    found = []
    if facts.other_owner:
        found.append(wrong("store", "the bucket belongs to the right account", *OTHER_OWNER))
    what = "the bucket lies in the region of S3_REGION"
    if facts.region and facts.region != settings.s3_region:
        why = f"It lies in {facts.region}, and S3_REGION says {settings.s3_region}."
        found.append(wrong("store", what, why, f"Set S3_REGION={facts.region}."))
    if facts.public:
        found.append(wrong("store", "the bucket is not public", *PUBLIC))
    return found


def with_causes(found: list[Finding], facts: list[Finding]) -> list[Finding]:
    """A refused photo is reported by its cause, where the account names one."""
    kept = [one for one in found if one.state != "wrong"] if facts else found
    return [*kept, *facts]
