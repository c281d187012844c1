import shlex
from pathlib import Path

import pytest

from keras_recipe.tensorboard import board_command


@pytest.mark.parametrize("log_dir", ["runs/demo", Path("my runs/1"), "a;b'c"])
def test_the_shell_reads_the_folder_back(log_dir):
    assert shlex.split(board_command(log_dir)) == ["tensorboard", "--logdir", str(log_dir)]
