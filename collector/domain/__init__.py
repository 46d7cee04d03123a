"""The ground floor: what the figures mean, as pure functions of their arguments."""
