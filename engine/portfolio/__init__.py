"""A whole loan tape at once: columns in, columns out, with the answers of ``decide``."""
