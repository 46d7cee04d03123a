"""How near deployments and quota lines are to their limits, why requests were refused, and when it is full."""
