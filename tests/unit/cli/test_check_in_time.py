"""How long `lambent check` takes: a second for one function, three for a hundred, of the process's own time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from examples.footguns.pairs import HERE

FUNCTION = """  F%d:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: f%d
      Handler: lambda_function.handler
      Runtime: python3.12
      Events: {Jobs: {Type: SQS, Properties: {Queue: !GetAtt Q%d.Arn}}}
  Q%d: {Type: AWS::SQS::Queue}
"""


def spent(path: Path) -> float:
    """CPU seconds of the command, which no other work on the machine is part of."""
    command = [sys.executable, "-m", "lambent.cli.main", "check", str(path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 1, "footguns are found"
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize(("many", "most"), [(1, 1.0), (100, 3.0)])
def test_check_is_quick(many: int, most: float, tmp_path: Path) -> None:
    source = (HERE / "pdf_function" / "lambda_function.py").read_text()
    for number in range(many):
        (tmp_path / f"f{number}").mkdir()
        (tmp_path / f"f{number}" / "lambda_function.py").write_text(source)
    resources = "".join(FUNCTION % ((number,) * 4) for number in range(many))
    (tmp_path / "template.yaml").write_text(f"Transform: AWS::Serverless-2016-10-31\nResources:\n{resources}")
    assert spent(tmp_path) < most
