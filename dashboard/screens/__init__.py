"""One file per screen; each reads like its own summary."""
