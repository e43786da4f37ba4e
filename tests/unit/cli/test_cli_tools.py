"""Which tools are there, and how each is led here."""

import pytest

from lambent.cli import tools

HERE = "http://127.0.0.1:4566"
LED = {"AWS_ENDPOINT_URL": HERE, "AWS_REGION": "eu-west-1"}


@pytest.mark.parametrize(
    ("program", "said", "version", "led"),
    [
        ("aws", "aws-cli/1.46.3 Python/3.13 Linux", "1.46.3", "by AWS_ENDPOINT_URL; `aws sqs`"),
        ("aws", "aws-cli/2.31.0 Python/3.13", "2.31.0", "by AWS_ENDPOINT_URL"),
        ("aws", "aws-cli/1.20.0", "1.20.0", "by --endpoint-url"),
        ("aws", "aws-cli/2.9.1", "2.9.1", "by --endpoint-url"),
        ("cdk", "2.1033.0 (build 1)", "2.1033.0", "by AWS_ENDPOINT_URL; or `cdk synth`"),
        ("cdk", "2.100.0 (build 1)", "2.100.0", "not by itself"),
        ("sls", "Framework Core: 3.40.0", "3.40.0", "by AWS_ENDPOINT_URL with the plugin"),
        ("terraform", "Terraform v1.9.0", "1.9.0", "by AWS_ENDPOINT_URL (provider"),
        ("pulumi", "", "?", "it says no version"),
    ],
)
def test_a_tool_is_seen_with_its_way_here(program: str, said: str, version: str, led: str) -> None:
    paths = {program: f"/bin/{program}"}
    [one] = tools.seen(paths.get, lambda path: said if path == f"/bin/{program}" else "")
    assert (one.program, one.version) == (f"/bin/{program}", version)
    assert one.led.startswith(led)


def test_a_program_that_is_broken_says_nothing() -> None:
    assert tools.version_of("/nonexistent/tool") == ""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"AWS_ENDPOINT_URL": "http://other"}, "AWS_ENDPOINT_URL is http://other"),
        ({"AWS_ENDPOINT_URL_S3": "http://minio:9000"}, "AWS_ENDPOINT_URL_S3 leads one service"),
        ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "pass over"),
        ({"AWS_PROFILE": "prod"}, "AWS_PROFILE is prod"),
        ({"AWS_REGION": ""}, "no region"),
    ],
)
def test_what_leads_tools_astray_is_told(more: dict[str, str], said: str) -> None:
    assert tools.astray(LED, HERE) == []
    [line] = tools.astray({**LED, **more}, HERE)
    assert said in line


def test_the_check_fails_when_this_shell_leads_elsewhere(cli, fake, monkeypatch) -> None:
    monkeypatch.setattr(tools, "seen", lambda: [tools.Seen("AWS CLI", "2.31.0", "/bin/aws", "by AWS_ENDPOINT_URL")])
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", fake.endpoint)
    result = cli("env", "--check")
    assert "AWS CLI" in result.stdout and result.exit_code == 0
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")
    assert cli("--endpoint", fake.endpoint, "env", "--check", code=1).exit_code == 1
