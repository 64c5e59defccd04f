"""Result files: ranges of seeds add up, and nothing that was found or not caught looks clean."""

from pathlib import Path

import msgspec
import pytest

from campaigns.__main__ import main
from campaigns.full import Size, covered, missing
from campaigns.results import CannotMerge, Control, Result, merge, read, read_all, write


def result(begin: int, end: int, **changes: object) -> Result:
    """A clean run over some seeds."""
    clean = Result(
        campaign="kills",
        seeds=[(begin, end)],
        trials=end - begin,
        counts={"kills": end - begin},
        violations={"lost": 0},
        controls=[Control(name="no fsync", trials=2, caught=1)],
        versions={"python": ["3.11"]},
        finished=f"2026-11-22T10:00:{begin:02}+00:00",
    )
    return msgspec.structs.replace(clean, **changes)


def test_ranges_add_up() -> None:
    """Counts, trials and control arms are sums; neighbouring ranges become one."""
    total = merge([result(10, 20), result(0, 10, versions={"python": ["3.12"]})])

    assert total.seeds == [(0, 20)]
    assert (total.trials, total.counts) == (20, {"kills": 20})
    assert total.controls == [Control(name="no fsync", trials=4, caught=2)]
    assert total.versions == {"python": ["3.11", "3.12"]}
    assert total.bound == 3 / 20


def test_the_same_seed_counts_once() -> None:
    """A seed run twice would make the bound look better than it is."""
    with pytest.raises(CannotMerge, match="twice"):
        merge([result(0, 10), result(9, 12)])


def test_different_campaigns_do_not_add_up() -> None:
    """Nor may one hide behind another."""
    with pytest.raises(CannotMerge):
        merge([result(0, 1), result(1, 2, campaign="power")])


@pytest.mark.parametrize(
    "changes",
    [{"violations": {"lost": 1}}, {"controls": [Control(name="no fsync", trials=2, caught=0)]}],
    ids=["a violation", "a control arm that was not caught"],
)
def test_a_run_that_found_something_is_not_clean(
    changes: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report ends with an error, whatever other campaigns found."""
    write(result(0, 10, campaign="power"), tmp_path)
    write(result(10, 20, **changes), tmp_path)

    assert main(["report", "--folder", str(tmp_path)]) == 1
    assert "kills: 10 trials" in capsys.readouterr().out


def test_a_result_comes_back_from_its_file(tmp_path: Path) -> None:
    """Byte for byte what was measured."""
    written = result(3, 9)

    path = write(written, tmp_path)

    assert path.name == "kills-3.json"
    assert read(path) == written
    assert read_all(tmp_path) == [written]


def test_the_report_states_the_bound_and_the_controls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside each zero is its bound."""
    write(result(0, 300), tmp_path)

    assert main(["report", "--folder", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert "fewer than 0.01 per trial" in output
    assert "control no fsync: caught in 1 of 2" in output


def test_a_full_run_goes_on_where_results_end(tmp_path: Path) -> None:
    """No seed is left out and none is run twice, wherever the run before was stopped."""
    write(result(0, 10), tmp_path)
    write(result(25, 40), tmp_path)
    write(result(0, 100, campaign="power"), tmp_path)

    left = list(missing(covered("kills", tmp_path), Size(100, 30, 5)))

    assert left == [range(10, 25), range(40, 60), range(60, 90), range(90, 100)]
    assert list(missing(covered("power", tmp_path), Size(100, 30, 5))) == []
    assert list(missing([], Size(45, 30, 5))) == [range(30), range(30, 45)]
