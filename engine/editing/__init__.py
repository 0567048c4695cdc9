"""Help for those who write rules: what stands at a cursor, what can be typed, and beginnings."""
