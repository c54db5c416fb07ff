"""How many cases the fuzz tests try."""

import os

CASES = int(os.environ.get("AECORE_FUZZ_CASES", "60"))
