import re

from .conftest import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def code_blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_ci_runs_the_test_command_of_the_readme():
    _, test_command = code_blocks("sh")[:2]
    assert "-m pytest" in test_command
    script = (PROJECT / ".ci" / "run").read_text().splitlines()
    assert test_command.strip() == script[-1]
