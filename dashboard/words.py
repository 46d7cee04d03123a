"""Every sentence that a user of the dashboard sees."""
