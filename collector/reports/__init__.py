"""What people read outside the dashboard: figures in, bytes out."""
