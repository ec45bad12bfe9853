"""The table, the documents bucket and the executions: how what is decided is kept."""
