"""Which Debian packages an engine needs here, and which of them are missing."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from campaigns.engines.browser import Browser
from campaigns.engines.firefox import PROGRAM, Firefox
from campaigns.engines.webkit import PYTHON, WebKit


class Engine(msgspec.Struct, frozen=True):
    """An engine: its name, how to start it, and each Debian package with a check whether it is there."""

    name: str
    launch: Callable[[], Browser]
    packages: dict[str, Callable[[], bool]]

    def missing(self) -> list[str]:
        """Packages that are not here."""
        return [package for package, here in self.packages.items() if not here()]


def program(name: str) -> Callable[[], bool]:
    """Whether a program is on the path."""
    return lambda: shutil.which(name) is not None


def bindings(namespace: str, version: str) -> Callable[[], bool]:
    """Whether the system's Python has a library's bindings."""
    look = f"import gi; gi.require_version({namespace!r}, {version!r})" if namespace else "import gi"

    def here() -> bool:
        if not Path(PYTHON).exists():
            return False
        return subprocess.run([PYTHON, "-c", look], capture_output=True, check=False).returncode == 0

    return here


def plugin(name: str) -> Callable[[], bool]:
    """Whether GStreamer has a plugin."""
    return lambda: any(Path("/usr/lib").glob(f"*/gstreamer-1.0/libgst{name}.so"))


ENGINES = (
    Engine("firefox", Firefox, {"firefox-esr": program(PROGRAM)}),
    Engine(
        "webkitgtk",
        WebKit,
        {
            "python3-gi": bindings("", ""),
            "gir1.2-webkit2-4.1": bindings("WebKit2", "4.1"),
            "xvfb": program("Xvfb"),
            "gstreamer1.0-plugins-base": plugin("app"),
            "gstreamer1.0-plugins-good": plugin("autodetect"),
            "gstreamer1.0-plugins-bad": plugin("videoparsersbad"),
        },
    ),
)


def how_to_get(engine: Engine, missing: list[str]) -> str:
    """What to say where an engine is not here."""
    return (
        f"{engine.name} was not run: of Debian's packages {', '.join(missing)} "
        f"{'is' if len(missing) == 1 else 'are'} missing. "
        f"apt-get install --no-install-recommends {' '.join(engine.packages)}"
    )
