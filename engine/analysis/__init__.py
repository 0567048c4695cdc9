"""What can be said of a rulebase itself: its cases, and proofs over all loans."""
