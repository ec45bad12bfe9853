"""One file for each thing the system does: load, decide, commit in one transaction, answer."""
