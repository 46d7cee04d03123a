"""One step for each question asked of Azure: plan, fetch, replace."""
