"""The command line: one small module a group of commands, joined here."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import typer

from app.cli import code, compare, engines, graphs, models, runtime, training, tuning

application = typer.Typer(
    name="modelwright",
    help="One model, any engine, every step proven with numbers. Without arguments: the window.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (training, tuning, models, graphs, runtime, compare, code, engines):
    module.register(application)


_PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True}


@application.command(context_settings=_PASSED_ON, add_help_option=False)
def tour(context: typer.Context) -> None:
    """Walk the whole main job through the real window by mouse and keys; --out DIR takes the pictures."""
    from app.tour import run_tour

    raise typer.Exit(run_tour(list(context.args)))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status."""
    _take_any_words()
    try:
        application(list(arguments), prog_name="modelwright")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0


def _take_any_words() -> None:
    """Let what a console cannot write be a question mark there: a pipe on Windows has few letters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
