"""Decisions, rules and problems for people and for programs; nothing here decides."""
