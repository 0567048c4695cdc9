"""What all tests share."""

from __future__ import annotations

import os
import tempfile

# Tests keep what they read in a folder of their own, not in the user's cache.
os.environ.setdefault("RECOURSE_CACHE", tempfile.mkdtemp(prefix="recourse-cache-"))
