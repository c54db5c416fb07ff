"""Read the user's own images from archives, folders, arrays and tables."""
