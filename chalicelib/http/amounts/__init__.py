"""What a refund would be, and how a price is asked for: computed for anyone, nothing stored."""
