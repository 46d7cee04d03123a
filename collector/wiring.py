"""The one place that builds things; everybody else receives them."""
