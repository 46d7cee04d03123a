"""What it cost, whose cost it is, how it stands beside the bill, and how the month will end."""
