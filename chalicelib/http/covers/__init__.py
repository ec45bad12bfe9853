"""For officers and signers: covers and campaigns; for everybody: what a scanned code shows."""
