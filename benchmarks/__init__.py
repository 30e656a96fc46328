"""How fast it is, measured: `make benchmark`."""
