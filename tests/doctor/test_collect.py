import dataclasses
import json

import hypothesis
import hypothesis.strategies as strategies
import pytest

from gluon_style.doctor.__main__ import main
from gluon_style.doctor.collect import collect
from gluon_style.doctor.findings import Finding

STAGES = [{"seconds": 1380}, {"seconds": 15600}]
FINE = (
    Finding("Python", True, "3.11.7, /usr/bin/python", needed=True),
    Finding("MXNet", True, "1.9.1 for CPUs (mxnet)", needed=True),
    Finding("Processor", True, "a processor", data={"cores": 2}),
    Finding("Memory", True, "8 GB", data={"total": 8.2e9}),
    Finding("Weights", True, "keras", data={"sources": ["keras", "small"]}),
    Finding("float32", True, "", data={"stages": [{"seconds": 4000}, {"seconds": 40000}]}),
    Finding("bfloat16", True, "", data={"stages": STAGES}),
)
NUMPY = Finding("NumPy", False, "NumPy is not installed", ("pip install numpy",), True)
LARGE = Finding("  stage 2", False, "1200x800: too much", ("choose a smaller one",))


def report(path, *findings, encoding="utf-8"):
    """Write what `--json` would."""
    ready = all(each.ok for each in findings if each.needed)
    text = {"ready": ready, "findings": [dataclasses.asdict(each) for each in findings]}
    path.write_text(json.dumps(text), encoding)
    return path


def test_many_machines_in_one_table(tmp_path, capsys):
    paths = [
        report(tmp_path / "anna.json", *FINE),
        report(tmp_path / "ben.json", FINE[0], NUMPY),
        report(tmp_path / "王伟.json", *FINE, LARGE, encoding="utf-16"),  # PowerShell's
        report(tmp_path / "dora.json", NUMPY),
        tmp_path / "emil.json",
        tmp_path / "fay.json",
    ]
    paths[4].write_text("{")
    with pytest.raises(SystemExit) as end:
        main(["--collect", *map(str, paths)])
    assert end.value.code == 1
    yes, no, o, then = "\N{CHECK MARK} \N{BALLOT X} \N{EN DASH} \N{RIGHTWARDS ARROW}".split()
    assert (
        capsys.readouterr().out
        == f"""\
   machine  Python  MXNet  cores  memory  weights  stage 1  stage 2     not right
{yes}  anna     3.11.7  1.9.1  2      8.2 GB  keras    23 min   4 h 20 min
{no}  ben      3.11.7  {o}      {o}      {o}       {o}        {o}        {o}           NumPy
{yes}  王伟     3.11.7  1.9.1  2      8.2 GB  keras    23 min   4 h 20 min  stage 2
{no}  dora     {o}       {o}      {o}      {o}       {o}        {o}        {o}           NumPy
{no}  emil     {tmp_path}/emil.json: not what the doctor's --json prints (it is damaged)
{no}  fay      {tmp_path}/fay.json: not what the doctor's --json prints (No such file or directory)
 {no} NumPy      NumPy is not installed [ben, dora]
              {then} pip install numpy
 {no} stage 2    1200x800: too much [王伟]
              {then} choose a smaller one
Style transfer works on 2 of 6 machines.
"""
    )


def test_all_is_well(tmp_path, capsys):
    assert collect([report(tmp_path / "anna.json", *FINE)])
    assert capsys.readouterr().out.endswith("works on 1 of 1 machines.\n")


@pytest.mark.parametrize("sources", [["keras", "small"], ["small"]])
@pytest.mark.parametrize("network", ["small", "real"])
def test_the_times_stand_beside_their_network_and_free_memory(tmp_path, capsys, network, sources):
    findings = [
        Finding("Memory", True, "", data={"available": 2.1e9, "total": 8.2e9}),
        Finding("Weights", True, "", data={"sources": sources}),
        Finding("float32", True, "", data={"network": network, "stages": STAGES}),
    ]
    collect([report(tmp_path / "anna.json", *findings)])
    named = "keras" if (network, sources[0]) == ("real", "keras") else network
    assert f"2.1 GB of 8.2 GB  {named} " in capsys.readouterr().out


json_values = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.floats()
    | strategies.text(max_size=5)
    | strategies.sampled_from([*FINE, NUMPY]).map(dataclasses.asdict),
    lambda values: (
        strategies.lists(values, max_size=4)
        | strategies.dictionaries(
            strategies.sampled_from(["ready", "findings", "name", "ok", "text", "fix", "data"]),
            values,
        )
    ),
    max_leaves=12,
)


@hypothesis.given(json_values)
def test_a_damaged_report_gets_a_line(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_text(json.dumps(value))
    assert collect([path]) in (True, False)


def test_the_home_folder_is_found(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    report(tmp_path / "a.json", *FINE)
    with pytest.raises(SystemExit) as end:
        main(["--collect", "~/a.json"])
    assert end.value.code == 0, capsys.readouterr().out
