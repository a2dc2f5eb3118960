"""The controls every room is composed of; each draws all its states from the theme."""

from __future__ import annotations

from widgets.controls.buttons import Button, ToolButton
from widgets.controls.card import Card, Hairline
from widgets.controls.drops import DropButton, DropRow, DropSection, SectionsButton
from widgets.controls.fields import FieldRow, choice, number_field, text_field, whole_field
from widgets.controls.marks import Chip, ProgressBar, StateDot
from widgets.controls.messages import EmptyPage, MessagePanel
from widgets.controls.table import Column, Table
from widgets.controls.text import Elided, label, named

__all__ = [
    "Button",
    "Card",
    "Chip",
    "Column",
    "DropButton",
    "DropRow",
    "DropSection",
    "Elided",
    "EmptyPage",
    "FieldRow",
    "Hairline",
    "MessagePanel",
    "ProgressBar",
    "SectionsButton",
    "StateDot",
    "Table",
    "ToolButton",
    "choice",
    "label",
    "named",
    "number_field",
    "text_field",
    "whole_field",
]
