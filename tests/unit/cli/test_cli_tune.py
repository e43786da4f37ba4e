"""`lambent tune`: what is asked for, what is refused, and what is said of what was measured."""

import json
from xml.etree import ElementTree

import pytest

from lambent.cli.errors import CliError
from lambent.cli.tune import sizes_of
from lambent.cli.tuning import Found, Tuned, Wanted
from lambent.cli.tuning_pictures import bars, sentence, svg
from lambent.engine.tuning import Run


def tuned(**about) -> Tuned:
    said = Wanted("f", {}, (128, 512, 1024), on_aws=about.pop("on_aws", None), strategy=about.pop("strategy", "speed"))
    runs = {128: [Run(800.0, 800.0)] * 5, 512: [Run(200.0, 200.0)] * 5, 1024: [Run(100.0, 100.0)] * 5}
    return Tuned(said, Found("x86_64", about.pop("cores", 8), runs=runs, **about))


@pytest.mark.parametrize("text", ["", "64", "128,20000", "128;256", "1e3"])
def test_powers_are_sizes_of_functions(text):
    with pytest.raises(CliError, match="MB from 128 to 10,240"):
        sizes_of(text)
    assert sizes_of("1024,128,1024") == (128, 1024)


@pytest.mark.parametrize("said", ["512", "512=0", "999=10", "x=1"])
def test_a_figure_of_aws_is_of_a_power_that_is_measured(cli, said):
    done = cli("tune", "f", "--event", "-", "--powers", "128,512", "--on-aws", said, input="{}", code=2)
    assert "--on-aws" in done.stderr


def test_where_cpu_is_not_throttled_nothing_is_measured(cli, fake):
    share = {"kept": False, "how": "no control groups", "remedy": "run it as root"}
    fake.health["isolation"] = {"level": "namespace", "promises": {"cpu_share": share}}
    done = cli("tune", "f", "--event", "-", input="{}", code=1)
    assert "CPU is not throttled here (no control groups)" in done.stderr and "run it as root" in done.stderr
    assert "CreateFunction" not in fake.names()


def test_the_output_is_the_state_machines_and_ours_beside_it():
    said = tuned(failed={128: "Runtime.OutOfMemory"}).document()
    assert said["results"]["power"] == 1024 and said["results"]["duration"] == 100.0
    assert said["lambent"]["failed"] == {"128": "Runtime.OutOfMemory"} and said["lambent"]["cpuPart"] == 1.0
    json.dumps(said)


def test_what_is_known_of_how_far_it_carries_over_is_said():
    notes = "\n".join(tuned(cores=0, load=3.0, failed={256: "it is slow"}).notes())
    for part in ("256 MB is left out: it is slow", "a load of 3.0", "about 100%", "nothing gets faster", "--on-aws"):
        assert part in notes


def test_a_figure_of_aws_turns_all_durations_into_those_there():
    made = tuned(on_aws=(512, 300.0))
    assert [one.duration for one in made.stats] == [1200.0, 300.0, 150.0]
    assert "1.50 times" in made.notes()[-1]


def test_the_pictures_show_every_power_and_mark_the_best():
    made = tuned()
    lines = list(bars(made.stats, made.best.power))
    assert len(lines) == 4 and lines[3].startswith("→  1024 MB") and "800.0 ms" in lines[1]
    assert sentence(made.best, "speed").startswith("1024 MB is fastest: 100.0 ms")
    picture = svg(made.stats, made.best.power)
    ElementTree.fromstring(picture)
    assert "1,024<" in picture and "style" not in picture
