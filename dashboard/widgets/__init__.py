"""Page elements shared by several pages."""
