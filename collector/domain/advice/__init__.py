"""What to do about room: recommendations in order, each with its need, its change and what it saves."""
