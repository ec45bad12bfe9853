"""Cover sheets of the insurance book: who may issue, revoke and replace one, and what a stranger sees of it."""
