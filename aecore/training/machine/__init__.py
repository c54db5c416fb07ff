"""What the machine trains on, and how it multiplies matrices."""
