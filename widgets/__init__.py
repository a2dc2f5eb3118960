"""What a person sees: views that take data and emit intent; they know no engine."""
