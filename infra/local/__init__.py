"""The whole system on one machine: an embedded local cloud, the deployed template, a clean URL in front."""
