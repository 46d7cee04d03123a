"""Everything that runs without a browser: collecting, deriving, storing, reporting, sending."""
