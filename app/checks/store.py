"""The store: whether phones can reach it, and what becomes of a trial photo there."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from app.checks.finding import Finding, wrong
from app.checks.network import UNTRUSTED, open_client, unreachable
from app.checks.store_answers import address_setting
from app.checks.store_place import StoreAccess
from app.checks.store_trial import Trial
from app.config.variables import is_loopback


async def try_store(place: StoreAccess) -> list[Finding]:
    """Every step, in the order of an upload; what cannot be reached is reported once."""
    found = [*_for_phones(place)]
    try:
        opened = open_client(place.transport, place.authorities)
    except OSError as problem:
        why = f"The file cannot be used ({type(problem).__name__})."
        change = "Set AWS_CA_BUNDLE to a PEM file of certificate authorities, or leave it empty."
        return [*found, wrong("store", "the store's certificate can be judged", why, change)]
    async with opened as client:
        trial = Trial(place, client)
        try:
            found += await trial.run()
        except httpx.HTTPError as problem:
            found.append(_away(place, problem))
        finally:
            found += await trial.remove()
    return found


def _for_phones(place: StoreAccess) -> Iterator[Finding]:
    """What the address alone shows."""
    parts, elsewhere = urlsplit(place.signer.origin), [page for page in place.pages if not _own(page)]
    what, name = "phones can reach the store's address", address_setting(place.settings, place.signer.origin)
    if place.transport is not None or not elsewhere:
        return
    if is_loopback(parts.hostname or ""):
        why = f"{place.signer.origin} is this computer's own, and people come through {elsewhere[0]}."
        yield wrong("store", what, why, f"Set {name} to an https address that phones can reach.")
    elif parts.scheme == "http":
        why = "Browsers send nothing from an https page to an http address."
        yield wrong("store", what, why, f"Set {name} to an https address.")


def _own(origin: str) -> bool:
    return is_loopback(urlsplit(origin).hostname or "")


def _away(place: StoreAccess, problem: httpx.HTTPError) -> Finding:
    name = address_setting(place.settings, place.signer.origin)
    what, why = f"the store answers at {place.signer.origin}", unreachable(problem)
    if why.startswith(UNTRUSTED):
        change = "Set AWS_CA_BUNDLE to a file with its certificate authority; phones must trust it as well."
        return wrong("store", what, why, change)
    change = f"Set {name} to the right address, and see that this server may reach it."
    if place.settings.s3_addressing == "virtual" and not name.startswith("S3_REGION"):
        change += " Where only the name with the bucket before it leads nowhere: S3_ADDRESSING=path."
    return wrong("store", what, why, change)
