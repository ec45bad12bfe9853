"""A cover's life: made, drawn, signed, issued one by one or by campaign, looked at, verified, revoked, audited."""
