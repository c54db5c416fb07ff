"""Many runs at once: grids, sweeps, variants, and measurements of scaling."""
