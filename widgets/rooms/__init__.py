"""The rooms: one composed page a task; each takes data by methods and emits what is wanted."""
