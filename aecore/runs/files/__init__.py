"""The files of a run: one reader and writer for each kind, typed and bounded."""
