"""Tests of the engine, its packs and its speed."""
