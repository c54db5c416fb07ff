"""One module a page; each is thin and says what is shown where."""
