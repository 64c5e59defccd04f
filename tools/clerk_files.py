"""Clerk's browser files, from one pinned package whose bytes must have the digest that stands here.

``npm pack`` brings the package alone: installing it would bring hundreds that no page of ours loads.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tarfile
from pathlib import Path

PACKAGE = "@clerk/clerk-js@6.40.0"
TARBALL = "clerk-clerk-js-6.40.0.tgz"
SHA512 = "2MnZ/ygvuCmeuqfXQmsxfQaLN/SSJvQbtT2cLXbgr5VKr3KmZFZBVvX977fG3eZ6pprl4J9pO+I2bbe6BvColg=="
MAIN = "clerk.browser.js"
# The script and the parts that it loads by itself. Wallets, payments and password meters belong to forms
# that these pages do not have.
WANTED = re.compile(
    r"package/dist/(clerk\.browser\.js"
    r"|(?!base-account-sdk|coinbase|stripe|zxcvbn)[\w-]+_clerk\.browser_[0-9a-f]{6}_[\d.]+\.js)"
)


class WrongPackage(Exception):
    """What was brought is not what was pinned."""


def unpack(tarball: Path, folder: Path, sha512: str = SHA512) -> list[str]:
    """Take the files from the package; nothing is written unless every byte of it is as pinned."""
    found = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if found != sha512:
        raise WrongPackage(f"{tarball.name} is not the package that was pinned. Remove it and start again.")
    files = _wanted(tarball)
    if MAIN not in files:
        raise WrongPackage(f"{tarball.name} holds no {MAIN}.")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*clerk.browser*.js"):
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return sorted(files)


def _wanted(tarball: Path) -> dict[str, bytes]:
    files = {}
    with tarfile.open(tarball) as package:
        for member in package:
            wanted = WANTED.fullmatch(member.name)
            content = package.extractfile(member) if wanted and member.isreg() else None
            if wanted and content is not None:
                files[wanted[1]] = content.read()
    return files
