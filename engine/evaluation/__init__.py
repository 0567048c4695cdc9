"""A rulebase and some facts to outcomes, by two evaluators that share nothing but the rules."""
