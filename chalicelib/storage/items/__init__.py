"""Domain things to items of the table and back; the keys' part is in `keys`."""
