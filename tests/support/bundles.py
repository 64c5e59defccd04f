"""The pages' scripts, bundled as set-up does it."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def bundle(root: Path) -> None:
    """Make ``pwa/bundles`` of a copy of the program, or of a part of it, again."""
    node = shutil.which("node") or "node"
    subprocess.run([node, ROOT / "tools" / "bundle.mjs", root], cwd=ROOT, check=True)
