"""Configuration: what an operator may say, checked before anything starts."""
