"""The delivery log of webhooks, for the portal client whose they are and for operations."""
