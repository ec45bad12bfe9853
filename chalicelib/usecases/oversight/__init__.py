"""Looking after the system: sweeps, what is stuck, what nobody would notice, stock, anchors, the canary."""
