"""For officers and operators: what is stuck, and which refunds are open."""
