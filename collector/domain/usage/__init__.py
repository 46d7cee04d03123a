"""What metrics say of a deployment: families, hours, packed minutes, histograms, api-versions, latency."""
