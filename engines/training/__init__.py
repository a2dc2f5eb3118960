"""What every engine shares, framework-free: schedules, metrics, order, checkpoints, run folder."""
