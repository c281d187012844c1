import shutil

import board_reader
import pytest
from climbing import FASTER, WIDE, ladder

from keras_recipe.core.errors import InputError
from keras_recipe.tensorboard import Writer


def hparams(folder):
    from tensorboard.plugins.hparams import metadata

    for event in board_reader.events(folder):
        for value in event.summary.value:
            if value.tag == metadata.SESSION_START_INFO_TAG:
                data = metadata.parse_session_start_info_plugin_data(
                    value.metadata.plugin_data.content
                )
                return {
                    name: given.bool_value or given.number_value
                    for name, given in data.hparams.items()
                }
    return {}


@pytest.fixture(scope="module")
def climbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    settings = {"journal": folder / "j", "log_dir": folder, "board": Writer, "seeds": (0, 1)}
    return folder, settings, ladder(**settings).climb([FASTER, WIDE])


def test_each_training_is_a_run_with_keras_tags(climbed):
    folder, _, found = climbed
    record = found.rungs[1].records[1]
    run = folder / "ladder" / "01-faster-seed1"
    for name, values in record.curves.items():
        part = "validation" if name.startswith("val_") else "train"
        tag = f"epoch_{name.removeprefix('val_')}"
        there = board_reader.scalars(run / part)[tag]
        assert list(there.values()) == pytest.approx(values, rel=1e-6)
    assert set(board_reader.scalars(run / "train")) == {"epoch_loss", "epoch_accuracy"}


def test_the_hparams_tab_knows_the_moves_and_the_score(climbed):
    folder, _, found = climbed
    for rung, name in zip(found.rungs, ("00-start", "01-faster", "02-wide"), strict=True):
        for record in rung.records:
            run = folder / "ladder" / f"{name}-seed{record.seed}"
            given = hparams(run)
            assert given["seed"] == record.seed
            assert bool(given["faster"]) == ("faster" in record.moves)
            assert bool(given["wide"]) == ("wide" in record.moves)
            score = board_reader.scalars(run)["ladder/score"]
            assert score == {record.steps: pytest.approx(record.score, rel=1e-6)}


def test_what_is_missing_is_written_from_the_journal_and_nothing_twice(climbed):
    folder, settings, _ = climbed
    runs = {p.name: sorted(p.rglob("events*")) for p in (folder / "ladder").iterdir()}
    assert len(runs) == 6
    shutil.rmtree(folder / "ladder" / "00-start-seed1")
    half = folder / "ladder" / ".00-start-seed1"  # as if killed while writing
    half.mkdir()
    (half / "torn").write_text("")
    ladder(**settings).climb([FASTER, WIDE])
    now = {p.name: sorted(p.rglob("*events*")) for p in (folder / "ladder").iterdir()}
    assert set(now) == set(runs)
    assert len(now["00-start-seed1"]) == 3
    assert {k: v for k, v in now.items() if k != "00-start-seed1"} == {
        k: v for k, v in runs.items() if k != "00-start-seed1"
    }


def test_a_folder_that_cannot_be_written_to_is_refused_before_any_training(tmp_path):
    (tmp_path / "file").write_text("")
    given = ladder(log_dir=tmp_path / "file" / "logs", board=Writer, journal=tmp_path / "j")
    with pytest.raises(InputError, match="choose another log_dir"):
        given.climb([FASTER])
    assert not (tmp_path / "j").exists()
