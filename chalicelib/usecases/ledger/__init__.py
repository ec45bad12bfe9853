"""What accounting's vouchers bring about: the ledger, its exceptions, the voucher desk, each day's reconciliation."""
