"""From text to a checked ``Rulebase``, and from fact files to loans; all problems at once."""
