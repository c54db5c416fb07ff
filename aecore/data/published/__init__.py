"""Published datasets: what they are, where they are downloaded, how they are read."""
