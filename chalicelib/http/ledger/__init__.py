"""For officers: the voucher desk and the reconciliation of a day."""
