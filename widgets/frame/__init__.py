"""The parts around every room: header, rail and status line."""
