"""Which findings people are told of, when, and the life of an alert."""
