import inspect
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import keras
import pytest
from factories import PLAIN
from typer.testing import CliRunner

from keras_recipe import __version__, cli, config, devices, examine, startup
from keras_recipe.core import runner
from keras_recipe.core.check import Check
from keras_recipe.core.errors import ConfigError
from keras_recipe.core.report import Report
from keras_recipe.core.result import Cost, Result, Status, passed

BACKEND = keras.config.backend()
FACTORY = f"""{PLAIN}
def needy(data): ...
def broken(): return 1 / 0
def nothing(): ...
"""
LINE_OF_BROKEN = FACTORY[: FACTORY.index("def broken")].count("\n") + 1
USERS_WORDS, PROGRESS = "the user's own words", "progress of somebody else"


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A current folder with train.py; environment, path and modules are put back."""
    (tmp_path / "train.py").write_text(FACTORY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    environment, modules = dict(os.environ), set(sys.modules)
    os.environ["KERAS_BACKEND"] = BACKEND
    os.environ.pop("KERAS_RECIPE_DEBUG", None)
    yield tmp_path
    os.environ.clear()
    os.environ.update(environment)
    sys.modules.pop("train", None)
    assert "train" not in modules


def run(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def sentence(result, code=2):
    """Return the one line on standard error of a run that was refused."""
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    told = ("Backend ", USERS_WORDS, PROGRESS)
    lines = [line for line in result.stderr.splitlines() if not line.startswith(told)]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("keras-recipe: ")
    assert "Traceback" not in result.stderr
    return lines[0]


def row(status, code="KR204", message="first loss is 2.3 nats, as chance predicts"):
    return Result(status=status, message=message).stamped(
        code=code, name="loss-at-init", cost="forward"
    )


@pytest.fixture
def examined(monkeypatch):
    """Stand in for the examination: what it was given, and a report of these statuses."""
    calls, rows = [], [row(Status.PASS)]

    def check(
        model, x=None, y=None, *, select=None, ignore=None, budget=60.0, seed=0, epochs=1
    ):
        sys.stdout.write(f"{PROGRESS}\n")
        calls.append({k: v for k, v in locals().items() if k not in ("calls", "rows")})
        return Report(rows, {"backend": BACKEND})

    monkeypatch.setattr(examine, "check", check)
    check.calls, check.rows = calls, rows
    return check


def plays(monkeypatch, run):
    """Stand in for the demo."""
    monkeypatch.setitem(sys.modules, "keras_recipe.demo", SimpleNamespace(run=run))


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([], 0),
        ([Status.PASS, Status.SKIP], 0),
        ([Status.WARN, Status.ERROR], 0),
        ([Status.PASS, Status.FAIL], 1),
    ],
)
def test_the_exit_code_is_one_only_when_a_check_fails(examined, statuses, code):
    examined.rows[:] = [row(status, f"KR20{n}") for n, status in enumerate(statuses)]
    result = run("check", "train:factory")
    assert result.exit_code == code, result.output
    for finding in examined.rows:
        assert finding.code in result.stdout


def test_a_waived_fail_is_no_fail(examined):
    examined.rows[:] = [row(Status.FAIL).stamped(waiver="known and wanted")]
    assert run("check", "train:factory").exit_code == 0


def test_a_check_that_is_interrupted_ends_with_130_and_what_is_done(monkeypatch):
    def stop():
        raise KeyboardInterrupt

    def checks():
        for code, function in (("KR201", lambda: passed("all is well")), ("KR202", stop)):
            yield Check(function, code, Cost.STATIC, (), (), {}, {"summary": ""})

    monkeypatch.setattr(examine, "check", lambda model, x, y: runner.run([*checks()], None))
    result = run("check", "train:factory")
    assert result.exit_code == 130
    assert "all is well" in result.stdout
    assert "interrupted" in result.stdout


def test_a_demo_that_is_interrupted_among_its_checks_does_not_train(monkeypatch, tmp_path):
    report = runner.run([], None)
    report.results.append(row(Status.SKIP, message="not done: interrupted"))
    monkeypatch.setattr("keras_recipe.model.RecipeModel.check", lambda *_, **__: report)
    result = run("demo", "--quick", "--log-dir", str(tmp_path))
    assert result.exit_code == 130
    assert "Training" not in result.stdout


def test_ctrl_c_elsewhere_ends_with_130_and_no_traceback(monkeypatch):
    def stop(**_):
        raise KeyboardInterrupt

    plays(monkeypatch, stop)
    result = run("demo")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "keras-recipe: interrupted"


def test_what_is_given_reaches_the_examination(examined):
    given = ("--select", "KR2", "--select", "KR101,KR102", "--ignore", "KR205")
    run("check", "train:factory", *given, "--budget", "5.5", "--seed", "3")
    (call,) = examined.calls
    assert call["select"] == ["KR2", "KR101", "KR102"]
    assert call["ignore"] == ["KR205"]
    assert (call["budget"], call["seed"]) == (5.5, 3)
    assert isinstance(call["model"], keras.Model)
    assert (len(call["x"]), len(call["y"])) == (64, 64)


def test_what_the_factory_says_holds_unless_the_command_line_says_more(examined, project):
    made = {"model": 1, "x": 2, "seed": 7, "budget": 8.0, "epochs": 9}
    text = f"def factory():\n    return {made}\n"
    (project / "settings_of_mine.py").write_text(text, encoding="utf-8")
    assert run("check", "settings_of_mine.py:factory", "--seed", "3").exit_code == 0
    (call,) = examined.calls
    assert (call["seed"], call["budget"], call["epochs"]) == (3, 8.0, 9)


def test_json_on_standard_output_is_nothing_but_the_report(examined):
    result = run("check", "train:factory", "--format", "json")
    assert Report.from_json(result.stdout) == Report(examined.rows, {"backend": BACKEND})
    assert USERS_WORDS in result.stderr
    assert PROGRESS in result.stderr


def test_the_choice_is_told_with_its_reason(examined):
    result = run("check", "train:factory", "--accelerator", "cpu")
    expected = config.choose(accelerator="cpu").reason
    assert expected in result.stderr.splitlines()
    assert "accelerator cpu (--accelerator)" in expected


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("report.json", lambda text: Report.from_json(text).results[0].code == "KR204"),
        ("report.html", lambda text: "<html" in text),
        ("deep/down/report.xml", lambda text: ElementTree.fromstring(text).tag),
        ("report.txt", lambda text: "KR204" in text),
    ],
)
def test_output_writes_the_file_and_still_shows_the_report(examined, project, name, reads):
    result = run("check", "train:factory", "--output", name)
    assert result.exit_code == 0, result.output
    assert reads((project / name).read_text(encoding="utf-8"))
    assert "KR204" in result.stdout
    assert f"Wrote {project / name}" in result.stderr


def test_format_decides_over_the_suffix_of_output(examined, project):
    run("check", "train:factory", "--output", "report.dat", "--format", "json")
    text = (project / "report.dat").read_text(encoding="utf-8")
    assert Report.from_json(text).counts["pass"] == 1


@pytest.mark.parametrize(
    ("words", "telling"),
    [
        (("check", "train"), "must read module:factory"),
        (("check", "trian:factory"), "no module 'trian'"),
        (("check", "trian.py:factory"), "no file 'trian.py'"),
        (("check", "train:factry"), "did you mean 'factory'"),
        (("check", "train:needy"), "without arguments"),
        (("check", "train:broken"), f"train.py:{LINE_OF_BROKEN}"),
        (("check", "train:nothing"), "Received: a NoneType"),
        (("check", "train:factory", "--format", "jsn"), "did you mean 'json'"),
        (("check", "train:factory", "--output", "report.doc"), "'report.doc'"),
        (("check", "train:broken", "--output", "train.py/report.html"), "is a file"),
        (("check", "train:broken", "--select", "KR999"), "Unknown check 'KR999'"),
        (("check", "train:broken", "--ignore", "KX"), "Unknown check 'KX'"),
        (("check", "train:factory", "--backend", "jaxx"), "did you mean 'jax'"),
        (("--backend", "jaxx", "check", "train:factory"), "did you mean 'jax'"),
        (("check", "train:factory", "--accelerator", "cuda"), "did you mean 'gpu'"),
        (("check", "train:factory", "--devices", "0"), "must be 1 or more"),
        (("demo", "--dataset", "digitz"), "did you mean 'digits'"),
        (("explain", "KR999"), "Unknown check 'KR999'"),
        (("explain", "KR209", "--format", "html"), "Unknown format 'html'"),
        (("list", "--format", "xml"), "Unknown format 'xml'"),
        (("doctor", "--format", "xml"), "Unknown format 'xml'"),
        (("report", "missing.json"), "No such file"),
        (("report", "."), "Is a directory"),
        (("report", "train.py"), "not valid JSON"),
        (("board", "no/such/folder"), "no log folder 'no/such/folder'"),
        (("board", "train.py"), "no log folder"),
    ],
)
def test_misuse_is_one_sentence_and_code_2(examined, words, telling):
    assert telling in sentence(run(*words))


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("bogus",),
        ("check",),
        ("check", "train:factory", "--seed", "x"),
        ("check", "train:factory", "--budget", "-1"),
        ("check", "train:factory", "--devices", "two"),
        ("check", "train:factory", "--bogus"),
        ("board", ".", "--port", "70000"),
    ],
)
def test_usage_errors_are_code_2(words):
    assert run(*words).exit_code == 2


def test_the_version_is_told_without_a_command():
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"keras-recipe {__version__}\n")


def test_debug_shows_the_whole_traceback():
    os.environ["KERAS_RECIPE_DEBUG"] = "1"
    result = run("check", "train:broken")
    assert result.exit_code not in (0, 2)
    assert isinstance(result.exception.__cause__, ZeroDivisionError)


def test_another_backend_than_the_running_one_comes_too_late(examined):
    other = "torch" if BACKEND != "torch" else "jax"
    said = sentence(run("check", "train:factory", "--backend", other))
    assert f"already imported with backend '{BACKEND}'" in said or "is not installed" in said
    assert os.environ["KERAS_BACKEND"] == BACKEND


@pytest.mark.parametrize("command", [("check", "train:factory"), ("demo",), ("list",)])
def test_an_accelerator_that_is_not_there_stops_every_command(monkeypatch, command):
    def verify(choice):
        msg = f"No {choice.accelerator} here."
        raise ConfigError(msg)

    monkeypatch.setattr(startup, "verify", verify)
    said = sentence(run(*command, "--accelerator", "gpu"))
    assert said == "keras-recipe: No gpu here."


def test_options_stand_before_or_after_the_command_and_the_later_wins(monkeypatch, examined):
    seen = []

    def choose(*asked):
        seen.append(asked)
        return config.Choice(
            backend=BACKEND,
            accelerator="auto",
            devices=1,
            sources=dict.fromkeys(config.NAMES, "here"),
            environment={},
        )

    monkeypatch.setattr(config, "choose", choose)
    before = ("--backend", "a", "--accelerator", "b", "--devices", "3")
    after = ("--backend", "x", "--accelerator", "y", "--devices", "4")
    for command in (("check", "train:factory"), ("list",), ("explain", "KR209"), ("doctor",)):
        for words in (
            (*before, *command),
            (*command, *before),
            (*before, *command, *after),
            (*before, *command, "--accelerator", "y"),
        ):
            assert run(*words).exit_code == 0
        assert seen == [("a", "b", 3), ("a", "b", 3), ("x", "y", 4), ("a", "y", 3)]
        seen.clear()


def test_several_devices_are_distributed_over_before_the_model_is_made(monkeypatch, examined):
    made = []
    monkeypatch.setattr(config, "choose", lambda *_: CHOICE_OF_TWO)
    monkeypatch.setattr(startup, "start", lambda choice: ["cpu:0", "cpu:1"])
    monkeypatch.setattr(devices, "distribute", made.append)
    assert run("check", "train:factory").exit_code == 0
    assert made == [2]


CHOICE_OF_TWO = config.Choice(
    backend=BACKEND,
    accelerator="auto",
    devices=2,
    sources=dict.fromkeys(config.NAMES, "here"),
    environment={},
)


def test_demo_passes_its_options_on_and_its_verdict_back(monkeypatch):
    seen = []

    def play(**options):
        seen.append(options)
        options["say"]("hello")
        return Report([row(Status.FAIL if options["broken"] else Status.PASS)])

    plays(monkeypatch, play)
    whole = run("demo")
    assert (whole.exit_code, whole.stdout) == (0, "hello\n")
    assert run("demo", "--broken", "--no-fix", "--log-dir", "there").exit_code == 1
    assert run("demo", "--quick", "--dataset", "mine", "--budget", "30").exit_code == 0
    shown = [{k: str(v) for k, v in o.items() if k != "say"} for o in seen]
    plainly = {
        "broken": "False", "fix": "True", "quick": "False", "budget": "None",
        "log_dir": "runs/demo", "dataset": "digits",
    }  # fmt: skip
    assert shown == [
        plainly,
        {**plainly, "broken": "True", "fix": "False", "log_dir": "there"},
        {**plainly, "quick": "True", "dataset": "mine", "budget": "30.0"},
    ]
    from keras_recipe import demo

    inspect.signature(demo.run).bind(**seen[0])


def test_explain_shows_the_page_and_json_the_same(examined):
    text = run("explain", "kr209").stdout
    data = json.loads(run("explain", "KR209", "--format", "json").stdout)
    assert data["code"] == "KR209"
    for title in ("Why", "Fix", "Tune", "Source"):
        assert title in text
        assert data["page"][title].split()[0] in text


def test_list_names_every_check():
    rows = json.loads(run("list", "--format", "json").stdout)
    text = run("list").stdout
    assert len(rows) > 5
    assert all(found["code"] in text for found in rows)


def test_doctor_says_what_it_saw_and_whether_it_is_usable(monkeypatch):
    healthy = run("doctor", "--format", "json")
    rows = {found["name"]: found for found in json.loads(healthy.stdout)}
    assert (healthy.exit_code, rows["backend"]["ok"]) == (0, True)
    assert f"Backend {BACKEND}" in " ".join(run("doctor").stdout.split())
    monkeypatch.setattr(config, "installed", lambda _: False)
    sick = run("doctor", "--log-dir", "train.py")
    assert sick.exit_code == 2
    assert "pip install" in " ".join(sick.stdout.split())


@pytest.mark.parametrize("status", [Status.PASS, Status.FAIL])
@pytest.mark.parametrize("form", ["console", "json", "junit", "html", "github"])
def test_a_saved_report_is_shown_again_in_any_format(project, form, status):
    saved = Report([row(status)], {"backend": BACKEND})
    (project / "saved.json").write_text(saved.to_json(), encoding="utf-8")
    result = run("report", "saved.json", "--format", form)
    assert result.exit_code == (status is Status.FAIL)
    assert "KR204" in result.stdout or status is Status.PASS
    if form == "json":
        assert Report.from_json(result.stdout) == saved


def test_a_saved_report_is_written_to_a_file(project):
    (project / "saved.json").write_text(Report([row(Status.PASS)]).to_json(), encoding="utf-8")
    assert run("report", "saved.json", "--output", "again.html").exit_code == 0
    assert "KR204" in (project / "again.html").read_text(encoding="utf-8")


def test_board_becomes_tensorboard_on_this_computer_only(project, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "execv", lambda *words: seen.append(words))
    run("board", project, "--port", "7007")
    ((program, words),) = seen
    assert program == words[0] == sys.executable
    assert words[1:] == [
        *("-m", "tensorboard.main", "--logdir", str(project)),
        *("--host", "127.0.0.1", "--port", "7007"),
    ]


def process(*words, **settings):
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(cli.__file__).parents[1]),
        **settings.pop("environment", {}),
    }
    command = [sys.executable, *words]
    return subprocess.Popen(
        command, env=environment, stdout=-1, stderr=-1, text=True, **settings
    )


def test_help_imports_no_keras():
    script = (
        "import sys\nfrom keras_recipe import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'keras', 'numpy', 'jax', 'torch', 'tensorflow', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    out, err = process("-c", script).communicate()
    assert out.splitlines()[-1] == "[]", err


def test_a_whole_run_as_a_user_types_it_on_a_fresh_backend(project):
    words = ("--backend", BACKEND, "check", "train.py:factory", "--select", "KR22")
    running = process("-m", "keras_recipe", *words, "--format", "json", "--accelerator", "cpu")
    out, err = running.communicate()
    assert running.returncode in (0, 1), err
    assert "Traceback" not in err
    found = Report.from_json(out)
    assert {r.code[:4] for r in found.results} == {"KR22"}
    assert found.counts["error"] == 0
    assert running.returncode == (not found.ok)


def test_ctrl_c_during_a_check_shows_what_is_done(project):
    waiting = (
        "import pathlib, time\n"
        "from train import factory as ready\n"
        "def factory():\n"
        "    pathlib.Path('reached').touch()\n"
        "    time.sleep(60)\n"
        "    return ready()\n"
    )
    (project / "slow.py").write_text(waiting, encoding="utf-8")
    running = process("-m", "keras_recipe", "check", "slow.py:factory", cwd=project)
    while not (project / "reached").exists() and running.poll() is None:
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    try:
        _, err = running.communicate(timeout=60)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 130, err
    assert err.splitlines()[-1] == "keras-recipe: interrupted"
    assert "Traceback" not in err
