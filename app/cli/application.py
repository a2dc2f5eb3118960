"""The command line: one small module a group of commands, joined here."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from app import VERSION
from app.cli import code, compare, engines, graphs, models, runtime, training, tuning

application = typer.Typer(
    name="modelwright",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (training, tuning, models, graphs, runtime, compare, code, engines):
    module.register(application)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Modelwright {VERSION}")
        raise typer.Exit


@application.callback()
def _modelwright(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """One model, any engine, every step proven with numbers. Without arguments: the window."""


_PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True}


@application.command(context_settings=_PASSED_ON, add_help_option=False)
def tour(context: typer.Context) -> None:
    """Walk the main job through the real window by mouse and keys."""
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
