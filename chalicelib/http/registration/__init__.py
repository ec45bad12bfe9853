"""For the portal: a dossier opened and seen, its cover fetched, its slips."""
