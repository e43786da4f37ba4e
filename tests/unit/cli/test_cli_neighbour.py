"""`lambent neighbour`: what moto holds, and what it lost."""

import json


def test_what_moto_holds_is_shown(cli, fake):
    assert cli("neighbour").stdout == "moto is ready, and holds: s3\n"
    assert json.loads(cli("neighbour", "--json").stdout) == fake.neighbour


def test_what_it_lost_is_shown_and_forgotten(cli, fake):
    fake.neighbour |= {"held": [], "lost": {"sns": "it was killed"}}
    shown = cli("neighbour")
    assert shown.stdout == "moto is ready, and holds: nothing\nlost: sns, because it was killed\n"
    assert "`lambent neighbour acknowledge`" in shown.stderr
    assert cli("neighbour", "acknowledge").stderr == "forgotten: sns\n"
    assert cli("neighbour", "acknowledge").stderr == "nothing was lost\n"
    assert json.loads(cli("neighbour", "acknowledge", "--json").stdout) == {"acknowledged": []}
