"""Read a person's own images: archives, folders, arrays and tables."""
