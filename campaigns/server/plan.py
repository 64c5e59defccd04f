"""What one start of the program under test is to go through, handed from a campaign to the process."""

from pathlib import Path

import msgspec

from campaigns.checker.disk import Disk
from campaigns.powerloss.shim import Fault


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One start. ``barrier`` names the point at which the process kills itself, the ``nth`` time it is there.

    ``clock_s`` is how far its clock is ahead; ``faulty_build`` names a build with a known fault; ``trace`` is
    the file that logs every change of the disk.
    """

    folder: str
    port: int
    output: str
    barrier: str = ""
    nth: int = 1
    fault: Fault | None = None
    fault_at_start: bool = False
    clock_s: int = 0
    faulty_build: str = ""
    trace: str = ""
    sweep_seconds: int = 1

    def environment(self) -> dict[str, str]:
        """The program's settings."""
        disk = Disk(Path(self.folder))
        return {
            "DATA_DIR": str(disk.data),
            "KEY_DIR": str(disk.keys),
            "PORT": str(self.port),
            "SWEEP_SECONDS": str(self.sweep_seconds),
        }
