"""The bugs that must never survive: each a patch in `patches`, and the tests that own it."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "patches"

PLACES = {
    "queue": "tests/js/queue/{}.test.mjs",
    "js": "tests/js/{}.test.mjs",
    "domain": "tests/domain/test_{}.py",
    "repositories": "tests/contract/repositories/test_{}.py",
    "adapters": "tests/adapters/test_{}.py",
    "database": "tests/adapters/database/test_{}.py",
    "reliability": "tests/reliability/test_{}.py",
    "e2e": "e2e/server/test_{}.py",
    "web": "tests/web/test_{}.py",
}


@dataclass(frozen=True)
class Bug:
    """One bug: the name of its patch, its harm to users, and where it must be caught."""

    name: str
    harm: str
    owners: str

    @property
    def tests(self) -> list[str]:
        """Paths of the test files that own it."""
        pairs = (owner.split(":") for owner in self.owners.split())
        return [PLACES[place].format(name) for place, name in pairs]

    @property
    def patch(self) -> Path:
        """The patch that brings the bug back."""
        return FOLDER / f"{self.name}.patch"


BUGS = (
    Bug("01-no-lock", "two replays send at once", "queue:lock"),
    Bug("02-erase-before-send", "a photo is gone before it was sent", "queue:kill"),
    Bug("03-erase-on-any-2xx", "any answer counts as a receipt", "queue:failures queue:uploader"),
    Bug("04-erase-on-412", "a refused PUT counts as a receipt", "queue:replay queue:failures"),
    Bug("05-no-read-back", "a photo counts as saved unseen", "queue:queue"),
    Bug("06-relaxed-durability", "a saved photo does not survive a power cut", "queue:database"),
    Bug("07-silent-age-out", "a photo that waited a week is never sent", "queue:replay"),
    Bug("08-late-consultation", "a photo is filed under the next patient", "js:capture/camera/capturing"),
    Bug("09-presign-for-another-owner", "Ben sends as Anna", "domain:uploads"),
    Bug("10-complete-for-another-owner", "Ben confirms Anna's photo", "domain:uploads"),
    Bug("11-list-of-another-owner", "Ben reads Anna's consultation", "domain:consultations"),
    Bug("12-delete-of-another-owner", "Ben deletes Anna's photo", "domain:uploads"),
    Bug("13-move-of-another-owner", "Ben moves Anna's photo", "domain:uploads repositories:owners"),
    Bug("14-photo-id-not-unique-in-meaning", "one id means two photos", "domain:uploads"),
    Bug("15-hash-not-compared", "other bytes count as the photo", "domain:uploads"),
    Bug("16-overwriting-url", "a replayed URL overwrites a photo", "adapters:s3_signing"),
    Bug("17-length-unsigned", "a URL takes a body of any length", "adapters:s3_signing"),
    Bug("18-hint-before-commit", "a notification for a photo that is not there", "domain:uploads"),
    Bug("19-synchronous-normal", "a stored row does not survive a power cut", "database:sqlite"),
    Bug("20-backoff-without-cap", "a phone waits for hours", "queue:reducer queue:failures"),
    Bug("21-sign-in-counted-as-attempt", "an expired sign-in parks photos", "queue:failures"),
    Bug("22-poison-blocks", "one bad photo holds up all others", "queue:reducer queue:failures queue:replay"),
    Bug("23-sign-out-wipes", "signing out erases photos", "queue:queue"),
    Bug("24-worker-caches-api", "patient data lies in a cache", "js:service_worker/shell"),
    Bug("25-signed-url-logged", "anyone with the log can read photos", "e2e:canaries"),
    Bug("26-store-fault-parks-photo", "photos stay behind after the store is mended", "queue:store-fault"),
    Bug("27-announced-limit-ignored", "a saved photo can never be stored", "js:capture/too-large"),
    Bug("28-dead-worker-ends-service", "one dead process ends the service", "reliability:worker_death"),
    Bug("29-clerk-secret-fails-open", "a wrong key lets ended sessions send", "adapters:clerk_sessions"),
    Bug(
        "30-taken-during-not-marked",
        "the next patient's photo stays with the last",
        "repositories:current_history domain:consultations",
    ),
    Bug("31-choose-without-asking", "picked photos reach the last patient", "js:capture/camera/capturing"),
    Bug("32-stale-frame-saved", "a picture of before is saved as new", "js:capture/camera/frames"),
    Bug("33-platform-call-without-end", "a silent encoder holds up all photos", "js:capture/camera/limits"),
    Bug("34-inspection-unbounded", "one user's checks hold up everybody's", "domain:fairness"),
    Bug("35-sign-out-leaves-token", "a copied token outlives the sign-out", "web:sessions"),
    Bug("36-thumbnail-left-behind", "a deleted photo is still to be seen, small", "domain:thumbnails"),
)
