"""Who may look: the one guard in front of everything, and the way in and out."""
