"""What Azure says, one client per question, and the only room that imports an Azure SDK."""
