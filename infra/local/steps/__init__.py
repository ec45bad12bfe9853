"""Step Functions as AWS runs them: an execution that sleeps is a record on disk and in memory, and no thread.

`states` works out what one state does, with ministack's interpreter of paths, choices and errors; `engine` moves
executions along, wakes them by one clock and takes the answers to task tokens; `history` keeps what happened on disk.
"""
