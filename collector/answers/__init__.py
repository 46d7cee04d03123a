"""The questions of people and scripts, each answered as the object of its contract."""
