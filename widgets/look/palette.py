"""The palette that Fusion draws with, made from tokens."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from widgets.look.tokens import Tokens


def palette(tokens: Tokens) -> QPalette:
    """Return the palette of a scheme, with its disabled colours."""
    made = QPalette()
    role = QPalette.ColorRole
    table = {
        role.Window: tokens.window,
        role.WindowText: tokens.text,
        role.Base: tokens.raised,
        role.AlternateBase: tokens.surface,
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.Text: tokens.text,
        role.PlaceholderText: tokens.dim,
        role.Button: tokens.raised,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.on_accent,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.Highlight: tokens.accent,
        role.HighlightedText: tokens.on_accent,
        role.Accent: tokens.accent,
        role.Light: tokens.surface,
        role.Midlight: tokens.grid,
        role.Mid: tokens.line,
        role.Dark: tokens.border,
        role.Shadow: tokens.faint,
    }
    for which, colour in table.items():
        made.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(tokens.faint))
    return made
