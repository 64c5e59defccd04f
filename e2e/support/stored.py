"""What is kept where: records on the phone, bytes in the store."""

from typing import Any

from playwright.sync_api import Page

from e2e.support.clinic import Clinic
from e2e.support.verbs import api, expect_stored_once

DATABASE = "clinicpro-capture"


def on_the_phone(phone: Page) -> list[Any]:
    """The phone's photo records in the order of their shutters, read without the page's own code."""
    records: list[Any] = read_all(phone, "photos")
    return sorted(records, key=lambda record: record["seq"])


def read_all(phone: Page, store: str) -> Any:
    """Every value of one store of the phone's database."""
    return phone.evaluate(
        """([name, store]) => new Promise((resolve, reject) => {
             const opening = indexedDB.open(name);
             opening.onerror = () => reject(opening.error);
             opening.onsuccess = () => {
               const database = opening.result;
               const request = database.transaction(store).objectStore(store).getAll();
               request.onsuccess = () => { database.close(); resolve(request.result); };
               request.onerror = () => { database.close(); reject(request.error); };
             };
           })""",
        [DATABASE, store],
    )


def bodies(desktop: Page, clinic: Clinic, count: int) -> dict[str, bytes]:
    """The bytes of every stored photo by its id, fetched as the desktop fetches them."""
    rows = expect_stored_once(desktop, clinic, count)
    fetched = {}
    for consultation in {row["filed_in"] for row in rows}:
        for photo in api(desktop, f"/api/consultations/{consultation}/photos")["photos"]:
            fetched[photo["id"]] = desktop.request.get(photo["url"]).body()
    return fetched


def thumbnails(desktop: Page) -> dict[str, bytes]:
    """The bytes of every thumbnail of the signed-in user by its photo's id."""
    fetched = {}
    for consultation in api(desktop, "/api/consultations")["consultations"]:
        for photo in api(desktop, f"/api/consultations/{consultation['id']}/photos")["photos"]:
            if photo["thumbnailUrl"]:
                fetched[photo["id"]] = desktop.request.get(photo["thumbnailUrl"]).body()
    return fetched


def age_the_photos(phone: Page, age_ms: int) -> None:
    """Let every photo on the phone have been taken this much earlier."""
    phone.evaluate(
        """([name, age]) => new Promise((resolve, reject) => {
             const opening = indexedDB.open(name);
             opening.onerror = () => reject(opening.error);
             opening.onsuccess = () => {
               const database = opening.result;
               const writing = database.transaction("photos", "readwrite");
               writing.objectStore("photos").openCursor().onsuccess = ({target: {result: at}}) => {
                 if (!at) return;
                 const capturedAt = new Date(Date.parse(at.value.capturedAt) - age).toISOString();
                 at.update({...at.value, capturedAt});
                 at.continue();
               };
               writing.oncomplete = () => { database.close(); resolve(); };
               writing.onabort = () => { database.close(); reject(writing.error); };
             };
           })""",
        [DATABASE, age_ms],
    )


def age_the_confirmation(phone: Page, minutes: int) -> None:
    """Set back, on the phone, the time at which the server last confirmed its consultation."""
    phone.evaluate(
        """([name, age]) => new Promise((resolve, reject) => {
             const opening = indexedDB.open(name);
             opening.onerror = () => reject(opening.error);
             opening.onsuccess = () => {
               const database = opening.result;
               const writing = database.transaction("meta", "readwrite");
               const meta = writing.objectStore("meta");
               meta.get("consultation").onsuccess = ({target}) => {
                 target.result.known.confirmedAt -= age;
                 meta.put(target.result, "consultation");
               };
               writing.oncomplete = () => { database.close(); resolve(); };
               writing.onabort = () => { database.close(); reject(writing.error); };
             };
           })""",
        [DATABASE, minutes * 60_000],
    )
