"""What trained networks are used for: denoising, anomaly detection, iterated reconstruction."""
