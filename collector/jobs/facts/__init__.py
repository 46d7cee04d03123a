"""What the rules look at, gathered from the store."""
