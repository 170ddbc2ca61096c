"""A bar within each epoch, where stderr is a terminal; lines alone where it is a file."""

import re

import pytest

from regplug.cli.train.progress import training


def told(capsys, monkeypatch, terminal):
    monkeypatch.setenv("FORCE_COLOR", "1") if terminal else monkeypatch.delenv("FORCE_COLOR", False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with training(batch=10) as (tell, stepped):
        for step in range(1, 8):
            stepped("MYC: round 1, fold [2]", 7, step)
        tell("epoch 1: loss 0.5 [bold]")
        stepped("epoch 2", 9, 1)
        stepped("epoch 2", 9, 2)
    out, err = capsys.readouterr()
    assert out == ""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", err)


def test_a_terminal_has_bars(capsys, monkeypatch):
    shown = told(capsys, monkeypatch, terminal=True)
    assert re.search(r"MYC: round 1, fold \[2\] .*0/7 ", shown)
    assert re.search(r"epoch 2 .*2/9 ", shown)
    assert "epoch 1: loss 0.5 [bold]\n" in shown.replace("\r", "")


@pytest.mark.parametrize("rank", [None, "0"])
def test_a_file_has_lines(capsys, monkeypatch, rank):
    if rank:
        monkeypatch.setenv("RANK", rank)
    assert told(capsys, monkeypatch, terminal=False) == "epoch 1: loss 0.5 [bold]\n"


def test_other_processes_say_nothing(capsys, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert told(capsys, monkeypatch, terminal=True) == ""
