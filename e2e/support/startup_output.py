"""What the program prints when it serves, read back."""

import segno

from e2e.support.clinic import Clinic

# The terminal's code stands light on dark; one line of text carries two rows of modules, 1 is dark.
HALVES = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
Rows = list[tuple[int, ...]]


def lines(clinic: Clinic) -> list[str]:
    """Every line that the program has printed."""
    return [line.rstrip("\n") for line in clinic.log]


def printed_code(clinic: Clinic, height: int) -> Rows:
    """The first ``height`` rows of the QR in the terminal; the last line of text may hold one more."""
    rows: Rows = []
    for line in lines(clinic):
        if line and set(line) <= set(HALVES):
            halves = [HALVES[sign] for sign in line]
            rows += [tuple(top for top, _ in halves), tuple(bottom for _, bottom in halves)]
    return rows[:height]


def code_of(text: str) -> Rows:
    """The QR of a text with its quiet zone."""
    code = segno.make(text, error="m", micro=False)
    return [tuple(int(module) for module in row) for row in code.matrix_iter(border=4)]
