"""The parts of the design room: undo commands, editors of settings, inspector, palette, its sheet."""
