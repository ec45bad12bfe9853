"""Money as central accounting tells of it: vouchers and their fit, what people settle, refund cases, reconciliation."""
