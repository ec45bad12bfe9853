"""Documents for people: a view becomes PDF bytes; no storage, no clock."""
