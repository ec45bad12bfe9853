"""Doors for messages: vouchers from central accounting, audit lines from the table's stream."""
