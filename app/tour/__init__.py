"""The whole main job through the real window, by mouse and keys alone."""
