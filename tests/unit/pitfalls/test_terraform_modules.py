"""Modules of the project's own, and what a call hands to them."""

from pathlib import Path

import pytest

from lambent.pitfalls import checking
from lambent.pitfalls.facts import reading
from lambent.pitfalls.facts.project import Function

MODULE = """variable "name" {}
variable "timeout" { default = 7 }
variable "source_dir" {}
variable "queue" { default = "" }
variable "dead" { default = null }
variable "settings" { default = {} }
data "archive_file" "zip" {
  source_dir = var.source_dir
}
resource "aws_lambda_function" "this" {
  function_name = "${var.name}-fn"
  handler       = "app.handler"
  runtime       = "python3.13"
  filename      = data.archive_file.zip.output_path
  timeout       = var.timeout
  role          = aws_iam_role.this.arn
  dynamic "dead_letter_config" {
    for_each = var.dead == null ? [] : [var.dead]
    content { target_arn = dead_letter_config.value }
  }
}
resource "aws_iam_role" "this" {}
resource "aws_iam_role_policy" "this" {
  role   = aws_iam_role.this.id
  policy = file("${path.module}/policy.json")
}
resource "aws_lambda_event_source_mapping" "this" {
  count            = var.queue == "" ? 0 : 1
  function_name    = aws_lambda_function.this.arn
  event_source_arn = var.queue
}
output "arn" { value = aws_lambda_function.this.arn }
"""
ROOT = """locals { base = "${path.module}/code" }
module "a" {
  source     = "../modules/fn"
  name       = "a"
  timeout    = 60
  source_dir = "${local.base}/a"
  queue      = aws_sqs_queue.jobs.arn
  dead       = aws_sqs_queue.dead.arn
}
module "b" {
  source     = "../modules/fn"
  name       = "b"
  source_dir = "${local.base}/b"
}
resource "aws_sqs_queue" "jobs" {}
resource "aws_sqs_queue" "dead" {}
resource "aws_sns_topic_subscription" "b" {
  protocol  = "lambda"
  topic_arn = "arn:aws:sns:eu-west-1:123456789012:t"
  endpoint  = module.b.arn
}
"""
POLICY = '{"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}'


def written(root: Path, **more: str) -> Path:
    """The project: a root, a module, the code of two functions."""
    files = {"modules/fn/main.tf": MODULE, "modules/fn/policy.json": POLICY, "live/main.tf": ROOT,
             "live/code/a/app.py": "def handler(event, context):\n    print(event)\n",
             "live/code/b/app.py": "def handler(event, context):\n    pass\n", **more}  # fmt: skip
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def functions(root: Path) -> dict[str, Function]:
    """The functions that are read, by the calls' names."""
    return {one.id.partition("@")[2]: one for one in reading.read(root).functions}


def test_each_call_is_a_function_with_what_it_was_handed(tmp_path: Path) -> None:
    found = functions(written(tmp_path))
    assert {name: (one.timeout, one.fact("FunctionName").value) for name, one in found.items()} == {
        "module.a": (60, "a-fn"),
        "module.b": (7, "b-fn"),
    }
    assert {name: one.code.handler_module.path for name, one in found.items()} == {
        "module.a": "live/code/a/app.py",
        "module.b": "live/code/b/app.py",
    }
    drives = {name: [trigger.kind for trigger in one.triggers] for name, one in found.items()}
    assert drives == {"module.a": ["sqs"], "module.b": ["sns"]}
    assert found["module.b"].fact("DeadLetterConfig").absent
    dead = found["module.a"].fact("DeadLetterConfig", "TargetArn").value
    assert found["module.a"].stack.target(dead).id == "aws_sqs_queue.dead"
    assert [str(one.actions[0]) for one in found["module.a"].statements] == ["sqs:*"]


def test_findings_stand_in_the_module(tmp_path: Path) -> None:
    report = checking.check(written(tmp_path), select=["ESM001", "ASY003", "SEC005", "IAM007"])
    assert {(one.code, one.place.path) for one in report.findings} == {
        ("ESM001", "live/main.tf"), ("ASY003", "modules/fn/main.tf"), ("SEC005", "live/code/a/app.py"),
        ("IAM007", "modules/fn/main.tf"),
    }  # fmt: skip
    assert not report.not_read


@pytest.mark.parametrize(
    "call",
    [
        'module "a" { source = "./a" }\n',  # itself
        'module "a" {\n  source = "../b"\n  x = module.a.y\n}\n',
        'locals {\n  a = local.b\n  b = local.a\n}\nmodule "a" {\n  source = "../b"\n  x = local.a\n}\n',
    ],
)
def test_what_goes_round_in_circles_ends(call: str, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a/main.tf").write_text(call + 'resource "aws_lambda_function" "f" { timeout = local.a }\n')
    (tmp_path / "b/main.tf").write_text(
        'variable "x" {}\nmodule "back" { source = "../a" }\noutput "y" { value = var.x }\n'
    )
    reading.read(tmp_path)


def test_a_module_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    report = checking.check(written(tmp_path, **{"modules/fn/bad.tf": 'resource "x" = }'}))
    assert [one.path for one in report.not_read if "bad.tf" in one.because] == ["modules/fn"]


def test_the_root_of_a_project_may_be_called(tmp_path: Path) -> None:
    (tmp_path / "examples/one").mkdir(parents=True)
    (tmp_path / "main.tf").write_text(MODULE)
    (tmp_path / "examples/one/main.tf").write_text(
        'module "f" {\n  source = "../.."\n  name = "f"\n  source_dir = "x"\n}\n'
    )
    assert [one.timeout for one in functions(tmp_path).values()] == [7]
