"""What keeps an eye on the whole: what is expected next of whom, the canary's own world, chains and their anchors."""
