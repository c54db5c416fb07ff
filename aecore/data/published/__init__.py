"""Published datasets: their registry, download and file format."""
