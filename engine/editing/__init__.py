"""Helping somebody who writes rules: what a cursor stands on, what can be typed there, beginnings."""
